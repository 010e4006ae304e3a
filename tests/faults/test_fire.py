"""A short time under fire: every fault has its turn, and nothing is lost, doubled or told (``tests/fire``).

``make fire`` is the long one. What failed prints its seed, and the command that throws the same dice again.
"""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys

import pytest

from tests.fire import cluster
from tests.house import ROOT

NO_CLUSTER = pytest.mark.skipif(cluster.binaries() is None, reason=cluster.MISSING)
SIZES = {"sqlite": (30, 12), "postgresql": (24, 10)}
WAYS = 2
"""Our own server and a mailbox; at the end each brings one more."""


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=NO_CLUSTER)])
@pytest.mark.timeout(900)
def test_f4_under_fire_nothing_is_lost_or_doubled(database: str) -> None:
    mails, replies = SIZES[database]
    said = fire(
        "--database", database, "--seed", str(random.randrange(10**6)), "--mails", str(mails),
        "--replies", str(replies), "--minutes", "4", "--pause", "0.1", "0.3", "--scale", "0.3",
        "--often", "1",
    )  # fmt: skip
    found = re.search(r"(\d+) mails accepted", said)
    kills = sum(int(n) for n in re.findall(r"kill-\w+ (\d+)", said))
    assert found and int(found[1]) == mails + WAYS and kills >= 3, said
    for left_out in re.findall(r"left out: (.*)", said):
        print(f"left out: {left_out}")


def fire(*arguments: str) -> str:
    """What it said; fails with it if anything was wrong."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fire", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said, _ = process.communicate(timeout=850)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)  # it takes along what it has started and mounted
        said, _ = process.communicate(timeout=40)
        raise AssertionError(f"it did not come to an end:\n{said[-20000:]}") from None
    assert process.returncode == 0, said[-20000:]
    return said
