"""The disk is full for a while; somebody else holds SQLite's lock; PostgreSQL is restarted."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from inbox import engines
from tests.fire import cluster, disk
from tests.fire.faults import Fault
from tests.house import ROOT

if TYPE_CHECKING:
    from tests.fire.run import Run

HOLD = """
import sys, time
from inbox import engines
line = engines.sqlite_module().connect(sys.argv[1], timeout=30, isolation_level=None)
line.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
line.execute("ROLLBACK")
"""


def fill(run: Run, dice: random.Random) -> str:
    seconds = dice.uniform(2, 6) * run.plan.scale
    run.disk.fill()
    try:
        time.sleep(seconds)
    finally:
        run.disk.make_room()
    if run.cluster:
        run.cluster.start()  # it has given up, as it must: a service manager starts it again
    return f"full for {seconds:.1f} s"


def hold(run: Run, dice: random.Random) -> str:
    """Longer than anybody waits for it."""
    seconds = engines.BUSY_SECONDS + dice.uniform(0.5, 3.0)
    path = run.house.database.removeprefix("sqlite:///")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, path, str(seconds)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout and holder.stdout.readline() == b"held\n", "nobody held it"
        holder.wait(120)
    finally:
        holder.kill()
        if holder.stdout:
            holder.stdout.close()
    return f"for {seconds:.1f} s"


def restart(run: Run, dice: random.Random) -> str:
    assert run.cluster
    mode = dice.choice(("fast", "immediate"))
    run.cluster.stop(mode)
    time.sleep(dice.uniform(0, 2) * run.plan.scale)
    run.cluster.start()
    return mode


def no_small_disk(run: Run) -> str:
    return "" if run.disk.is_small else disk.MISSING


def no_sqlite(run: Run) -> str:
    return "PostgreSQL has no such lock" if run.cluster else ""


def no_cluster(run: Run) -> str:
    if run.cluster:
        return ""
    return "SQLite has no server to restart" if run.plan.database == "sqlite" else cluster.MISSING


FAULTS = [
    Fault("disk", fill, no_small_disk),
    Fault("lock", hold, no_sqlite),
    Fault("restart", restart, no_cluster, often=2),
]
