"""Starting and stopping everything, in seconds: a first start, a second one, Ctrl-C.

The floor, from the same run: a Python that imports the web process's modules and ends.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.house import ROOT, House

ROUNDS = 5


def run() -> None:
    importing = [_timed(_import) for _ in range(ROUNDS)]
    starts, stops = [], []
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder))
        for _ in range(ROUNDS):
            starts.append(_timed(house.start))
            stops.append(_timed(house.stop))
    floor = statistics.median(importing)
    again = statistics.median(starts[1:])
    print(f"importing the web process: {floor:.2f} s")
    print(f"first start {starts[0]:.2f} s, again {again:.2f} s: {again / floor:.1f} times the importing")
    print(f"Ctrl-C to the end of every process: {statistics.median(stops):.2f} s, at most {max(stops):.2f} s")


def _import() -> None:
    subprocess.run([sys.executable, "-c", "import app"], cwd=ROOT, check=True)


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
