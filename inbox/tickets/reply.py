"""What we answer: replies that leave, and notes that never do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, func, select

from inbox import channels, drafts
from inbox.channels import Person
from inbox.db import session
from inbox.macros import Pending
from inbox.models import AccountAddress, Agent, Attachment, Identity, Message, Thread, Ticket
from inbox.tickets import copies, mentions, senders, spam, writing
from inbox.tickets.changing import changing, lock
from inbox.tickets.macros import with_reply
from inbox.tickets.recipients import Recipients, checked
from inbox.tickets.refused import Newer, Refused
from inbox.tickets.status import shift
from inbox.tickets.writing import THEN

People = Iterable[Person | str]


def reply(
    ticket: Ticket,
    by: Agent,
    html: str,
    *,
    key: str,
    last_seen: int | None = None,
    then: str = "open",
    files: Iterable[Attachment] = (),
    to: People | None = None,
    cc: People | None = None,
    bcc: People = (),
    subject: str = "",
    sender: int | None = None,
    signed: bool = True,
    send_at: datetime | None = None,
    anyway: bool = False,
    macros: Pending | None = None,
) -> Message:
    """Answer on the ticket's channel; it leaves when the undo window is over, or at ``send_at``.

    Without ``to`` and ``cc`` it goes to everybody who takes part, and without ``subject`` under the ticket's,
    which stays as it is in any case. ``sender`` is one of the account's addresses, by id; ``key`` makes it
    safe to post twice; ``last_seen`` is the newest message the writer had on the screen. An answer to nobody
    but third parties is no answer to the customer: they keep waiting. Any other takes the ticket out of spam.
    What ``macros`` were to do is done with it; a status that ``then`` names goes before theirs.
    Raises Newer and Refused.
    """
    lock(ticket)  # before we look: of two that come at once, the second finds what the first wrote
    if sent := writing.already(by, key, "reply", ticket):
        return sent
    words = writing.written(html, files)
    channel = channels.of(ticket.account.kind)
    if channel.capabilities.stops_on_newer and last_seen is not None and not anyway:
        _stop_on_newer(ticket, by, last_seen)
    if then not in THEN:
        raise ValueError(f"then is one of {', '.join(THEN)}")
    people = _people(ticket, to, cc, bcc)
    leaves = writing.moment(send_at)
    aside = to_outsiders(ticket, people)
    with changing(ticket, by) as change:
        if ticket.status == "spam" and not aside:
            spam.clear(change, by)
        thread = outsiders_thread(ticket, by, people, key) if aside else customers_thread(ticket)
        message = writing.message(change, words, key, thread)
        message.forward = aside
        message.undo = _as_it_was(ticket, thread)
        writing.address(message, thread, _sender(ticket, by, thread, sender), people, signed)
        message.subject = subject_of_answer(ticket, subject)
        message.references = writing.chain(_last_from(ticket, people) if aside else _last_in(thread))
        writing.schedule(message, ticket.account.kind, leaves)
        if aside:
            settle(thread, message)
        writing.add(change, message, words.files, drafts.of(ticket, by)["reply"])
        if not aside:
            ticket.waiting_since = None
        change.record("reply_written", message)
        before = "open" if ticket.status == "new" else ticket.status
        shift(change, then if then != "open" and not aside else before)
    if macros:
        with_reply(message, macros, by, status=then == "open")
    writing.ring(message)
    return message


def note(ticket: Ticket, by: Agent, html: str, *, key: str, files: Iterable[Attachment] = ()) -> Message:
    """Write something only the team can see."""
    lock(ticket)
    if written_before := writing.already(by, key, "note", ticket):
        return written_before
    words = writing.written(html, files, may_have_gaps=True, mentions=True)
    html, named = mentions.settled(words.html, ticket)
    with changing(ticket, by) as change:
        message = writing.message(change, replace(words, html=html), key, None)
        message.kind, message.state = "note", "received"
        writing.add(change, message, words.files, drafts.of(ticket, by)["note"])
        change.record("note_written", message, **({"mentions": named} if named else {}))
    return message


# ---------------------------------------------------------------------------------------- checking


def _stop_on_newer(ticket: Ticket, by: Agent, last_seen: int) -> None:
    """A message of a person stops a reply; a machine's, a tag or an automation never does."""
    newer = session.scalars(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.id > last_seen, Message.automated == "")
        .where((Message.author_id.is_(None)) | (Message.author_id != by.id))
        .order_by(Message.id)
    ).all()
    if newer:
        raise Newer(list(newer))


def _people(ticket: Ticket, to: People | None, cc: People | None, bcc: People) -> Recipients:
    usual = copies.of(ticket) if to is None or cc is None else None
    return checked(
        usual.to if usual and to is None else to or (), usual.cc if usual and cc is None else cc or (), bcc
    )


def _sender(ticket: Ticket, by: Agent, thread: Thread, wanted: int | None) -> AccountAddress | None:
    """The address that was asked for; else the one the customer wrote to, whoever answers."""
    if wanted is not None and wanted != thread.address_id:
        return senders.chosen(by, wanted, ticket.account)
    return senders.usual(thread)


