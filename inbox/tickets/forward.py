"""What somebody wrote is passed on to somebody else, who may answer; the customer does not see it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from inbox import drafts
from inbox.channels import Person
from inbox.db import session
from inbox.models import Agent, Attachment, Identity, Message, Ticket
from inbox.tickets import quoting, senders, writing
from inbox.tickets.changing import changing, lock
from inbox.tickets.recipients import checked
from inbox.tickets.refused import Refused
from inbox.tickets.reply import settle, thread_beside

People = Iterable[Person | str]


def forward(
    ticket: Ticket,
    by: Agent,
    html: str,
    *,
    key: str,
    to: People,
    message: Message | None = None,
    cc: People = (),
    bcc: People = (),
    subject: str = "",
    files: Iterable[Attachment] = (),
    sender: int | None = None,
    signed: bool = True,
    send_at: datetime | None = None,
) -> Message:
    """Pass on one message, or without ``message`` the whole conversation, and never a note of ours.

    ``files`` are what goes along, of the original too; pictures inside its text go with the text. It is no
    answer: the customer waits as before. What comes back stands in a thread of its own, on this ticket,
    flagged as a third party's. Raises Refused.
    """
    lock(ticket)
    if sent := writing.already(by, key, "reply", ticket):
        return sent
    passed = passed_on(ticket, message)
    if not passed:
        raise Refused("nothing_to_forward")
    words = writing.written(html, files, may_be_empty=True)
    people = checked(to, cc, bcc)
    leaves = writing.moment(send_at)
    with changing(ticket, by) as change:
        thread = thread_beside(ticket, by, key)
        sent = writing.message(change, words, key, thread)
        sent.forward, sent.undo = True, {"draft": "forward", "of": message.id if message else 0}
        chosen = senders.chosen(by, sender, ticket.account) if sender else None
        writing.address(sent, thread, chosen or senders.usual(thread), people, signed)
        sent.subject = subject_of(ticket, message, subject)
        quoted = quoting.quote(passed, by.language, by.zone, _new_picture)
        sent.quoted_text, sent.quoted_html = quoted.text, quoted.html
        writing.schedule(sent, ticket.account.kind, leaves)
        settle(thread, sent)
        writing.add(change, sent, [*words.files, *quoted.pictures], drafts.of(ticket, by)["forward"])
        change.record("forwarded", sent, of=message.id if message else None)
    writing.ring(sent)
    return sent


def passed_on(ticket: Ticket, message: Message | None = None) -> Sequence[Message]:
    """The messages that a forward quotes, newest first: what arrived, and what has left."""
    if message is not None:
        good = message.ticket_id == ticket.id and message.kind != "note"
        return [message] if good else []
    return session.scalars(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.state.in_(("received", "sent")))
        .where(Message.kind != "note", Message.forward.is_(False))
        .where((Message.kind == "customer") | (Message.automated == ""))
        .options(
            joinedload(Message.author),
            joinedload(Message.identity).joinedload(Identity.customer),
            selectinload(Message.attachments),
        )
        .order_by(Message.id.desc())
    ).all()


def subject_of(ticket: Ticket, message: Message | None, wanted: str = "") -> str:
    given = " ".join(wanted.split())[:998]
    if given:
        return given
    subject = (message.subject if message else "") or ticket.subject or f"#{ticket.id}"
    return subject if subject.lower().startswith(("fwd:", "fw:", "enc:")) else f"Fwd: {subject}"[:998]


def _new_picture(file: Attachment) -> Attachment:
    """The same bytes under a name no other picture of this mail has."""
    return Attachment(
        filename=file.filename,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        inline=True,
        content_id=f"{secrets.token_hex(12)}@inline",
    )
