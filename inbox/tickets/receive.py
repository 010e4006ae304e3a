"""A customer's message becomes part of a ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, inspect, select

from inbox import customers, files, search, spam
from inbox.channels import Inbound, Media, Person
from inbox.db import Base, now, plain, session
from inbox.mail.quotes import without_ours
from inbox.models import Account, Attachment, Identity, Message, Payload, Thread, Ticket
from inbox.text import snippet
from inbox.tickets import threading
from inbox.tickets.changing import Change, changing
from inbox.tickets.scheduled import stop_overtaken
from inbox.tickets.status import shift

COMPARED = 5
"""So many of our last messages a new one is compared with, to tell what it quotes without saying so."""

DISHONEST = ("from_missing", "from_repeated", "from_malformed", "from_group")
"""Notes on a From that names nobody for sure."""


def receive(account: Account, inbound: Inbound, payload: Payload | None = None) -> Message | None:
    """Take in one message: once, on the right customer, on the right ticket. None if we have it already.

    Raises IntegrityError when another worker had the same message or customer in hand: roll back and
    call again, and the database will know it.
    """
    if _is_known(account, inbound):
        return None
    with session.no_autoflush:  # what is asked does not depend on what is new, which is written at once
        return _receive(account, inbound, payload)


def _receive(account: Account, inbound: Inbound, payload: Payload | None) -> Message:
    imported = payload is not None and payload.imported
    identity = _identify(account, inbound)
    place = threading.find(account, inbound, identity)
    ticket, thread = place.thread.ticket, place.thread
    opening = ticket is None or not (threading.goes_on(ticket) or inbound.automated or imported)
    if ticket is None or opening:
        ticket = _open(account, inbound, identity, place, imported)
    with changing(ticket, imported=imported) as change:
        if opening:
            change.record("opened", continues=ticket.continues_id, stranger=place.claimed is not None)
        elif not (inbound.automated or imported):
            stop_overtaken(change)
        message = _message(ticket, _without_ours(inbound, thread), identity, thread, payload)
        message.imported = imported
        change.begin(*_new(identity, ticket, thread, message))
        _describe(change, message, opening)
        facts = {
            "automated": inbound.automated,
            "opened": opening,
            "bounced": _heard_from(identity, inbound),
        }
        change.record("message_received", message, **{name: fact for name, fact in facts.items() if fact})
    search.index_new(message, opened=ticket if opening else None)
    return message


def _new(identity: Identity, ticket: Ticket, thread: Thread, message: Message) -> list[Base]:
    """What has no row yet, and what it points at before it."""
    found = (identity.customer, identity, ticket, thread, message, *message.attachments)
    return [one for one in found if not inspect(one).has_identity]


def _is_known(account: Account, inbound: Inbound) -> bool:
    return bool(plain(_KNOWN, {"account": account.id, "external": inbound.external_id}))


_KNOWN = select(Message.id).where(
    Message.account_id == bindparam("account"), Message.external_id == bindparam("external")
)


def _identify(account: Account, inbound: Inbound) -> Identity:
    """Who wrote it: a customer, or somebody who only says so and is matched with nobody we know."""
    honest = inbound.trust != "fail" and not any(note in DISHONEST for note in inbound.notes)
    return customers.meet(account.kind if honest else customers.UNVERIFIED, inbound.sender)


def _heard_from(identity: Identity, inbound: Inbound) -> bool:
    """Somebody is there: an address that bounced is good again. Returns whether it had bounced."""
    had_bounced = identity.bounced_at is not None
    if had_bounced and not inbound.automated:
        identity.bounced_at, identity.bounce_reason = None, ""
    return had_bounced


# ------------------------------------------------------------------------------------------- its ticket


def _open(
    account: Account, inbound: Inbound, identity: Identity, place: threading.Place, imported: bool
) -> Ticket:
    """A new ticket, linked to the one it goes on from if that is too old or a stranger's."""
    thread, before = place.thread, place.thread.ticket or place.claimed
    moment = _moment(inbound, imported)
    reason = "" if imported else _why_spam(inbound, identity)
    ticket = Ticket(
        subject=(inbound.subject or snippet(inbound.text, 80))[:998],
        status="closed" if imported else "spam" if reason else "new",
        spam_reason=reason,
        priority="normal",
        identity=identity,
        account=account,
        assignee_id=None,
        team_id=thread.ticket.team_id if thread.ticket else team_of(thread),
        continues_id=before.id if before else None,
        version=0,
        message_count=0,
        tags=[],
        active_at=moment,
        created_at=moment,
        resolved_at=moment if imported else None,
    )
    thread.ticket = ticket
    return ticket


