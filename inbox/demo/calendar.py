"""When people write and work: busy Mondays, quiet nights, and nobody in the shop on Sunday."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from inbox.demo.people import TEAM

RECIFE = timedelta(hours=-3)
"""Brazil has had no summer time since 2019."""

DAYS = (1.3, 1.15, 1.05, 1.0, 0.95, 0.55, 0.45)
HOURS = (4, 2, 1, 1, 1, 2, 5, 9, 14, 18, 18, 16, 12, 13, 16, 16, 14, 12, 11, 12, 13, 12, 10, 7)
_HOURS = tuple(accumulate(HOURS))

SHORTEST = 60
"""Days that the shop's story is long at least."""


def length(tickets: int) -> int:
    """How many days so many conversations take: a shop that grows also grows older."""
    return max(SHORTEST, min(1460, tickets // 400))


def arrivals(tickets: int, days: int, until: datetime, dice: Random) -> Iterator[datetime]:
    """So many moments in order, the last days as busy as any."""
    local = until + RECIFE
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=days - 1)
    weights = []
    for n in range(days):
        day = first + timedelta(days=n)
        share = 1.0 if day < midnight else sum(HOURS[: local.hour]) / sum(HOURS) + 0.01
        growth = 0.8 + 0.4 * n / days
        weights.append(DAYS[day.weekday()] * share * growth * dice.uniform(0.8, 1.2))
    whole, begun, given = sum(weights), 0.0, 0
    for n, weight in enumerate(weights):
        begun += weight
        count = round(tickets * begun / whole) - given
        given += count
        yield from _within(first + timedelta(days=n), count, local, dice)


def _within(day: datetime, count: int, now: datetime, dice: Random) -> list[datetime]:
    """So many moments of one day, none later than now."""
    today = day.date() == now.date()
    last = max(now.hour, 1) if today else 24
    found = []
    for _ in range(count):
        hour = bisect(_HOURS, dice.random() * _HOURS[last - 1])
        at = day + timedelta(hours=min(hour, last - 1), microseconds=dice.randrange(3_600_000_000))
        found.append(min(at, now - timedelta(seconds=40)) - RECIFE)
    return sorted(found)


_SPANS = tuple(
    (int(one.begins[:2]) * 60 + int(one.begins[3:]), int(one.ends[:2]) * 60 + int(one.ends[3:]))
    for one in TEAM
)


def at_work(who: int, at: datetime, dice: Random) -> datetime:
    """This moment, or when they are next at their desk and had a coffee."""
    begins, ends = _SPANS[who - 1]
    local = at + RECIFE
    minute = local.hour * 60 + local.minute
    if local.weekday() < 5 and begins <= minute < ends:
        return at
    if local.weekday() < 5 and minute < begins:
        ahead = 0
    else:
        ahead = 1
        while (local.weekday() + ahead) % 7 > 4:
            ahead += 1
    start = local.replace(hour=0, minute=0, second=0) + timedelta(days=ahead, minutes=begins)
    return start + timedelta(minutes=3 + dice.expovariate(1 / 45)) - RECIFE
