"""Loading what an address names: for whom it is not, it does not exist."""

from __future__ import annotations

from typing import TypeVar

from flask import abort, request
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload, selectinload

from inbox import access, trees
from inbox.models import Account, Attachment, Customer, CustomerValue, Draft, Identity, Message, Ticket
from inbox.trees import Path
from inbox.web.current import me
from inbox.web.errors import Said

Thing = TypeVar("Thing")

_CUSTOMER = (Ticket.identity, Identity.customer)

FACTS: tuple[Path, ...] = (
    (*_CUSTOMER, Customer.hold),
    (Ticket.account, Account.addresses),
    Ticket.assignee,
    Ticket.team,
    Ticket.topic,
    Ticket.following,
    Ticket.hold,
)

PANE: tuple[Path, ...] = (
    *FACTS,
    (*_CUSTOMER, Customer.organisation),
    (*_CUSTOMER, Customer.identities),
    (*_CUSTOMER, Customer.values, CustomerValue.field),
)
"""And who wrote it, for the panel beside it: one row of the database's, so joining costs nothing."""


def or_404(thing: Thing | None) -> Thing:
    if thing is None:
        abort(404)
    return thing


def damaged() -> Said:
    """For who may see it: it was there, and is not any more. That is no error of the page's."""
    said = _("The file is missing or damaged where Prosa keeps files. An admin can look for it in a backup.")
    return Said(404, said)


def ticket(ticket_id: int, *paths: Path) -> Ticket:
    found = or_404(access.ticket(me(), number(ticket_id), *(paths or FACTS)))
    # not joined: SQLite would first put together the tags of all tickets of the house
    trees.gather([found], Ticket.tags)
    return found


def message(message_id: int) -> Message:
    parts = (selectinload(Message.attachments), joinedload(Message.author))
    return or_404(access.message(me(), number(message_id), *parts))


def kind_of(kind: str) -> str:
    """A draft's kind, if they may write it: a light agent writes notes."""
    return kind if me().may_write or kind == "note" else abort(404)


def file(token: str) -> Attachment:
    return or_404(access.attachment(me(), token))


def own_file(token: str, draft: Draft | None) -> Attachment:
    """A file of this draft, and of no other."""
    found = file(token)
    if draft is None or found.draft_id != draft.id:
        abort(404)
    return found


def number(value: int) -> int:
    """More than the database can count to is nobody's number."""
    if value >= 2**31:
        abort(404)
    return value


def whole(text: str | None) -> int | None:
    """A number somebody sent, or None."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def word(name: str, longest: int = 1000) -> str:
    """A field somebody sent, without control characters."""
    value = request.values.get(name, "")
    return "".join(c for c in value if c.isprintable())[:longest].strip()