def team_of(thread: Thread) -> int | None:
    """Who answers what comes to its address."""
    return (thread.address.team_id if thread.address else None) or thread.account.team_id


def _why_spam(inbound: Inbound, identity: Identity) -> str:
    """Why a new conversation is spam: the team's last word on its sender, or a guess about a stranger."""
    said = spam.said(identity.address)
    if said.verdict is not None and identity.kind != customers.UNVERIFIED:
        return "sender" if said.verdict else ""
    if spam.is_known(identity):
        return ""
    return inbound.spam or (
        "words" if spam.sounds_like(inbound.subject, inbound.text, identity.address, said.mails) else ""
    )


def _describe(change: Change, message: Message, opening: bool) -> None:
    """What the ticket says of itself now. A machine, and older mail, change nothing of how it stands."""
    ticket = change.ticket
    ticket.message_count += 1
    stirs = not message.automated and not message.imported
    if opening or stirs or (message.imported and message.created_at >= ticket.active_at):
        ticket.snippet = snippet(message.text or message.subject)
        ticket.active_at = message.created_at
    if not stirs or ticket.status == "spam":
        return
    ticket.waiting_since = ticket.waiting_since or message.created_at
    if ticket.status != "new":
        shift(change, "open")


# ---------------------------------------------------------------------------------------------- the row


def _without_ours(inbound: Inbound, thread: Thread) -> Inbound:
    """Where nothing marks the quote, what we wrote ourselves is told apart by comparing."""
    if inbound.quoted_text or not inbound.text or thread.id is None:
        return inbound
    ours = session.scalars(
        select(Message.text)
        .where(Message.thread_id == thread.id, Message.kind == "reply", Message.text != "")
        .order_by(Message.id.desc())
        .limit(COMPARED)
    ).all()
    if not ours:
        return inbound
    text, quoted = without_ours(inbound.text, ours)
    return replace(inbound, text=text, quoted_text=quoted)


def _message(
    ticket: Ticket, inbound: Inbound, identity: Identity, thread: Thread, payload: Payload | None
) -> Message:
    third_party = ticket.identity is not identity and not threading.takes_part(identity, thread)
    if inbound.thread is not None and not third_party and identity.kind != customers.UNVERIFIED:
        identity.verified = True  # it came back on a signed address or Message-ID we sent there
    message = row_of(ticket, inbound, thread, payload)
    message.kind, message.state = "customer", "received"
    message.identity, message.third_party = identity, third_party
    return message


def row_of(ticket: Ticket, inbound: Inbound, thread: Thread, payload: Payload | None) -> Message:
    """What a message that came in and one of ours that is brought in have in common."""
    forwarded = inbound.forwarded_from
    return Message(
        ticket=ticket,
        thread=thread,
        account_id=thread.account.id,
        subject=inbound.subject[:998],
        text=inbound.text,
        quoted_text=inbound.quoted_text,
        html=inbound.html,
        quoted_html=inbound.quoted_html,
        recipients={
            role: _listed(people)
            for role, people in (("to", inbound.to), ("cc", inbound.cc), ("reply_to", inbound.reply_to))
        },
        automated=inbound.automated[:32],
        trust=inbound.trust,
        checks=dict(inbound.checks),
        notes=list(inbound.notes),
        forwarded_from=_listed((forwarded,))[0] if forwarded else None,
        external_id=inbound.external_id,
        message_id_header=inbound.message_id[:998] or None,
        references=list(inbound.refers_to),
        payload=payload,
        version=ticket.version,
        written_at=inbound.written_at,
        created_at=_moment(inbound, payload is not None and payload.imported),
        attachments=[_attachment(item) for item in inbound.files],
    )


def _moment(inbound: Inbound, imported: bool) -> datetime:
    """When it came; older mail keeps its date, as far as that is believable."""
    if imported and inbound.written_at:
        return min(inbound.written_at, now())
    return now()


def _attachment(item: Media) -> Attachment:
    return Attachment(
        filename=item.filename[:255],
        content_type=item.content_type[:255],
        size=len(item.content),
        sha256=files.put(item.content),
        inline=item.inline,
        content_id=item.content_id[:255],
    )


def _listed(people: tuple[Person, ...]) -> list[dict[str, str]]:
    return [{"name": person.name, "address": person.address} for person in people]
