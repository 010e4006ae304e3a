"""Days, as the company's zone has them: of 23, 24 or 25 hours, and cut from seconds by plain arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, literal
from sqlalchemy.orm import InstrumentedAttribute

MOST = 366
"""Days a period may have."""

EARLIEST = date(2000, 1, 1)

_DAY = 86_400


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included, in a zone."""

    first: date
    last: date
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if not 0 <= (self.last - self.first).days < MOST:
            raise ValueError(f"a period has 1 to {MOST} days")

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(len(self))]

    @cached_property
    def edges(self) -> list[int]:
        """When each day begins, and when the last one ends: seconds since 1970."""
        return [_midnight(self.first + timedelta(days=n), self.zone) for n in range(len(self) + 1)]

    @property
    def begins(self) -> int:
        return self.edges[0]

    @property
    def ends(self) -> int:
        return self.edges[-1]

    @property
    def before(self) -> Period:
        """As many days just before it."""
        length = timedelta(days=len(self))
        return Period(self.first - length, self.last - length, self.zone)


def last(days: int, today: date, zone: ZoneInfo) -> Period:
    """So many days, today included."""
    return Period(today - timedelta(days=days - 1), today, zone)


def month(today: date, zone: ZoneInfo) -> Period:
    """This month until today."""
    return Period(today.replace(day=1), today, zone)


def number(at: InstrumentedAttribute[Any], edges: Sequence[int]) -> ColumnElement[int]:
    """Which of the days that begin at these edges a moment is in, from 0; only of moments between them.

    Days of 24 hours in a row are one division; a day on which the clocks change stands alone.
    """
    parts: list[tuple[ColumnElement[bool], ColumnElement[int]]] = []
    for day in _runs(edges):
        regular = edges[day + 1] - edges[day] == _DAY
        n = literal(day) + (at - edges[day]) // _DAY if regular else literal(day)
        parts.append((at >= edges[day], n))
    parts.reverse()  # the latest that has begun
    return case(*parts, else_=0)


def _runs(edges: Sequence[int]) -> list[int]:
    """The days with which a run of regular days, or a longer or shorter one, begins."""
    lengths = [end - begin for begin, end in pairwise(edges)]
    return [n for n, length in enumerate(lengths) if n == 0 or length != _DAY or lengths[n - 1] != _DAY]


def _midnight(day: date, zone: ZoneInfo) -> int:
    """Where clocks go forward at midnight, the day begins an hour later on the clock and not in time."""
    return int(datetime.combine(day, time(), zone).timestamp())
