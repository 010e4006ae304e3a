"""The disk is full, out of names or read-only; the database is locked or away (rows F8 and F9).

Then nothing is acknowledged and nothing half kept; afterwards everything goes on by itself.
"""

from __future__ import annotations

import contextlib
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import requests

from inbox import engines
from tests.fire import cluster
from tests.fire.cluster import Cluster
from tests.fire.disk import MISSING, Disk
from tests.fire.faults.storage import HOLD
from tests.house import ROOT, House, mail, wait_for


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    with Disk(tmp_path_factory.mktemp("small") / "disk", 120) as made:
        if not made.is_small:
            pytest.skip(MISSING)
        yield made


@pytest.fixture(scope="module")
def house(disk: Disk) -> Iterator[House]:
    with House(disk.folder / "house") as made:
        made.deliver(mail(-1))
        wait_for(lambda: made.count("SELECT count(*) FROM ticket") == 1, 30, made.said)
        yield made


def offered(house: House, number: int) -> int:
    """What the listener answers, once, to a mail from a mail server that does not insist."""
    try:
        with smtplib.SMTP("127.0.0.1", house.mail_port, timeout=60) as server:
            server.sendmail("m@queiroz.example", ["support@barro.example"], mail(number))
        return 250
    except smtplib.SMTPResponseException as refused:
        return refused.smtp_code
    except smtplib.SMTPRecipientsRefused as refused:
        return max(code for code, _said in refused.recipients.values())


def replied(house: House, key: str) -> int:
    """What the web process answers to a reply, 599 if it does not."""
    try:
        return house.ask("POST", "/tickets/1/replies", html=f"<p>{key}</p>", key=key, anyway="1").status_code
    except (requests.RequestException, AssertionError):
        return 599


@contextmanager
def full(_house: House, disk: Disk) -> Iterator[None]:
    disk.fill()
    try:
        yield
    finally:
        disk.make_room()


@contextmanager
def no_more_names(_house: House, disk: Disk) -> Iterator[None]:
    """Room for bytes, but not for files."""
    used = sum(1 for _ in disk.folder.rglob("*")) + 1
    remount(disk.folder, f"remount,nr_inodes={used}")
    crumbs = disk.folder / "crumbs"
    with contextlib.suppress(OSError):
        crumbs.mkdir()
        for number in range(100_000):
            (crumbs / str(number)).touch()
    try:
        yield
    finally:
        remount(disk.folder, "remount,nr_inodes=0")


@contextmanager
def read_only(house: House, _disk: Disk) -> Iterator[None]:
    """Where the files of mails are kept."""
    store = house.folder / "files"
    subprocess.run(["mount", "--bind", str(store), str(store)], check=True)
    remount(store, "remount,bind,ro")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(store)], check=True)


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", how, str(folder)], check=True)


Trouble = Callable[[House, Disk], AbstractContextManager[None]]


@pytest.mark.parametrize("trouble", [full, no_more_names, read_only])
def test_f9_what_cannot_be_kept_is_not_accepted(house: House, disk: Disk, trouble: Trouble) -> None:
    number = [full, no_more_names, read_only].index(trouble) + 1
    before = house.count("SELECT count(*) FROM payload")
    with trouble(house, disk):
        assert 400 <= offered(house, number) < 500
        if trouble is full:
            assert replied(house, "while-full") >= 500
        assert not list((house.folder / "files").rglob(".new-*"))
    house.deliver(mail(number))
    in_once(house, number)
    assert house.count("SELECT count(*) FROM payload") == before + 1
    if trouble is full:
        wait_for(lambda: replied(house, "while-full") == 200, 60, house.said)
        assert (
            house.count(
                "SELECT count(*) FROM message WHERE kind = 'reply' AND idempotency_key = 'while-full'"
            )
            == 1
        )
    assert not list((house.folder / "files").rglob(".new-*"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """PostgreSQL's own user must find its way there, which pytest's folders do not let it."""
    with tempfile.TemporaryDirectory(prefix="prosa-cluster-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def in_once(house: House, number: int) -> None:
    sql = f"SELECT count(*) FROM message WHERE subject LIKE '%token-{number}-x'"
    wait_for(lambda: house.count(sql) == 1, 60, house.said)
    assert house.count("SELECT count(*) FROM payload WHERE state NOT IN ('parsed', 'ignored')") == 0


def test_f8_a_database_locked_for_longer_than_anybody_waits_is_not_now(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        house.deliver(mail(-1))
        in_once(house, -1)
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path / "prosa.db"), str(engines.BUSY_SECONDS * 4)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with holder:
            assert holder.stdout and holder.stdout.readline() == "held\n"
            began = time.monotonic()
            assert 400 <= offered(house, 8) < 500
            assert time.monotonic() - began < engines.BUSY_SECONDS * 4, "it was not asked for ever"
            assert requests.get(f"{house.url}/healthz", timeout=10).ok, "who reads does not wait"
            holder.kill()
        house.deliver(mail(8))
        in_once(house, 8)
        assert house.count("SELECT count(*) FROM payload") == 2


@pytest.mark.skipif(cluster.binaries() is None, reason=cluster.MISSING)
def test_f8_a_postgresql_that_is_away_is_not_now_and_is_found_again(
    tmp_path: Path, open_folder: Path
) -> None:
    with Cluster(open_folder) as server, House(tmp_path / "house", server.url) as house:
        house.deliver(mail(-1))
        in_once(house, -1)
        for number, mode in enumerate(("fast", "immediate"), 1):
            server.stop(mode)
            assert 400 <= offered(house, number) < 500
            assert replied(house, f"away-{mode}") >= 500
            server.start()
            house.deliver(mail(number))
            in_once(house, number)
            wait_for(lambda mode=mode: replied(house, f"away-{mode}") == 200, 60, house.said)
        assert (
            house.count("SELECT count(*) FROM message WHERE kind = 'reply' AND idempotency_key LIKE 'away-%'")
            == 2
        )
        assert house.count("SELECT count(*) FROM payload") == 3
