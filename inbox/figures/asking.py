"""Asking the facts: by day, team, agent or account, of a period and the one before it, as far as one may see.

Days are asked for one by one, each a stretch of one index: no database sorts for that. Values come as one
string a day, which costs a tenth of rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    cast,
    column,
    exists,
    func,
    literal,
    select,
    values,
)  # fmt: skip
from sqlalchemy.orm import InstrumentedAttribute

from inbox.access import visible_to
from inbox.db import session
from inbox.figures.days import Period, number
from inbox.figures.metrics import METRICS, WITH_VALUES, Counted, Metric
from inbox.models import Agent, Fact, Ticket

Key = ColumnElement[int] | InstrumentedAttribute[int]

GROUPS = ("team", "agent", "account")
"""What figures can be broken down by, beside days."""

_COLUMN: dict[str, Key] = {"team": Fact.team_id, "agent": Fact.agent_id, "account": Fact.account_id}
_OVER = tuple(dict.fromkeys(metric.kind for metric in METRICS.values() if not metric.is_standing))


def sees(viewer: Agent) -> str:
    """``all`` figures; those of their ``teams``; or only their ``own``."""
    if viewer.sees_everything:
        return "all"
    return "teams" if viewer.may("figures") else "own"


@dataclass(frozen=True)
class Question:
    """Who asks, of what time, and of which team, agent and account (0 is none; empty: all of them)."""

    viewer: Agent
    period: Period
    team: int | None = None
    agent: int | None = None
    account: int | None = None

    @property
    def chosen(self) -> dict[str, int]:
        asked = {"team": self.team, "agent": self.agent, "account": self.account}
        return {name: value for name, value in asked.items() if value is not None}

    def of(self, period: Period) -> Question:
        return replace(self, period=period)

    def where(self) -> list[ColumnElement[bool]]:
        chosen = [_COLUMN[name] == value for name, value in self.chosen.items()]
        return [*chosen, *_visible(self.viewer)]


def _visible(viewer: Agent) -> list[ColumnElement[bool]]:
    """Of tickets they may open, or a number would not lead to them; and of no team that is not theirs."""
    scope = sees(viewer)
    if scope == "all":
        return []
    ticket = exists(select(literal(1)).where(Ticket.id == Fact.ticket_id, visible_to(viewer)))
    if scope == "own":
        return [Fact.agent_id == viewer.id, ticket]
    return [Fact.team_id.in_([0, *(team.id for team in viewer.teams)]), ticket]


class Figure(NamedTuple):
    """A metric's value, empty where there is nothing to say, and how many facts it is made of."""

    value: float | None
    n: int


NOTHING = Figure(None, 0)


@dataclass
class Line:
    """Every metric of one day, group or period."""

    counted: dict[str, Counted] = field(default_factory=dict)
    standing: int = 0

    def __getitem__(self, name: str) -> Figure:
        metric = METRICS[name]
        if metric.is_standing:
            return Figure(self.standing, self.standing)
        counted = self.counted.get(metric.kind, _NONE)
        return Figure(metric.how(counted), len(counted.values) if metric.needs_value else counted.n)

    @property
    def is_empty(self) -> bool:
        return not self.standing and not any(one.n for one in self.counted.values())

    def add(self, kind: str, counted: Counted) -> None:
        self.counted.setdefault(kind, Counted()).add(counted)


_NONE = Counted()


# ------------------------------------------------------------------------------------------- the doors


@dataclass(frozen=True)
class Report:
    """A period, the one before it, and its days."""

    total: Line
    before: Line
    days: Sequence[Line]

    @property
    def is_empty(self) -> bool:
        return self.total.is_empty and self.before.is_empty


def report(question: Question) -> Report:
    """The whole period, the one before it, and each of its days: two statements."""
    period, before = question.period, question.period.before
    edges = [*before.edges[:-1], *period.edges]
    standing = _standing_by_day(question, edges)
    lines = [Line(standing=n) for n in standing]
    for n, *counted in session.execute(_by_day(question, edges)):
        for kind, many, said in _each_kind(counted):
            lines[n].add(kind, Counted(many, _split(said)))
    then, now = lines[: len(before)], lines[len(before) :]
    return Report(_together(now), _together(then), now)


def broken_down(question: Question, by: str) -> dict[int, Line]:
    """The period of each team, agent or account that it has figures of, by id; 0 is none."""
    lines: dict[int, Line] = defaultdict(Line)
    for kind, facts in zip(_OVER, session.execute(_by_group(question, by)).one(), strict=True):
        for key, counted in _sorted_out(facts).items():
            lines[key].add(kind, counted)
    for key, standing in session.execute(_standing(question, _COLUMN[by])):
        lines[key].standing = standing
    return dict(lines)


def behind(question: Question, metric: Metric) -> list[ColumnElement[bool]]:
    """Which facts a number is made of: each leads to its ticket."""
    period = question.period
    if metric.is_standing:
        when = [Fact.at < period.ends, Fact.until >= period.ends]
    else:
        when = [Fact.kind == metric.kind, Fact.at >= period.begins, Fact.at < period.ends]
    return [*when, *([Fact.value.is_not(None)] if metric.needs_value else []), *question.where()]


