"""What each process of the house costs: seconds of CPU, and megabytes as PSS."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from pathlib import Path

import psutil
import redis

from benchmarks.memory import KINDS, _pss
from tests.house import House


def cpu(house: House) -> dict[int, tuple[str, float]]:
    """Seconds of CPU until now, by process id, each with what it is."""
    names, made = _workers(house), {}
    for process in house.family():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            made[process.pid] = (names.get(process.pid) or kind(process), times.user + times.system)
    return made


def spent(before: dict[int, tuple[str, float]], after: dict[int, tuple[str, float]]) -> dict[str, float]:
    """Between two readings, by kind. One that ended meanwhile took its time with it."""
    made: dict[str, float] = defaultdict(float)
    for pid, (name, seconds) in after.items():
        made[name] += seconds - before.get(pid, ("", 0.0))[1]
    return dict(made)


def pss(house: House) -> dict[str, float]:
    """Megabytes by kind; empty where the system does not tell."""
    names, made = _workers(house), defaultdict[str, float](float)
    if Path("/proc/self/smaps_rollup").exists():
        for process in house.family():
            with contextlib.suppress(psutil.Error, OSError):
                made[names.get(process.pid) or kind(process)] += _pss(process.pid)
    return dict(made)


def kind(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    return next((name for word, name in KINDS.items() if word in line), "other")


def _workers(house: House) -> dict[int, str]:
    """The worker's children, as what they say that they are alive."""
    made = {}
    with redis.Redis(unix_socket_path=str(house.folder / "valkey" / "valkey.sock")) as valkey:
        for key in valkey.scan_iter("prosa:alive:*"):
            made[int(valkey.get(key) or 0)] = key.decode().rpartition(":")[2]
    return made
