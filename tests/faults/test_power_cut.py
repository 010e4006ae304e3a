"""The power goes at any moment, and with it what was not synced: what was acknowledged is there (row F5).

``test_power.py`` looks at the order of calls. Here a house works, and from its calls the disk is made as a
power cut at some moment leaves it (``tests/peers/power.py``); another house is started on that.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import threading
from contextlib import closing
from pathlib import Path

import pytest

from inbox import engines
from tests.house import House, mail, wait_for
from tests.peers import power, strace
from tests.peers.strace import Call, Trace

MAILS, REPLIES, CUTS = 12, 4, 8

pytestmark = pytest.mark.skipif(bool(strace.missing()), reason=strace.missing() or "it can be watched")


def work(house: House) -> None:
    """One after another, so that the number of acknowledgements says which they were for."""
    replying = threading.Thread(target=reply, args=(house,))
    replying.start()
    for number in range(2, MAILS + 1):
        house.deliver(mail(number, text="It came cracked. " * 300))
    replying.join()


def reply(house: House) -> None:
    """As a browser does: who is watched is slow, and may say that it is busy."""
    for number in range(REPLIES):
        form = {"html": "<p>Yes</p>", "key": f"k{number}", "anyway": "1"}
        wait_for(lambda form=form: house.ask("POST", "/tickets/1/replies", **form).ok, 60, house.said)


def acknowledged(calls: list[Call]) -> tuple[int, int]:
    """How many mails and how many replies, before these calls were at their end."""
    mails = sum(call.name.startswith("send") and "250 2.0.0 Kept" in call.said for call in calls)
    asked: set[str] = set()
    replies = 0
    for call in calls:
        if call.name.startswith("recv") and call.said.startswith("POST /tickets/1/replies"):
            asked.add(call.about)
        elif call.name.startswith("send") and call.about in asked and call.said.startswith("HTTP/1.1 "):
            asked.discard(call.about)
            replies += call.said.startswith("HTTP/1.1 200")
    return mails, replies


def lost(folder: Path, mails: int, replies: int) -> list[str]:
    """What is wrong with a disk on which so many were acknowledged."""
    with closing(engines.sqlite_module().connect(str(folder / "prosa.db"))) as line:
        said = [row[0] for row in line.execute("PRAGMA integrity_check") if row[0] != "ok"]
        said += [f"a row of {row[0]} is an orphan" for row in line.execute("PRAGMA foreign_key_check")]
        kept = [row[0] for row in line.execute("SELECT sha256 FROM payload")]
        keys = {row[0] for row in line.execute("SELECT idempotency_key FROM message")}
    bodies = {path.name: path.read_bytes() for path in (folder / "files").rglob("*") if path.is_file()}
    said += [
        f"the bytes of {sha256} are gone or damaged"
        for sha256 in kept
        if hashlib.sha256(bodies.get(sha256, b"")).hexdigest() != sha256
    ]
    texts = [bodies.get(sha256, b"") for sha256 in kept]
    for number in range(2, mails + 2):
        if not any(b"token-%d-x" % number in body for body in texts):
            said.append(f"mail {number} was acknowledged and is lost")
    return said + [f"reply {n} was acknowledged and is lost" for n in range(replies) if f"k{n}" not in keys]


def test_f5_what_was_acknowledged_outlives_a_power_cut(tmp_path: Path) -> None:
    folder, base = tmp_path / "house", tmp_path / "base"
    with House(folder) as house:
        house.deliver(mail(1))
        wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 1, 20, house.said)
        [first, *others] = [process.pid for process in house.find("app.py") + house.find("worker.py")]
        with Trace(first, tmp_path, *others, watched=power.WATCHED, longest=power.LONGEST) as trace:
            shutil.copytree(folder, base, ignore=shutil.ignore_patterns("valkey"))
            before = len(trace.calls)
            work(house)
        calls = trace.calls
    assert acknowledged(calls) == (MAILS - 1, REPLIES)
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    disk, fed = power.Disk(folder, base), 0
    for number, moment in enumerate([*sorted(dice.sample(range(before, len(calls)), CUTS)), len(calls)]):
        left = tmp_path / f"cut-{number}"
        disk.feed(calls[fed:moment])
        disk.cut(left, dice)
        fed = moment
        found = lost(left, *acknowledged(calls[:moment]))
        assert not found, (seed, number, found)
    with_it = House(left)
    with_it.start()
    try:
        read = "SELECT count(*) FROM message WHERE kind = 'customer'"
        wait_for(lambda: with_it.count(read) == MAILS, 90, with_it.said)
    finally:
        with_it.stop()
    unsynced = [call for call in calls if not call.about.endswith("-wal") or "sync" not in call.name]
    disk = power.Disk(folder, base)
    disk.feed(unsynced)
    disk.cut(tmp_path / "careless", dice)
    assert lost(tmp_path / "careless", *acknowledged(calls))  # or this would find nothing, ever
