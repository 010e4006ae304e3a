"""Percentiles, ratios and what the targets say of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Times = Mapping[str, Sequence[float]]
"""Seconds of each run, by product."""

INGEST = "ingest a mail"
PAGE_FACTOR = 2.0
INGEST_FACTORS = {"SQLite": 4.0, "PostgreSQL": 2.0}
"""So many times as fast as the faster rival: what the project asks of itself."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that every product did: p50 and p95 in milliseconds by product."""

    what: str
    p50: Mapping[str, float]
    p95: Mapping[str, float]
    rivals: tuple[str, ...]

    def ratio(self, ours: str) -> float:
        """How many times as fast as the faster rival, by the medians."""
        return min(self.p50[rival] for rival in self.rivals) / self.p50[ours]

    @property
    def ours(self) -> list[str]:
        return [name for name in self.p50 if name not in self.rivals]


def row(what: str, times: Times, rivals: Sequence[str]) -> Row:
    """From the seconds of each run."""
    p50 = {name: 1000 * statistics.median(all_) for name, all_ in times.items()}
    p95 = {name: 1000 * percentile(all_, 0.95) for name, all_ in times.items()}
    return Row(what, p50, p95, tuple(rivals))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]


def target(what: str, ours: str) -> float:
    """The factor that is asked of one of ours."""
    if what == INGEST:
        return next(factor for kind, factor in INGEST_FACTORS.items() if kind in ours)
    return PAGE_FACTOR


def misses(rows: Sequence[Row]) -> list[str]:
    """What is slower than it should be, in words."""
    return [
        f"{one.what}: {ours} is {one.ratio(ours):.1f} times as fast as the faster rival, "
        f"not {target(one.what, ours):g} times"
        for one in rows
        for ours in one.ours
        if one.ratio(ours) < target(one.what, ours)
    ]


def drawn(rows: Sequence[Row]) -> str:
    """A table for people: milliseconds as p50/p95, and how many times as fast as the faster rival."""
    names = list(rows[0].p50)
    ours = rows[0].ours
    lines = [["ms, p50/p95", *names, *(f"{one}: times as fast" for one in ours)]]
    for one in rows:
        times = [f"{one.p50[name]:.1f}/{one.p95[name]:.1f}" for name in names]
        ratios = [f"{one.ratio(name):.1f} (asked: {target(one.what, name):g})" for name in ours]
        lines.append([one.what, *times, *ratios])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(f"{word:<{w}}" for word, w in zip(line, widths, strict=True)) for line in lines
    )
