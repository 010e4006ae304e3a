"""Which tickets hold some words, newest first, at a cost that does not grow with the house.

An index of words knows where a word stands, and not what is new: a common one stands in a million messages,
and sorting them takes seconds. So the newest tickets are read first, as they stand. That is the page for
every common word, and it says how common each word is. Only a rarer one is asked of the index: of as many of
the newest tickets as should fill the page, then of as many as its rarest word makes cheap, which is all of
them for a rare word. SQLite's index is in the order of the rows; PostgreSQL's knows the era of each row (so
many rows of a kind, in the order of their numbers), and goes at once to the eras that it is asked about.

Every word stands somewhere in the ticket, not necessarily in one message. A row of ``ticket_text`` is a
message (an even number, twice its id) or what the ticket says itself (an odd one). To look at a conversation
as it stands costs as much as a dozen rows of the index: a few candidates are looked at, of many the index is
asked once for each word, and who has them all is what both answers hold.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    CompoundSelect,
    Integer,
    Result,
    Select,
    Text,
    and_,
    bindparam,
    case,
    column,
    func,
    intersect,
    literal,
    literal_column,
    or_,
    select,
    table,
    union_all,
)

from inbox import lines
from inbox.access import parts_of, somebody, teams_of, visible_to
from inbox.db import Instant, dialect, plan_anew, session
from inbox.models import Agent, Message, Ticket
from inbox.models.ticket import stands

READ = 300
"""Tickets that are read as they stand before the index is asked."""

READ_ON = 2
"""How many times as many are read where so many should fill the page."""

FIRST = 20_000
"""Tickets that are asked about first where none of the newest has all words."""

ENOUGH = 3
"""How many times more tickets are asked about than should fill the page, by what the newest ones hold."""

AGAIN = 2
"""The same, by what was found among many more."""

LOOKED_AT = 500
"""Rows with the rarest word; of fewer, the tickets are looked at as they stand."""

PART = 100
"""Tickets that are looked at in one go, the newest first."""

COMMONER = 4
"""How many times commoner than the rarest a word may be for the index to be asked who holds it."""

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
    last: Place | None
    """Where it stopped; None where there are no older ones."""

    def and_(self, older: Read) -> Read:
        """Both together."""
        having = [sum(both) for both in zip(self.having, older.having, strict=True)]
        return Read([*self.whole, *older.whole], having, self.tickets + older.tickets, older.last)


def holding(agent: Agent, typed: Sequence[str], limit: int) -> Held:
    """The newest tickets that this agent may see and that hold every word, spam left out.

    In their order, but for one: where the page fills up, an older conversation that still goes on is missed
    if its words stand in its old messages only and ``READ`` others are newer.
    """
    plan_anew()
    words = [Word(text, number == len(typed)) for number, text in enumerate(typed, start=1)]
    read = _read(agent, words)
    if read.last and limit <= READ_ON * len(read.whole) < READ_ON * limit:
        read = read.and_(_read(agent, words, read.last))
    found, complete = {*read.whole}, read.last is None
    last = 0 if complete else session.scalar(select(func.max(Ticket.id))) or 0
    most = _cheap(min(read.having), read.tickets)
    tickets = ENOUGH * read.tickets * limit // len(found) if found else min(FIRST, most)
    while not complete and len(found) < limit:
        complete = tickets >= last
        asked = ALL if complete else range(last - tickets + 1, last + 1)
        more = _asked(agent, words, read.having, asked, limit)
        found |= more
        if tickets >= most:
            break
        if len(found) < limit:
            tickets = min(_reaching(agent, words, tickets, len(more), limit, last), most)
    ids = [number for _at, number in sorted(found, reverse=True)[:limit]]
    return Held(ids, complete or len(ids) == limit)


def _cheap(rarest: int, among: int) -> int:
    """Of how many tickets the index is asked at most, by how many of the newest hold the rarest word."""
    return CANDIDATES * among // rarest if rarest else len(ALL)


def _reaching(agent: Agent, words: Sequence[Word], tickets: int, found: int, limit: int, last: int) -> int:
    """Of how many of the newest tickets the index is asked after ``tickets``, of which so few were found: as
    many as should fill the page. Words that stand in one row say it at once."""
    if len(words) == 1:
        return AGAIN * tickets * limit // found if found else len(ALL)
    together = (
        select(Ticket.id)
        .where(Ticket.id.in_(_whose().where(_indexed(*words))), Ticket.status != "spam", visible_to(agent))
        .order_by(*_NEWEST)
        .limit(limit)
    )
    ids = session.scalars(together).all()
    return max(last - min(ids), tickets) * 5 // 4 if len(ids) == limit else len(ALL)


# ----------------------------------------------------------------------------- the newest, as they stand


def _read(agent: Agent, words: Sequence[Word], before: Place | None = None) -> Read:
    teams = teams_of(agent)
    place = {"at": before[0], "last": before[1]} if before else {}
    asked = {"me": agent.id, "most": READ, **teams, **place}
    rows = session.execute(_newest(agent.role, len(teams), is_first=before is None), asked)
    places = [(at, number) for at, number in rows]
    newest = {number: at for at, number in places}
    found = _standing(words, newest)
    having = [sum(held[n] for held in found.values()) for n in range(len(words))]
    whole = [(newest[number], number) for number, held in found.items() if all(held)]
    return Read(whole, having, len(places), places[-1] if len(places) == READ else None)


def _standing(words: Sequence[Word], tickets: Collection[int]) -> dict[int, Sequence[int]]:
    """For each of these tickets, whether it holds each word: one or nought."""
    named = [f"w{n}" for n in range(len(words))]
    said = [case((_stands_in(word), 1), else_=0).label(name) for word, name in zip(words, named, strict=True)]
    own = select(_TEXT.c.ticket_id, *said).where(_row().in_([2 * number + 1 for number in tickets]))
    of_messages = select(_TEXT.c.ticket_id, *said).join(Message, _row() == 2 * Message.id)
    rows = union_all(own, of_messages.where(Message.ticket_id.in_(tickets))).subquery()
    each = [func.max(rows.c[name]) for name in named]
    found = session.execute(select(rows.c.ticket_id, *each).group_by(rows.c.ticket_id))
    return {number: held for number, *held in found}


@cache
def _newest(role: str, teams: int, *, is_first: bool) -> Select[datetime, int]:
    """Open ones and done ones, each from indexes that are in this order; all, or those before a place."""
    seen = parts_of(somebody(role), teams)
    at, last = bindparam("at", type_=Instant), bindparam("last", type_=Integer)
    older = or_(Ticket.active_at < at, and_(Ticket.active_at == at, Ticket.id < last))
    which = [] if is_first else [older]
    return lines.newest([and_(stands(state), part) for state in ("open", "done") for part in seen], *which)


# ------------------------------------------------------------------------------------- the index is asked


def _asked(
    agent: Agent, words: Sequence[Word], having: Sequence[int], tickets: range, limit: int
) -> set[Place]:
    """Among the tickets with these numbers, the newest that hold every word: the rarest is looked up."""
    rarest, *others = sorted(range(len(words)), key=having.__getitem__)
    messages = _messages(tickets)
    rows = _with(words[rarest], tickets, messages)
    few = others and session.scalars(rows.limit(LOOKED_AT)).all()
    many = len(few) == LOOKED_AT
    alike = [n for n in others if many and having[n] <= COMMONER * max(having[rarest], 1)]
    which = _with_all([words[n] for n in (rarest, *alike)], tickets, messages) if alike else rows
    found = (
        select(Ticket.active_at, Ticket.id)
        .where(Ticket.id.in_(which if many or not others else few))
        .where(Ticket.status != "spam", visible_to(agent))
        .order_by(*_NEWEST)
    )
    if not others:
        return {(at, number) for at, number in session.execute(found.limit(limit))}
    sure = tickets if len(alike) == len(others) else range(0)
    return _looked_through(session.execute(found), [words[n] for n in others], sure, limit)


def _looked_through(
    found: Result[datetime, int], words: Sequence[Word], sure: range, limit: int
) -> set[Place]:
    """The newest of these that hold the words as well, looked at in parts; of some that is ``sure``."""
    kept: set[Place] = set()
    for part in found.partitions(PART):
        asked = [number for _at, number in part if number not in sure]
        standing = _standing(words, asked) if asked else {}
        kept |= {(at, number) for at, number in part if number in sure or all(standing.get(number, (0,)))}
        if len(kept) >= limit:
            break
    found.close()
    return kept


def _messages(tickets: range) -> range:
    """All that was said in the newest ones was said since the first of them began."""
    if tickets is ALL:
        return ALL
    first = select(Message.id).where(Message.ticket_id >= tickets[0])
    first = first.order_by(Message.ticket_id, Message.id).limit(1)
    last = select(func.max(Message.id))
    since, until = session.execute(select(first.scalar_subquery(), last.scalar_subquery())).one()
    return range(since or 0, (until or 0) + 1)


def _with_all(words: Sequence[Word], tickets: range, messages: range) -> CompoundSelect[int]:
    """Those of the tickets with a row for each of these; and older ones with a row for the first, whose other
    words may stand in rows that are not asked about."""
    first = _with(words[0], tickets, messages).cte()  # read once
    others = (_with(word, tickets, messages).subquery() for word in words[1:])
    all_of_them = intersect(*(select(held.c.ticket_id) for held in (first, *others))).subquery()
    older = select(first.c.ticket_id).where(first.c.ticket_id < tickets[0])
    return union_all(select(all_of_them.c.ticket_id), *([] if tickets is ALL else [older]))


def _whose() -> Select[int]:
    """The tickets of rows. What a ticket says itself tells which one it is by its number."""
    return select(case((_row() % 2 == 1, _row() // 2), else_=_TEXT.c.ticket_id).label("ticket_id"))


def _with(word: Word, tickets: range, messages: range) -> Select[int] | CompoundSelect[int]:
    """The tickets with a row that holds it."""
    if tickets is ALL:
        return _whose().where(_indexed(word))
    own = select((_row() // 2).label("ticket_id")).where(_indexed(word), *_among(tickets, OWN))
    message = select(_TEXT.c.ticket_id).where(_indexed(word), *_among(messages, SAID))
    return union_all(own, message)


# ----------------------------------------------------------------------------------- one row, one word

_TEXT = table(
    "ticket_text",
    column("id", Integer),
    column("rowid", Integer),
    column("ticket_id", Integer),
    column("body", Text),
)


SAID, OWN = 0, 1
"""Of what kind a row is, by its number modulo two."""


def _among(numbers: range, kind: int) -> tuple[ColumnElement[bool], ...]:
    """Rows of these messages or of these tickets themselves."""
    if dialect() == "postgresql":
        asked = bindparam(None, _eras(numbers, kind), type_=ARRAY(BigInteger))
        # a comparison of the number itself would make it put all newer rows together, to look among them
        return _ERAS.op("&&", return_type=Boolean())(asked), _row() // 2 >= numbers[0]
    return _row() % 2 == kind, _row() >= 2 * numbers[0], _row() <= 2 * numbers[-1] + 1


ERAS = (10, 14, 18)
"""How long a small, a middling and a large era is, as powers of two. Each row is in one of each."""

MOST_ERAS = 16
"""Longer ones are asked about rather than more."""

_ERAS: ColumnElement[Any] = literal_column(
    "ARRAY[((ticket_text.id >> 11) << 3) | (ticket_text.id & 1), "
    "((ticket_text.id >> 15) << 3) | 2 | (ticket_text.id & 1), "
    "((ticket_text.id >> 19) << 3) | 4 | (ticket_text.id & 1)]"
)
"""As PostgreSQL's index has it, which must hear it in the same words."""


