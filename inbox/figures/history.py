"""One ticket's history in, its facts out. Nothing here knows a database; docs/figures.md says it in prose.

A ticket among spam has none. Everything is credited to the team and the person it was with at that moment;
a reply and a resolution to whoever did it; a conversation that came in to the first person it was given to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import NamedTuple, TypeVar

from inbox.models.fact import FOREVER
from inbox.models.ticket import DONE, OPEN

STEPS = ("opened", "assigned", "moved", "resolved", "reopened", "status_set", "spam_marked", "spam_cleared")
"""The events that say where a ticket stood and with whom."""

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Step(NamedTuple):
    """An event of ``STEPS``: ``before`` and ``to`` as it says them."""

    at: datetime
    kind: str
    by: int | None
    before: str | int | None
    to: str | int | None


class Said(NamedTuple):
    """A message that is still there, notes left out."""

    kind: str
    at: datetime
    """When it came; of ours, when it left, if it did."""
    by: int | None
    counts: bool
    """By a person of ours to the customer, and it left; or by the customer themselves. Never older mail."""
    imported: bool


class Asked(NamedTuple):
    at: datetime
    agent: int | None
    score: int | None


class Row(NamedTuple):
    """A fact as the table keeps it, without its ticket."""

    kind: str
    at: int
    until: int | None
    team: int
    agent: int
    account: int
    value: int | None


class Place(NamedTuple):
    """With whom it was from then on; 0 is nobody."""

    since: datetime
    team: int
    agent: int


class Standing(NamedTuple):
    """Its status from then on, and who gave it that."""

    since: datetime
    status: str
    by: int | None


Since = TypeVar("Since", Place, Standing)


@dataclass
class History:
    """A ticket with all that happened to it, in order."""

    status: str
    team: int | None
    assignee: int | None
    account: int
    created_at: datetime
    steps: list[Step] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @cached_property
    def standings(self) -> list[Standing]:
        """How it began is what the first change says was before it."""
        steps = [step for step in self.steps if step.kind not in ("opened", "assigned", "moved")]
        opener = next((step.by for step in self.steps if step.kind == "opened"), None)
        first = str(steps[0].before) if steps else self.status
        changes = [Standing(max(step.at, self.created_at), str(step.to), step.by) for step in steps]
        return [Standing(self.created_at, first, opener), *changes]

    @cached_property
    def places(self) -> list[Place]:
        team, agent = self._began("moved", self.team), self._began("assigned", self.assignee)
        found = [Place(_BEFORE_ALL, team, agent)]
        for step in self.steps:
            if step.kind == "moved":
                team = int(step.to or 0)
            elif step.kind == "assigned":
                agent = int(step.to or 0)
            else:
                continue
            found.append(Place(step.at, team, agent))
        return found

    def _began(self, kind: str, now: int | None) -> int:
        first = next((step for step in self.steps if step.kind == kind), None)
        return int((first.before if first else now) or 0)

    @property
    def is_theirs(self) -> bool:
        """Whether a customer began it, and here: where we began, nobody waited for us."""
        return bool(self.said) and self.said[0].kind == "customer" and not self.said[0].imported

    @property
    def is_older(self) -> bool:
        """Whether it was brought in with older mail."""
        return bool(self.said) and self.said[0].imported


def facts(of: History) -> list[Row]:
    if of.status == "spam":
        return []
    return [*_opened(of), *_written(of), *_first(of), *_resolved(of), *_open(of), *_asked(of)]


def seconds(at: datetime) -> int:
    return int(at.timestamp())


# ------------------------------------------------------------------------------------- what is counted


def _opened(of: History) -> Iterator[Row]:
    if not of.is_older:
        had = (place.agent for place in of.places if place.agent)
        yield _row(of, "opened", of.created_at, agent=next(had, 0))


def _written(of: History) -> Iterator[Row]:
    for one in of.said:
        if one.counts and one.kind == "customer":
            yield _row(of, "received", one.at)
        elif one.counts:
            yield _row(of, "replied", one.at, agent=one.by or 0)


def _first(of: History) -> Iterator[Row]:
    """The first reply after the customer's first message; of a conversation that the customer began."""
    asked = next((one.at for one in of.said if one.counts and one.kind == "customer"), None)
    if asked is None or not of.is_theirs:
        return
    replies = [one for one in of.said if one.counts and one.kind == "reply" and one.at >= asked]
    if replies:
        first = min(replies, key=lambda one: one.at)
        yield _row(of, "first", first.at, agent=first.by or 0, value=_took(asked, first.at))


def _resolved(of: History) -> Iterator[Row]:
    """The resolution that stands: one that was taken back or reopened since is none."""
    done: Standing | None = None
    for now in of.standings:
        if now.status in OPEN:
            done = None
        elif now.status in DONE:
            done = done or now  # closed after resolved, or back from spam: that was when it was done
    if of.status in DONE and done is not None and not (of.is_older and done.since == of.created_at):
        took = _took(of.created_at, done.since) if of.is_theirs else None
        yield _row(of, "resolved", done.since, agent=done.by or 0, value=took)


def _open(of: History) -> Iterator[Row]:
    """A row for each stretch that it stood open in one place."""
    began: Place | None = None
    for moment in _turns(of):
        place = _at(of.places, moment)._replace(since=moment)
        is_open = _at(of.standings, moment).status in OPEN
        if began and not (is_open and began[1:] == place[1:]):
            yield from _stretch(of, began, seconds(moment))
            began = None
        if is_open and not began:
            began = place
    if began:
        yield from _stretch(of, began, FOREVER)


def _turns(of: History) -> list[datetime]:
    """When its status or its place changed."""
    changes = {*(one.since for one in of.standings), *(one.since for one in of.places)}
    return sorted(moment for moment in changes if moment >= of.created_at)


def _asked(of: History) -> Iterator[Row]:
    for one in of.asked:
        yield _row(of, "asked", one.at, agent=one.agent or 0, value=one.score)


# -------------------------------------------------------------------------------------------- the rows


def _at(found: Sequence[Since], moment: datetime) -> Since:
    return found[max(bisect_right(found, moment, key=lambda one: one.since) - 1, 0)]


def _row(of: History, kind: str, at: datetime, *, agent: int | None = None, value: int | None = None) -> Row:
    place = _at(of.places, at)
    return Row(
        kind, seconds(at), None, place.team, place.agent if agent is None else agent, of.account, value
    )


def _stretch(of: History, began: Place, until: int) -> Iterator[Row]:
    if until > (since := seconds(began.since)):
        yield Row("open", since, until, began.team, began.agent, of.account, None)


def _took(begin: datetime, end: datetime) -> int:
    return max(0, seconds(end) - seconds(begin))
