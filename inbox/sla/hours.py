"""A week of working hours in a time zone: is anybody there now, and when next.

Hours are wall-clock times, so a day keeps its nine o'clock when the clocks change. As kept:
``{"mon": [["09:00", "12:00"], ["13:00", "18:00"]], …}``; a day that is missing is free, and an end of
``24:00`` is midnight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST = 6
"""Spans a day may have."""
MIDNIGHT = 24 * 60

_CLOCK = re.compile(r"([01]?\d|2[0-4])(?:[:.h]?([0-5]\d))?h?")
"""As people type it: 9:00, 9h30, 0930, 9."""

Span = tuple[int, int]
"""Minutes of the day, from and to."""


class Wrong(ValueError):
    """Hours nobody can work. ``args`` are the day and why: ``time order overlap many``."""


@dataclass(frozen=True, slots=True)
class Week:
    """Spans of each day, Monday first, in order."""

    days: tuple[tuple[Span, ...], ...]

    def __bool__(self) -> bool:
        return any(self.days)

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        return any(begins <= at < ends for begins, ends in self._around(at, zone))

    def opens(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When work begins next after this moment, in that zone; None in a week without any."""
        return next((begins for begins, _ends in self._around(at, zone) if begins > at), None)

    def as_json(self) -> dict[str, list[list[str]]]:
        named = zip(DAYS, self.days, strict=True)
        return {day: [[_said(a), _said(b)] for a, b in spans] for day, spans in named if spans}

    def _around(self, at: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """What is worked from today to the same day of next week, in order."""
        today = at.astimezone(zone).date()
        for day in (today + timedelta(days=n) for n in range(8)):
            for begins, ends in self.days[day.weekday()]:
                yield _moment(day, begins, zone), _moment(day, ends, zone)


def read(kept: Mapping[str, Sequence[Sequence[str]]]) -> Week:
    """A week as it is kept or typed; raises Wrong. A span with nothing in it is none."""
    return Week(tuple(_day(day, kept.get(day, ())) for day in DAYS))


def _day(day: str, typed: Sequence[Sequence[str]]) -> tuple[Span, ...]:
    spans = sorted(_span(day, *pair) for pair in typed if any(pair))
    if len(spans) > MOST:
        raise Wrong(day, "many")
    if any(after[0] < before[1] for before, after in pairwise(spans)):
        raise Wrong(day, "overlap")
    return tuple(spans)


def _span(day: str, begins: str, ends: str) -> Span:
    first, last = _minutes(day, begins), _minutes(day, ends)
    if last == 0:
        last = MIDNIGHT  # which is 0:00 as well
    if first >= last:
        raise Wrong(day, "order")
    return first, last


def _minutes(day: str, typed: str) -> int:
    found = _CLOCK.fullmatch(typed.strip())
    minutes = int(found[1]) * 60 + int(found[2] or 0) if found else MIDNIGHT + 1
    if minutes > MIDNIGHT:
        raise Wrong(day, "time")
    return minutes


def _said(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    whole, rest = divmod(minutes, MIDNIGHT)
    return datetime.combine(day + timedelta(days=whole), time(rest // 60, rest % 60), zone)
