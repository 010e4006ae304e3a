"""Connecting a mailbox of 50,000 messages: how soon it is usable, how much memory, how fast older mail comes.

A real Dovecot, the whole product in real processes, and an import that runs for a bounded time while new mail
arrives. Beside the import's rate a floor from the same run: fetching the same mails and throwing them away.
``BENCH_MAILBOX`` is how many messages, ``BENCH_SECONDS`` how long the import may run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis

from benchmarks.mails import varied
from benchmarks.memory import _pss
from tests.house import ROOT, House, mail, wait_for
from tests.peers.dovecot import BINARY, MISSING, Dovecot

MESSAGES = int(os.environ.get("BENCH_MAILBOX", "50000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
ARRIVED = "SELECT count(*) FROM message WHERE subject LIKE '%token-2-x'"
DIFFERENT = 400
"""So many different mails, each with a Message-ID of its own in every copy."""


def run() -> None:
    if BINARY is None:
        print(f"skipped: {MISSING}")
        return
    with tempfile.TemporaryDirectory() as folder, Dovecot() as server, House(Path(folder)) as house:
        size = _fill(server)
        print(f"{MESSAGES} messages of {size / 1000:.1f} kB on average")
        _connect(house, server)
        _import(house, server)


def _fill(server: Dovecot) -> float:
    """The Maildir, as if delivered over the years; bytes a mail."""
    folder = server.folder / "mail" / "support"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    mails = [raw.replace(b"@example.com>", b"@%d.example.com>", 1) for raw in varied(DIFFERENT)]
    total = 0
    for number in range(MESSAGES):
        raw = mails[number % DIFFERENT].replace(b"@%d.example.com>", b"@%d.example.com>" % number)
        (folder / "cur" / f"{1_600_000_000 + number}.M{number}P1.bench,S={len(raw)}:2,").write_bytes(raw)
        total += len(raw)
    server.own(folder)
    return total / MESSAGES


def _connect(house: House, server: Dovecot) -> None:
    _do(house, "connect", "1", json.dumps(server.settings()))
    began = time.monotonic()
    wait_for(lambda: house.count("SELECT count(*) FROM cursor") == 1, 120, house.said)
    connected = time.monotonic()
    server.deliver(mail(1))
    delivered = time.monotonic()
    wait_for(lambda: house.count("SELECT count(*) FROM payload") == 1, 60, house.said)
    print(
        f"usable {connected - began:.1f} s after the settings were saved; "
        f"a new mail is here {1000 * (time.monotonic() - delivered):.0f} ms after it was delivered"
    )


def _import(house: House, server: Dovecot) -> None:
    collector = _collector(house)
    first = _pss(collector)
    floor = _fetch_only(server)
    _do(house, "import", "1")
    began, sizes, done = time.monotonic(), [first], 0
    waited = 0.0
    while time.monotonic() < began + SECONDS and not house.count(
        "SELECT count(*) FROM mail_import WHERE state = 'done'"
    ):
        time.sleep(2)
        sizes.append(_pss(collector))
        done = house.count("SELECT done FROM mail_import")
        if not waited and time.monotonic() > began + SECONDS / 2:
            server.deliver(mail(2))
            waited = _timed(
                lambda: house.count("SELECT count(*) FROM message WHERE subject LIKE '%token-2-x'")
            )
    rate = done / (time.monotonic() - began - waited)
    print(
        f"import: {done} mails, {rate:.0f} a second, read and threaded; fetching alone {floor:.0f} a second"
    )
    print(f"a new mail in the middle of it: {1000 * waited:.0f} ms until it is a message")
    print(
        f"collector: {first:.1f} MB (PSS) when connected, {sizes[len(sizes) // 2]:.1f} half-way through the "
        f"import, {sizes[-1]:.1f} at its end, never more than {max(sizes):.1f}"
    )
    assert _collector(house) == collector, "it is still the same process"


def _fetch_only(server: Dovecot, mails: int = 2000) -> float:
    """Mails a second, twenty at a time."""
    with server.client() as client:
        client.select_folder("INBOX", readonly=True)
        uids = client.search()[:mails]
        began = time.monotonic()
        for start in range(0, len(uids), 20):
            client.fetch(uids[start : start + 20], ["BODY.PEEK[]"])
        return len(uids) / (time.monotonic() - began)


def _timed(condition: Callable[[], object]) -> float:
    began = time.monotonic()
    wait_for(condition, 60)
    return time.monotonic() - began


def _collector(house: House) -> int:
    """Its process, as Valkey knows it."""
    bell = redis.Redis(unix_socket_path=str(house.folder / "valkey" / "valkey.sock"))
    return int(wait_for(lambda: bell.get("prosa:alive:collector"), 20) or 0)


def _do(house: House, *arguments: str) -> None:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PROSA")}
    subprocess.run(
        [sys.executable, "-m", "tests.peers.collecting", *arguments],
        cwd=ROOT,
        env=inherited | house.variables,
        check=True,
        stderr=subprocess.DEVNULL,
    )
