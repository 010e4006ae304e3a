"""What replies, forwards and new conversations share: words that are checked, kept, and on their way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from inbox import channels, drafts, outbox, pictures, queue, search, vault
from inbox.config import settings
from inbox.db import now, session
from inbox.mail.clean import clean_written, to_text
from inbox.models import AccountAddress, Agent, Attachment, Draft, Message, Thread, Ticket
from inbox.text import snippet
from inbox.tickets import placeholders, senders
from inbox.tickets.changing import Change
from inbox.tickets.recipients import Recipients
from inbox.tickets.refused import Refused

THEN = ("open", "pending", "resolved")
LONGEST = 500_000
FURTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Written:
    """Words of an agent, cleaned, and the files that go with them: pictures in the text among them."""

    html: str
    text: str
    files: list[Attachment]


def written(
    html: str,
    files: Iterable[Attachment],
    *,
    may_be_empty: bool = False,
    may_have_gaps: bool = False,
    mentions: bool = False,
) -> Written:
    """Raises Refused: ``empty``, ``too_long``, ``gaps`` where a placeholder was never filled in. A picture
    that is not in the text any more stays behind."""
    if len(html) > LONGEST:
        raise Refused("too_long")
    files = list(files)
    clean = clean_written(html, mentions=mentions)
    kept, shown = pictures.keep(clean, [file for file in files if file.inline])
    going = [file for file in files if not file.inline or file in shown]
    text = to_text(kept).strip()
    if not text and not going and not may_be_empty:
        raise Refused("empty")
    if not may_have_gaps and (gaps := placeholders.left(kept)):
        raise Refused("gaps", ", ".join(gaps))
    return Written(kept, text, going)


def already(by: Agent, key: str, kind: str, ticket: Ticket | None = None) -> Message | None:
    """What was written under this key; never something else, which would swallow these words."""
    found = session.scalar(
        select(Message).where(Message.author_id == by.id, Message.idempotency_key == key[:64])
    )
    if found and (found.kind != kind or (ticket is not None and found.ticket_id != ticket.id)):
        raise Refused("used_key")
    return found


def moment(send_at: datetime | None) -> datetime | None:
    """When it is to leave. Raises Refused where that is over, or further off than anybody plans."""
    if send_at is None:
        return None
    if send_at <= now():
        raise Refused("past")
    if send_at > now() + FURTHEST:
        raise Refused("too_late")
    return send_at


def message(change: Change, words: Written, key: str, thread: Thread | None) -> Message:
    """A row that is not in the database yet; `add` puts it there."""
    ticket = change.ticket
    return Message(
        ticket=ticket,
        thread=thread,
        account_id=thread.account_id if thread else ticket.account_id,
        kind="reply",
        author=change.by,
        text=words.text,
        html=words.html,
        idempotency_key=key[:64],
        version=ticket.version,
        created_at=now(),
    )


def address(
    message: Message, thread: Thread, sender: AccountAddress | None, people: Recipients, signed: bool
) -> None:
    """From whom to whom: the thread goes on from that address, and the signatures stand below."""
    account = thread.account
    if sender is not None:
        thread.address, thread.address_id = sender, sender.id
    message.recipients = people.as_json()
    if sender is not None and signed:
        message.signature = senders.signature(message.author, sender)
        if pictures.are_in(sender.signature):
            message.attachments += pictures.copies(sender.signature, sender.pictures)
    ours = sender.address if sender is not None else account.address
    config = {"signing_key": vault.signing_key()}
    message.external_id = message.message_id_header = channels.of(account.kind).new_key(
        config, thread.id, ours
    )


def schedule(message: Message, kind: str, send_at: datetime | None) -> None:
    """It leaves at its moment, else once it can no longer be taken back."""
    message.state, message.send_at = "queued", send_at
    if send_at is not None:
        message.not_before = send_at
    elif channels.of(kind).capabilities.undo_seconds:
        message.not_before = now() + timedelta(seconds=settings().outbox.undo_seconds)


def add(change: Change, message: Message, files: Iterable[Attachment], draft: Draft | None) -> None:
    """Put it into the ticket, take its files out of the draft, and forget that."""
    session.add(message)
    session.flush()
    for file in files:
        file.draft_id, file.message_id = None, message.id
        session.add(file)
    session.flush()
    session.refresh(message, ["attachments"])
    ticket = change.ticket
    ticket.message_count += 1
    ticket.active_at = message.created_at
    if message.kind == "reply" and not message.forward:
        ticket.snippet = snippet(message.text)
    search.index_message(message)
    if draft:
        drafts.forget(draft)


def ring(message: Message) -> None:
    if message.not_before is None or message.not_before <= now():
        queue.later("outbox", outbox.send_now, message.id)


def chain(last: Message | None) -> list[str]:
    """What makes every mail program file it under the conversation (RFC 5322, 3.6.4)."""
    if last is None or not last.message_id_header:
        return []
    ids = [*last.references, last.message_id_header]
    return ids if len(ids) <= 20 else [ids[0], *ids[-19:]]
