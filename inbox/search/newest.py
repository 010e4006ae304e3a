"""Which tickets hold some words, newest first, at a cost that does not grow with the house.

An index of words knows where a word stands, and not what is new: a common one stands in a million messages,
and sorting them takes seconds. So the newest tickets are read first, as they stand. That is the page for
every common word, and it says how common each word is. Only a rarer one is asked of the index: of as many of
the newest tickets as should fill the page, then of as many as its rarest word makes cheap, which is all of
them for a rare word.

Every word stands somewhere in the ticket, not necessarily in one message. A row of ``ticket_text`` is a
message (an even number, twice its id) or what the ticket says itself (an odd one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    union_all,
)

from inbox.access import visible_to
from inbox.db import dialect, session
from inbox.models import Agent, Message, Ticket
from inbox.models.ticket import stands

READ = 300
"""Tickets that are read as they stand before the index is asked."""

ENOUGH = 3
"""How many times more tickets are asked about than should fill the page."""

CANDIDATES = 20_000
"""Tickets with the rarest word that are looked at; a rarer one is looked for everywhere."""

ALL = range(2**31)
"""Every number of a ticket."""

_NEWEST = (Ticket.active_at.desc(), Ticket.id.desc())


@dataclass(frozen=True, slots=True)
class Word:
    """One that was typed; the last one may be unfinished."""

    text: str
    unfinished: bool


Place = tuple[datetime, int]
"""When somebody last wrote in a ticket, and its id: by these they are ordered."""


@dataclass(frozen=True, slots=True)
class Held:
    """The tickets that were found, newest first."""

    ids: Sequence[int]
    complete: bool = True
    """False where there was room for more, and older ones were not looked at."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the newest tickets hold."""

    whole: Sequence[Place]
    """Those with every word."""
    having: Sequence[int]
    """How many hold each word."""
    tickets: int


def holding(agent: Agent, typed: Sequence[str], limit: int) -> Held:
    """The newest tickets that this agent may see and that hold every word, spam left out.

    In their order, but for one: where the page fills up, an older conversation that still goes on is missed
    if its words stand in its old messages only and ``READ`` others are newer.
    """
    words = [Word(text, number == len(typed)) for number, text in enumerate(typed, start=1)]
    read = _read(agent, words)
    found, complete = {*read.whole}, read.tickets < READ
    rarest_first = [words[n] for n in sorted(range(len(words)), key=read.having.__getitem__)]
    last = 0 if complete else session.scalar(select(func.max(Ticket.id))) or 0
    for tickets in _steps(limit, read):
        if complete or len(found) >= limit:
            break
        complete = tickets >= last
        asked = ALL if complete else range(last - tickets + 1, last + 1)
        found |= _asked(agent, rarest_first, asked, limit)
    ids = [number for _at, number in sorted(found, reverse=True)[:limit]]
    return Held(ids, complete or len(ids) == limit)


