"""Mail as an attacker posts it: real bytes, through the real intake, into the support mailbox."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import func, select

from inbox import db, intake, outbox, reactions, tickets
from inbox.mail.tokens import Signer
from inbox.models import Account, Agent, Event, Handling, Message, Payload, Ticket
from inbox.vault import signing_key

SUPPORT = "support@barro.example"
MARINA = "Marina Queiroz <marina@queiroz.example>"
EVE = "Eve <eve@evil.example>"
MX = "mx.barro.example"

Row = TypeVar("Row", bound=db.Base)

_numbers = itertools.count(1)


def letter(
    sender: str = MARINA,
    subject: str = "Cracked cup",
    text: str = "One of the cups came cracked.",
    *more: str,
    to: str = SUPPORT,
    dmarc: str = "",
) -> bytes:
    """A plain mail; ``more`` are header lines, ``dmarc`` what our own server found out."""
    number = next(_numbers)
    domain = sender.rpartition("@")[2].strip(" >") or "x.example"
    checked = f"Authentication-Results: {MX}; dmarc={dmarc} header.from={domain}" if dmarc else ""
    lines = (
        checked,
        f"From: {sender}" if sender else "",
        f"To: {to}",
        f"Subject: {subject}" if subject else "",
        "" if any(line.lower().startswith("message-id:") for line in more)
        else f"Message-ID: <m{number}@{domain.lower()}>",
        *more,
    )  # fmt: skip
    return "\r\n".join([*filter(None, lines), "", text, ""]).encode()


def post(raw: bytes, *recipients: str) -> Payload:
    """It arrives and is read, and the product does what it does by itself."""
    [payload_id] = intake.accept_mail(raw, recipients or (SUPPORT,))
    intake.read_now(payload_id)
    react()
    return db.session.scalars(select(Payload).where(Payload.id == payload_id)).one()


def react() -> None:
    """Everything a worker would be rung for now, but sending."""
    open_ = select(Handling.event_id).where(Handling.handled_at.is_(None)).distinct()
    for event_id in db.session.scalars(open_.order_by(Handling.event_id)).all():
        reactions.run(event_id)


def again(row: Row) -> Row:
    """The same row as it is now: whoever reads mail has a session of their own."""
    found = db.session.get(type(row), row.id, populate_existing=True)  # type: ignore[attr-defined]
    assert found is not None
    return found


def message_of(payload: Payload) -> Message:
    return db.session.scalars(select(Message).where(Message.payload_id == payload.id)).one()


def received(raw: bytes, *recipients: str) -> Message:
    return message_of(post(raw, *recipients))


def answer(
    agent: Agent, ticket: Ticket, html: str = "<p>The blue one is on its way.</p>", **how: object
) -> Message:
    """An agent's reply, sent (into the mail preview)."""
    key = f"k{next(_numbers)}"
    ours = tickets.reply(again(ticket), again(agent), html, key=key, **how)  # type: ignore[arg-type]
    ours.not_before = None
    db.session.commit()
    send_all()
    return db.session.scalars(select(Message).where(Message.id == ours.id)).one()


def send_all() -> None:
    """Everything that may leave now, the first written first."""
    waiting = select(Message.id).where(Message.state == "queued").order_by(Message.id)
    for message_id in db.session.scalars(waiting).all():
        outbox.send_now(message_id)


def trust(account: Account) -> None:
    """From now on what our own mail server says of senders counts."""
    account.settings = {**account.settings, "authserv_id": MX}
    db.session.commit()


def sent() -> Sequence[Message]:
    """What the product wrote by itself."""
    return db.session.scalars(select(Message).where(Message.automated == "acknowledgement")).all()


def count(what: type[db.Base], *which: object) -> int:
    return db.session.scalar(select(func.count()).select_from(what).where(*which)) or 0  # type: ignore[arg-type]


def kinds(ticket: Ticket) -> list[str]:
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


def signer() -> Signer:
    return Signer(signing_key())