# ----------------------------------------------------------------------------------------- threads


def customers_thread(ticket: Ticket) -> Thread:
    """Where the customer last wrote in this ticket, or was written to. What was forwarded has threads of
    its own."""
    thread = session.scalar(_LAST, {"ticket": ticket.id})
    if thread is None:  # it goes on from another, and nobody has written in it yet
        thread = session.scalar(_POINTING, {"ticket": ticket.id})
    if thread is None:
        raise Refused("no_address")
    return thread


_MINE = Message.ticket_id == bindparam("ticket")
_ASIDE = select(Message.thread_id).where(_MINE, Message.forward, Message.thread_id.is_not(None))
_LAST = select(Thread).where(
    Thread.id
    == select(Message.thread_id)
    .where(_MINE, Message.thread_id.is_not(None), Message.thread_id.not_in(_ASIDE))
    .order_by(Message.third_party, Message.id.desc())
    .limit(1)
    .scalar_subquery()
)
_POINTING = (
    select(Thread)
    .where(Thread.ticket_id == bindparam("ticket"), Thread.id.not_in(_ASIDE))
    .order_by(Thread.id.desc())
    .limit(1)
)


def thread_among(said: Iterable[Message]) -> Thread | None:
    """The same, among messages that somebody has at hand."""
    said = [message for message in said if message.thread_id is not None]
    aside = {message.thread_id for message in said if message.forward}
    theirs = [message for message in said if message.thread_id not in aside]
    last = max(theirs, key=lambda message: (not message.third_party, message.id), default=None)
    return last.thread if last else None


def to_outsiders(ticket: Ticket, people: Recipients) -> bool:
    """Whether everybody it goes to is a third party: somebody a message was forwarded to, or who came in
    uninvited."""
    everybody = {one["address"].lower() for one in (*people.to, *people.cc, *people.bcc)}
    if ticket.identity.address.lower() in everybody:
        return False
    rows = session.scalars(
        select(Identity.address)
        .join(Message, Message.identity_id == Identity.id)
        .where(Message.ticket_id == ticket.id, Message.third_party)
    )
    return everybody <= {address.lower() for address in rows}


def outsiders_thread(ticket: Ticket, by: Agent, people: Recipients, key: str) -> Thread:
    """Where the third party it goes to wrote before; never the customer's own thread."""
    mine = Message.ticket_id == ticket.id
    aside = select(Message.thread_id).where(mine, Message.forward, Message.thread_id.is_not(None))
    theirs = (
        select(Message.thread_id)
        .join(Message.identity)
        .where(mine, func.lower(Identity.address).in_([one["address"].lower() for one in people.to]))
        .where(Message.thread_id.in_(aside))
        .order_by(Message.id.desc())
        .limit(1)
    )
    return session.scalar(select(Thread).where(Thread.id == theirs.scalar_subquery())) or thread_beside(
        ticket, by, key
    )


def thread_beside(ticket: Ticket, by: Agent, key: str) -> Thread:
    """A new thread of this ticket: what is answered there reaches us and not the customer."""
    try:
        address_id = customers_thread(ticket).address_id
    except Refused:
        address_id = None
    thread = Thread(
        account=ticket.account, ticket=ticket, address_id=address_id, external_id=provisional(by, key)
    )
    session.add(thread)
    session.flush()
    return thread


def provisional(by: Agent, key: str) -> str:
    """A thread's name until its first message has one, which is signed with the thread's number."""
    return f"new:{by.id}:{key[:64]}"


def settle(thread: Thread, message: Message) -> None:
    """A thread that begins with this message is called after it."""
    if thread.external_id.startswith("new:"):
        thread.external_id = (message.external_id or thread.external_id)[:255]


def _last_in(thread: Thread) -> Message | None:
    """The newest message of a thread that its answers refer to: the customer's, or ours that began it."""
    return session.scalar(
        select(Message)
        .where(Message.thread_id == thread.id, Message.message_id_header.is_not(None))
        .where(Message.kind.in_(("customer", "reply")))
        .order_by(Message.kind, Message.id.desc())
        .limit(1)
    )


def _last_from(ticket: Ticket, people: Recipients) -> Message | None:
    theirs = func.lower(Identity.address).in_([one["address"].lower() for one in people.to])
    return session.scalar(
        select(Message)
        .join(Message.identity)
        .where(Message.ticket_id == ticket.id, theirs)
        .order_by(Message.id.desc())
        .limit(1)
    )


# ------------------------------------------------------------------------------------------ the row


def subject_of_answer(ticket: Ticket, wanted: str = "") -> str:
    """What an answer is called: as its writer wants it, else after the ticket."""
    given = " ".join(wanted.split())[:998]
    if given:
        return given
    subject = ticket.subject or f"#{ticket.id}"
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"[:998]


def _as_it_was(ticket: Ticket, thread: Thread) -> dict[str, object]:
    """What taking it back restores."""
    return {
        "draft": "reply",
        "status": ticket.status,
        "waiting_since": ticket.waiting_since.isoformat() if ticket.waiting_since else None,
        "address": thread.address_id,
    }