def _steps(limit: int, read: Read) -> list[int]:
    """Of how many of the newest tickets the index is asked, one after the other."""
    fills = [ENOUGH * READ * limit // len(read.whole)] if read.whole else []
    rarest = min(read.having)
    return [*fills, CANDIDATES * READ // rarest if rarest else len(ALL)]


# ----------------------------------------------------------------------------- the newest, as they stand


def _read(agent: Agent, words: Sequence[Word]) -> Read:
    newest = {number: at for at, number in session.execute(_newest(agent))}
    named = [f"w{n}" for n in range(len(words))]
    said = [case((_stands_in(word), 1), else_=0).label(name) for word, name in zip(words, named, strict=True)]
    own = select(_TEXT.c.ticket_id, *said).where(_row().in_([2 * number + 1 for number in newest]))
    of_messages = select(_TEXT.c.ticket_id, *said).join(Message, _row() == 2 * Message.id)
    rows = union_all(own, of_messages.where(Message.ticket_id.in_(newest))).subquery()
    each = [func.max(rows.c[name]) for name in named]
    found = session.execute(select(rows.c.ticket_id, *each).group_by(rows.c.ticket_id)).all()
    having = [sum(row[1 + n] for row in found) for n in range(len(words))]
    return Read([(newest[row[0]], row[0]) for row in found if all(row[1:])], having, len(newest))


def _newest(agent: Agent) -> Select[datetime, int]:
    """Open ones and done ones, each from an index that is in this order."""
    parts = [
        select(Ticket.active_at, Ticket.id)
        .where(stands(state), visible_to(agent))
        .order_by(*_NEWEST)
        .limit(READ)
        .subquery()
        for state in ("open", "done")
    ]
    both = union_all(*(select(part) for part in parts)).subquery()
    return select(both.c.active_at, both.c.id).order_by(both.c.active_at.desc(), both.c.id.desc()).limit(READ)


# ------------------------------------------------------------------------------------- the index is asked


def _asked(agent: Agent, words: Sequence[Word], tickets: range, limit: int) -> set[Place]:
    """Among the tickets with these numbers. The first word is looked up, the others are looked for in what it
    finds."""
    rarest, *others = words
    found = (
        select(Ticket.active_at, Ticket.id)
        .where(Ticket.id.in_(_with(rarest, tickets)), Ticket.status != "spam", visible_to(agent))
        .where(*(_somewhere(word) for word in others))
        .order_by(*_NEWEST)
        .limit(limit)
    )
    return {(at, number) for at, number in session.execute(found)}


def _with(word: Word, tickets: range) -> Any:
    """The tickets with a row that holds it. All that was said in the newest ones was said since the first of
    them began."""
    found = select(_TEXT.c.ticket_id).where(_indexed(word))
    if tickets is ALL:
        return found
    message = (
        select(Message.id).where(Message.ticket_id >= tickets[0]).order_by(Message.ticket_id, Message.id)
    )
    first = session.scalar(message.limit(1)) or 0
    own = found.where(_row() > 2 * tickets[0], _row() <= 2 * tickets[-1] + 1, _row() % 2 == 1)
    return union_all(own, found.where(_row() >= 2 * first, _row() % 2 == 0))


def _somewhere(word: Word) -> ColumnElement[bool]:
    """The ticket holds it in any of its rows."""
    own = exists().where(_row() == 2 * Ticket.id + 1, _stands_in(word))
    message = exists().where(Message.ticket_id == Ticket.id, _row() == 2 * Message.id, _stands_in(word))
    return or_(own.correlate(Ticket), message.correlate(Ticket))


# ----------------------------------------------------------------------------------- one row, one word

_TEXT = table(
    "ticket_text", column("id"), column("rowid"), column("ticket_id", Integer), column("body", Text)
)


def _row() -> ColumnElement[int]:
    return _TEXT.c.id if dialect() == "postgresql" else _TEXT.c.rowid


def _indexed(word: Word) -> ColumnElement[bool]:
    """The row is among those that the index names."""
    if dialect() == "postgresql":
        asked = func.to_tsquery(
            literal_column("'simple'"), _written_out(f"{word.text}:*" if word.unfinished else word.text)
        )
        return _TEXT.c.body.op("@@", return_type=Boolean())(asked)
    quoted = f'"{word.text}"*' if word.unfinished else f'"{word.text}"'
    return _TEXT.c.body.op("MATCH", return_type=Boolean())(quoted)


def _stands_in(word: Word) -> ColumnElement[bool]:
    """The row holds it: folded words with a space between them, where the index is not asked."""
    if dialect() == "postgresql":
        return _indexed(word)
    end = "" if word.unfinished else " "
    return func.instr(literal(" ") + _TEXT.c.body + end, f" {word.text}{end}") > 0


def _written_out(pattern: str) -> ColumnElement[str]:
    """Not bound: PostgreSQL plans by how common a word is, which it must know."""
    return bindparam(None, pattern, literal_execute=True)
