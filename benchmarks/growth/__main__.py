"""What becomes of every page, of search and of taking mail in while a house grows to a million tickets.

``make bench-growth``, or ``python -m benchmarks.growth --sizes 1000,100000,1000000 --databases sqlite``. The
houses of one database are filled with the world of ``make demo`` (kept under ``--data``, and used again while
that world and the schema are the same) and opened at once, each by a process of its own that holds the real
WSGI application and asks it without a socket between. Requests go to them in turns, so that a slow minute of
the machine hits all sizes alike. ``--check`` ends with 1 where the p95 of the largest house is more than 1.5
times that of the smallest, or its memory. Where a page is not full in the smallest house, it is compared with
the smallest in which it is, and marked with a star; where it is in the largest alone, ``--check`` fails too.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.growth import subjects
from benchmarks.growth.filling import filled
from benchmarks.growth.house import Filled
from benchmarks.growth.served import Served

MOST = 1.5
FULL = 0.8
"""Of the largest house's bytes: an answer that has fewer is not compared with it."""
SAMPLES, WARM = 40, 3
SIZES, DATABASES = "1000,100000,1000000", "sqlite,postgresql"


@dataclass
class Taken:
    """What one house answered to one question, again and again."""

    ms: list[float] = field(default_factory=list)
    statements: int = 0
    size: int = 0

    def add(self, ms: float, statements: int, size: int) -> None:
        self.ms.append(ms)
        self.statements, self.size = max(self.statements, statements), max(self.size, size)

    def at(self, share: float) -> float:
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main(said: Sequence[str] | None = None) -> int:
    asked = _asked(said)
    print(f"{asked.samples} samples of each, p50 / p95 in ms; statements; kB of the answer", flush=True)
    folder = Path(asked.data or tempfile.mkdtemp(prefix="prosa-growth-"))
    too_much: list[str] = []
    try:
        for kind in asked.databases.split(","):
            too_much += _one(kind, [int(size) for size in asked.sizes.split(",")], folder, asked)
    finally:
        if not asked.data:
            shutil.rmtree(folder, ignore_errors=True)
    for line in too_much:
        print(f"more than {MOST} times: {line}")
    return 1 if too_much and asked.check else 0


def _asked(said: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--sizes", default=SIZES, help="tickets in each house, the smallest first")
    parser.add_argument("--databases", default=DATABASES)
    parser.add_argument(
        "--data", default="", help="where houses are kept for the next run; else they are removed"
    )
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--only", default="", help="questions whose name holds this")
    parser.add_argument("--check", action="store_true", help=f"end with 1 above {MOST} times")
    return parser.parse_args(said)


def _one(kind: str, sizes: Sequence[int], folder: Path, asked: argparse.Namespace) -> list[str]:
    """All sizes of one database; returns what grew too much."""
    print(f"\n== {kind}", flush=True)
    with ExitStack() as stack:
        try:
            houses = [
                stack.enter_context(filled(kind, size, folder, keep=bool(asked.data))) for size in sizes
            ]
        except ConnectionError as problem:
            print(f"skipped: {problem}")
            return []
        return _measured(kind, houses, asked, stack)


def _measured(kind: str, houses: Sequence[Filled], asked: argparse.Namespace, stack: ExitStack) -> list[str]:
    words = subjects.words(houses)
    served = [stack.enter_context(Served(house, words)) for house in houses]
    names = [name for name in served[0].questions if asked.only in name]
    taken = _in_turns(served, names, asked.samples)
    print("   ".join(["", *(f"{house.size:>9,} tickets" for house in houses), "ratio"]))
    too_much = [line for name in names if (line := _line(name, [one[name] for one in taken]))]
    return [f"{kind}, {line}" for line in (*too_much, *_memory(served)) if line]


def _in_turns(served: Sequence[Served], names: Sequence[str], samples: int) -> list[dict[str, Taken]]:
    """Every question to every house, one after the other, again and again."""
    taken = [{name: Taken() for name in names} for _ in served]
    for number in range(samples + WARM):
        for name in names:
            for house, kept in zip(served, taken, strict=True):
                answer = house.ask(name, number)
                if number >= WARM:
                    kept[name].add(*answer)
    return taken


def _line(name: str, taken: Sequence[Taken]) -> str:
    """Print it; returns what is said of it if it grew too much."""
    peer = _peer(taken)
    each = "   ".join(
        f"{one.at(0.5):6.1f} / {one.at(0.95):6.1f} {one.statements:3} {one.size / 1000:4.0f}" for one in taken
    )
    if peer is None:
        print(f"{name:32} {each}       ?", flush=True)
        return f"{name}: what it answers still grows, so there is nothing to compare its time with"
    ratio = taken[-1].at(0.95) / peer.at(0.95)
    print(f"{name:32} {each}   {ratio:5.2f}{' *' * (peer is not taken[0])}", flush=True)
    return f"{name}: {ratio:.2f}" if ratio > MOST else ""


def _peer(taken: Sequence[Taken]) -> Taken | None:
    """The smallest house whose answer is as large: a list of two rows is no measure for one of fifty. None
    where the largest alone answers that much: a page that holds more in each house would be its own measure.
    """
    smaller = taken[:-1] or taken
    return next((one for one in smaller if one.size >= FULL * taken[-1].size), None)


def _memory(served: Sequence[Served]) -> list[str]:
    sizes = [house.memory() for house in served]
    ratio = sizes[-1] / sizes[0]
    print(f"{'PSS of the web process, MB':32} {'   '.join(f'{size:6.0f}' for size in sizes)}   {ratio:5.2f}")
    return [f"memory: {ratio:.2f}"] if ratio > MOST else []


if __name__ == "__main__":
    sys.exit(main())
