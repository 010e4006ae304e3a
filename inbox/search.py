"""Full text over tickets: SQLite's FTS5 or PostgreSQL's, behind one function.

Words are folded before they are stored, so *acao* finds *Ação* on both; the last word may be unfinished.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    TextClause,
    TextualSelect,
    and_,
    bindparam,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import joinedload, selectinload

from inbox.access import visible_to
from inbox.db import dialect, plain, session
from inbox.models import Agent, Answer, Identity, Message, Survey, Ticket
from inbox.text import words

LONGEST_TEXT = 100_000
MOST_WORDS = 12
Row = dict[str, Any]
"""Of the index, as its insert wants it."""

_NUMBER = re.compile(r"#?(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Sql:
    """How one database keeps and searches the words."""

    insert: TextClause
    remove: TextClause
    search: str
    own: str
    word: str
    beginning: str

    def having(self, pattern: str, about: bool = False) -> TextualSelect:
        """The tickets with a row that matches; ``about``: with their own row, not one of a message."""
        sql = f"{self.search} AND {self.own}" if about else self.search
        query = text(sql).bindparams(bindparam("pattern", pattern, unique=True))
        return query.columns(Ticket.id)


FTS5 = Sql(
    insert=text("INSERT INTO ticket_text (rowid, ticket_id, body) VALUES (:row, :ticket, :folded)"),
    remove=text("DELETE FROM ticket_text WHERE rowid = :row"),
    search="SELECT ticket_id FROM ticket_text WHERE body MATCH :pattern",
    own="rowid % 2 = 1",
    word='"{}"',
    beginning='"{}"*',
)
TSVECTOR = Sql(
    insert=text("INSERT INTO ticket_text VALUES (:row, :ticket, to_tsvector('simple', :folded))"),
    remove=text("DELETE FROM ticket_text WHERE id = :row"),
    search="SELECT ticket_id FROM ticket_text WHERE body @@ to_tsquery('simple', :pattern)",
    own="id % 2 = 1",
    word="{}",
    beginning="{}:*",
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
    return _row(2 * ticket.id + 1, ticket.id, " ".join(filter(None, parts)))


def index_message(message: Message) -> None:
    """Find the ticket by what a message says, quotes left out, and by the names of its files. Pictures in the
    text have none that anybody gave them."""
    _put(_of_message(message))


def _of_message(message: Message) -> Row:
    names = " ".join(attachment.filename for attachment in message.attachments if not attachment.inline)
    comment = _comment_on(message) if message.automated == "survey" else ""
    return _row(2 * message.id, message.ticket_id, f"{message.text} {names} {comment}")


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
    plain(_sql().insert, list(rows))


def _remove(row: int) -> None:
    session.execute(_sql().remove, {"row": row})


def find(agent: Agent, query: str, limit: int = 50) -> list[Ticket]:
    """The tickets this agent may see that hold every word, by number, subject, customer or text.

    Newest first; a ticket whose number was typed comes before all others. Spam is found by its number only.
    """
    terms = words(query)[:MOST_WORDS]
    if not terms:
        return []
    newest = (Ticket.active_at.desc(), Ticket.id.desc())
    holds = and_(_holds(terms), Ticket.status != "spam")
    found = _visible(agent).where(holds).order_by(*newest)
    if typed := _NUMBER.fullmatch(query.strip()):
        number = Ticket.id == int(typed[1])
        found = _visible(agent).where(or_(holds, number)).order_by(number.desc(), *newest)
    return list(session.scalars(found.limit(limit)))


def people(agent: Agent, query: str, limit: int = 6) -> list[Identity]:
    """Whom somebody may mean who begins to type a name or an address: of tickets this agent may see.

    Whoever wrote last comes first. Only what a ticket says of its customer is searched, never a message.
    """
    terms = words(query)[:MOST_WORDS]
    if not terms:
        return []
    newest = func.max(Ticket.active_at).label("newest")
    found = session.execute(
        select(Ticket.identity_id, newest)
        .where(visible_to(agent), _holds(terms, about=True))
        .group_by(Ticket.identity_id)
        .order_by(newest.desc())
        .limit(limit * 5)
    ).all()
    wanted = [row[0] for row in found]
    named = select(Identity).where(Identity.id.in_(wanted)).options(joinedload(Identity.customer))
    by_id = {identity.id: identity for identity in session.scalars(named)}
    ordered = [by_id[number] for number in wanted]
    return [identity for identity in ordered if _is_about(identity, terms)][:limit]


def _is_about(identity: Identity, terms: list[str]) -> bool:
    """A ticket's row also holds its subject: what was typed must stand in the name or the address."""
    about = words(f"{identity.name} {identity.customer.name} {identity.address}")
    return all(any(word.startswith(term) for word in about) for term in terms)


def _visible(agent: Agent) -> Select[Ticket]:
    return (
        select(Ticket)
        .where(visible_to(agent))
        .options(
            joinedload(Ticket.identity).joinedload(Identity.customer),
            joinedload(Ticket.assignee),
            joinedload(Ticket.account),
        )
    )


def _holds(terms: list[str], about: bool = False) -> ColumnElement[bool]:
    """Every word stands somewhere in the ticket, not necessarily in one message; ``about``: in what the
    ticket itself says, its subject and its customer."""
    sql = _sql()
    whole = sql.beginning if about else sql.word  # who looks for a person begins each name
    patterns = [*(whole.format(term) for term in terms[:-1]), sql.beginning.format(terms[-1])]
    return and_(*(Ticket.id.in_(sql.having(pattern, about)) for pattern in patterns))


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