class Found(NamedTuple):
    """A ticket behind a number: how often it counts there, and its value, if it has one."""

    ticket_id: int
    n: int
    value: int | None


def tickets(question: Question, metric: Metric, page: int, size: int) -> tuple[int, int, list[Found]]:
    """How many facts are behind a number, of how many tickets, and a page of these: what took longest or was
    rated worst first, else the newest."""
    where = behind(question, metric)
    facts, count = session.execute(
        select(func.count(), func.count(Fact.ticket_id.distinct())).where(*where)
    ).one()
    value = func.min(Fact.value) if metric.kind == "asked" else func.max(Fact.value)
    first = {"asked": value.asc().nulls_last(), "first": value.desc(), "resolved": value.desc().nulls_last()}
    order = [first[metric.kind]] if metric.kind in first else []
    rows = session.execute(
        select(Fact.ticket_id, func.count(), value)
        .where(*where)
        .group_by(Fact.ticket_id)
        .order_by(*order, func.max(Fact.at).desc(), Fact.ticket_id.desc())
        .limit(size)
        .offset(page * size)
    )
    return facts, count, [Found(*row) for row in rows]


# ------------------------------------------------------------------------------------------- statements


_VALUES = func.aggregate_strings(cast(Fact.value, String), ",")


def _by_day(question: Question, edges: Sequence[int]) -> Select[Any]:
    """For each day, the number of facts of each kind and the values of those that have some."""
    days = values(column("n", Integer), column("begins", BigInteger), column("ends", BigInteger))
    rows = [(n, begin, end) for n, (begin, end) in enumerate(pairwise(edges))]
    day = days.data(rows).cte("day").c

    def of(kind: str, what: ColumnElement[Any]) -> Any:
        when = (Fact.kind == kind, Fact.at >= day.begins, Fact.at < day.ends)
        return select(what).where(*when, *question.where()).scalar_subquery()

    counts = [of(kind, func.count()) for kind in _OVER]
    return select(day.n, *counts, *(of(kind, _VALUES) for kind in WITH_VALUES))


def _each_kind(counted: Sequence[Any]) -> Iterator[tuple[str, int, str | None]]:
    found = dict(zip(WITH_VALUES, counted[len(_OVER) :], strict=True))
    for kind, many in zip(_OVER, counted, strict=False):
        yield kind, many, found.get(kind)


def _by_group(question: Question, by: str) -> Select[Any]:
    """For each kind, whose each fact is and its value, in one string: sorted out here, because grouping a
    hundred thousand rows takes SQLite ten times as long."""
    period, key = question.period, cast(_COLUMN[by], String)

    def of(kind: str) -> Any:
        fact = key + ":" + func.coalesce(cast(Fact.value, String), "") if kind in WITH_VALUES else key
        when = (Fact.kind == kind, Fact.at >= period.begins, Fact.at < period.ends)
        facts = func.aggregate_strings(fact, ",")
        return select(facts).where(*when, *question.where()).scalar_subquery()

    return select(*(of(kind) for kind in _OVER))


def _sorted_out(facts: str | None) -> dict[int, Counted]:
    found: dict[str, Counted] = defaultdict(Counted)
    for fact, many in Counter(facts.split(",") if facts else ()).items():
        key, _colon, value = fact.partition(":")
        counted = found[key]
        counted.n += many
        if value:
            counted.values += [int(value)] * many
    return {int(key): counted for key, counted in found.items()}


def _split(said: str | None) -> list[int]:
    return [int(value) for value in said.split(",")] if said else []


def _together(lines: Sequence[Line]) -> Line:
    whole = Line(standing=lines[-1].standing)
    for line in lines:
        for kind, counted in line.counted.items():
            whole.add(kind, counted)
    return whole


def _standing(question: Question, key: Key) -> Select[int, int]:
    ends = question.period.ends
    return (
        select(key.label("key"), func.count())
        .where(Fact.at < ends, Fact.until >= ends, *question.where())
        .group_by("key")
    )


def _standing_by_day(question: Question, edges: Sequence[int]) -> list[int]:
    """How many stood open when each day ended: those at the beginning, and what came and went since."""
    begins, ends = edges[0], edges[-1]
    came, went = number(Fact.at, edges).label("day"), number(Fact.until, edges).label("day")
    where = question.where()
    moves = [
        select(literal(-1).label("day"), func.count().label("n")).where(
            Fact.until >= begins, Fact.at < begins
        ),
        select(came, func.count())
        .where(Fact.kind == "open", Fact.at >= begins, Fact.at < ends)
        .group_by("day"),
        select(went, -func.count()).where(Fact.until >= begins, Fact.until < ends).group_by("day"),
    ]
    changed = [0] * len(edges)
    first, *others = (move.where(*where) for move in moves)
    for day, n in session.execute(first.union_all(*others)):
        changed[day + 1] += n
    standing, found = changed[0], []
    for n in changed[1:]:
        standing += n
        found.append(standing)
    return found