def _eras(numbers: range, kind: int) -> list[int]:
    """In which all of these are, the shortest ones that are few enough."""
    lengths = [range(numbers[0] >> bits, (numbers[-1] >> bits) + 1) for bits in ERAS]
    length = next((n for n, eras in enumerate(lengths) if len(eras) <= MOST_ERAS), len(ERAS) - 1)
    return [era << 3 | length << 1 | kind for era in lengths[length]]


def _row() -> ColumnElement[int]:
    return _TEXT.c.id if dialect() == "postgresql" else _TEXT.c.rowid


def _indexed(*words: Word) -> ColumnElement[bool]:
    """The row is among those that the index names for all of them."""
    if dialect() == "postgresql":
        each = (f"{word.text}:*" if word.unfinished else word.text for word in words)
        asked = func.to_tsquery(literal_column("'simple'"), _written_out(" & ".join(each)))
        return _TEXT.c.body.op("@@", return_type=Boolean())(asked)
    quoted = (f'"{word.text}"*' if word.unfinished else f'"{word.text}"' for word in words)
    return _TEXT.c.body.op("MATCH", return_type=Boolean())(" AND ".join(quoted))


def _stands_in(word: Word) -> ColumnElement[bool]:
    """The row holds it: folded words with a space between them, where the index is not asked."""
    if dialect() == "postgresql":
        return _indexed(word)
    end = "" if word.unfinished else " "
    return func.instr(literal(" ") + _TEXT.c.body + end, f" {word.text}{end}") > 0


def _written_out(pattern: str) -> ColumnElement[str]:
    """Not bound: PostgreSQL plans by how common a word is, which it must know."""
    return bindparam(None, pattern, literal_execute=True)
