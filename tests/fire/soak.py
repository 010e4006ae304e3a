"""What a house needs while it works for hours (row F27): memory, descriptors, sockets, SQLite's log.

Nobody is killed in a soak, for what grows would begin anew. What is needed in the last quarter is compared
with the second one: the first is for what is read once and kept.
"""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

from tests.house import House

FEWEST = 40
"""Looks, or nothing can be said."""

GROWTH = 1.25
ROOM = {"memory": 40e6, "descriptors": 20.0, "sockets": 20.0, "log": 16e6, "processes": 2.0}
"""By so much more than the growth it may differ: what comes and goes, and caches that fill late."""


@dataclass(frozen=True)
class Look:
    """At all processes of the house together."""

    memory: float
    """Bytes, what they share counted once (PSS)."""
    descriptors: float
    sockets: float
    processes: float
    log: float
    """Bytes of SQLite's write-ahead log."""


class Watch(threading.Thread):
    def __init__(self, house: House, seconds: float) -> None:
        super().__init__(daemon=True)
        self.house, self.pause = house, max(seconds / 400, 0.5)
        self.looks: list[Look] = []
        self.ended = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self.ended.wait(max(0.0, began + self.pause * len(self.looks) - time.monotonic())):
            self.looks.append(look(self.house))


def look(house: House) -> Look:
    memory, descriptors, sockets, processes = 0, 0, 0, 0
    for process in house.family():
        with contextlib.suppress(psutil.Error):  # it has just ended
            memory += process.memory_full_info().pss
            descriptors += process.num_fds()
            sockets += len(process.net_connections())
            processes += 1
    log = Path(f"{house.folder}/prosa.db-wal")
    return Look(memory, descriptors, sockets, processes, log.stat().st_size if log.exists() else 0)


def grown(looks: Sequence[Look]) -> list[str]:
    """What is needed ever more of."""
    if len(looks) < FEWEST:
        return [f"looked {len(looks)} times only"]
    quarter = len(looks) // 4
    said = []
    for name in (field.name for field in fields(Look)):
        values = [getattr(look, name) for look in looks]
        early = statistics.median(values[quarter : 2 * quarter])
        late = statistics.median(values[-quarter:])
        if late > early * GROWTH + ROOM[name]:
            said.append(f"{name}: {early:,.0f} in the second quarter, {late:,.0f} in the last")
    return said


def figures(looks: Sequence[Look]) -> str:
    names = [field.name for field in fields(Look)]
    most = {name: max((getattr(one, name) for one in looks), default=0) for name in names}
    return (
        f"{len(looks)} looks; at most {most['memory'] / 1e6:.0f} MB in {most['processes']:.0f} processes,"
        f" {most['descriptors']:.0f} descriptors, {most['sockets']:.0f} sockets,"
        f" log {most['log'] / 1e6:.1f} MB"
    )
