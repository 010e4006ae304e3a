"""Full text over tickets: SQLite's FTS5 or PostgreSQL's, behind one function.

Words are folded before they are stored, so *acao* finds *Ação* on both; the last word may be unfinished.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, TextClause, bindparam, select, text, true
from sqlalchemy.orm import joinedload, selectinload

from inbox import lines
from inbox.access import somebody, visible_to
from inbox.db import dialect, plain, session
from inbox.lines import Line
from inbox.models import Agent, Answer, Identity, Message, Survey, Ticket
from inbox.search import newest
from inbox.text import words

LONGEST_TEXT = 100_000
MOST_WORDS = 12
Row = dict[str, Any]
"""Of the index, as its insert wants it."""

_NUMBER = re.compile(r"#?(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Sql:
    """How one database keeps the words."""

    insert: TextClause
    remove: TextClause


FTS5 = Sql(
    insert=text("INSERT INTO ticket_text (rowid, ticket_id, body) VALUES (:row, :ticket, :folded)"),
    remove=text("DELETE FROM ticket_text WHERE rowid = :row"),
)
TSVECTOR = Sql(
    insert=text("INSERT INTO ticket_text VALUES (:row, :ticket, to_tsvector('simple', :folded))"),
    remove=text("DELETE FROM ticket_text WHERE id = :row"),
)


def _sql() -> Sql:
    return TSVECTOR if dialect() == "postgresql" else FTS5


def index_ticket(ticket: Ticket, fresh: bool = False) -> None:
    """Find the ticket by its subject, its tags and who wrote it; ``fresh`` when it never was before."""
    if not fresh:
        _remove(2 * ticket.id + 1)
    _put(_of_ticket(ticket))


def index_new(message: Message, opened: Ticket | None = None) -> None:
    """The same as ``index_message``, and with it the ticket that it ``opened``, in one go."""
    _put(*([_of_ticket(opened)] if opened else []), _of_message(message))


def _of_ticket(ticket: Ticket) -> Row:
    identity = ticket.identity
    person = identity.customer
    parts = [ticket.subject, identity.name, identity.address, person.name, *(tag.name for tag in ticket.tags)]
    if ticket.emptied_at:
        parts.clear()
    return _row(2 * ticket.id + 1, ticket.id, " ".join(filter(None, parts)))


def index_message(message: Message) -> None:
    """Find the ticket by what a message says, quotes left out, and by the names of its files. Pictures in the
    text have none that anybody gave them. What this house says to everybody, a confirmation or a survey's
    question, finds nobody; what the customer commented on does."""
    _put(_of_message(message))


def _of_message(message: Message) -> Row:
    return _row(2 * message.id, message.ticket_id, _said_in(message))


def _said_in(message: Message) -> str:
    if message.kind == "reply" and message.automated:
        return _comment_on(message) if message.automated == "survey" else ""
    names = " ".join(attachment.filename for attachment in message.attachments if not attachment.inline)
    return f"{message.text} {names}"


def index_comment(survey: Survey) -> None:
    """Find the ticket by what its customer said of how it was: it stands with the mail that asked."""
    message = session.get(Message, survey.message_id) if survey.message_id else None
    if message:
        forget_message(message)
        index_message(message)


def _comment_on(message: Message) -> str:
    said = select(Answer.comment).join(Survey, Survey.id == Answer.survey_id)
    return session.scalar(said.where(Survey.message_id == message.id)) or ""


def forget_message(message: Message) -> None:
    _remove(2 * message.id)


def forget_ticket(ticket: Ticket) -> None:
    _remove(2 * ticket.id + 1)


def _row(row: int, ticket_id: int, content: str) -> Row:
    """One a message (even numbers) and one for the ticket itself (odd ones)."""
    return {"row": row, "ticket": ticket_id, "folded": " ".join(words(content[:LONGEST_TEXT]))}


def _put(*rows: Row) -> None:
    """What has no words is found by none."""
    if said := [row for row in rows if row["folded"]]:
        plain(_sql().insert, said)


def _remove(row: int) -> None:
    session.execute(_sql().remove, {"row": row})


@dataclass(frozen=True, slots=True)
class Found:
    """Tickets, newest first; one whose number was typed comes before all others."""

    tickets: Sequence[Line]
    complete: bool = True
    """False where older ones were not looked at, because what was typed stands in too many."""


def find(agent: Agent, query: str, limit: int = 50) -> Sequence[Line]:
    """As ``look``, for who only wants the tickets."""
    return look(agent, query, limit).tickets


def look(agent: Agent, query: str, limit: int = 50) -> Found:
    """The tickets this agent may see that hold every word, by number, subject, customer or text. Spam is
    found by its number only.
    """
    terms = words(query)[:MOST_WORDS]
    if not terms:
        return Found([])
    held = newest.holding(agent, terms, limit)
    typed = _NUMBER.fullmatch(query.strip())
    order = list(dict.fromkeys([*([int(typed[1])] if typed else []), *held.ids]))
    by_id = {ticket.id: ticket for ticket in lines.read(_numbered(agent.role), me=agent.id, numbers=order)}
    return Found([by_id[number] for number in order if number in by_id][:limit], held.complete)


@cache
def _numbered(role: str) -> Select[Any]:
    named = Ticket.id.in_(bindparam("numbers", expanding=True))
    return lines.of(visible_to(somebody(role)), named)


def reindex() -> int:
    """Build the index anew from the tickets; returns how many messages it holds."""
    session.execute(text("DELETE FROM ticket_text"))
    people = joinedload(Ticket.identity).joinedload(Identity.customer)
    for ticket in _each(Ticket, people, selectinload(Ticket.tags)):
        index_ticket(ticket, fresh=True)
    n = 0
    for n, message in enumerate(_each(Message, selectinload(Message.attachments)), 1):  # noqa: B007
        index_message(message)
    return n


def index_tickets_of(identities: Select[int]) -> None:
    """Find the tickets of these by what their writers are called now."""
    people = joinedload(Ticket.identity).joinedload(Identity.customer)
    for ticket in _each(Ticket, people, selectinload(Ticket.tags), which=Ticket.identity_id.in_(identities)):
        index_ticket(ticket)


Numbered = TypeVar("Numbered", Ticket, Message)


def _each(
    model: type[Numbered], *options: Any, which: ColumnElement[bool] | None = None
) -> Iterator[Numbered]:
    """All of them, a few hundred in memory at a time."""
    last = 0
    asked = select(model).where(true() if which is None else which).order_by(model.id).limit(500)
    while rows := session.scalars(asked.where(model.id > last).options(*options)).all():
        yield from rows
        last = rows[-1].id
