"""Nobody is told "received" before the disk has it: seen from outside, call by call (row F5).

A process that is killed leaves its writes to the system; a power cut does not. So it is watched what was
synced when the answer went out. Elsewhere than on Linux with strace this is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.house import House, mail, wait_for
from tests.peers import strace
from tests.peers.liar import Liar
from tests.peers.strace import Call, Trace, unsynced, until

watched = pytest.mark.skipif(bool(strace.missing()), reason=strace.missing() or "it can be watched")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On SQLite; each test watches a mail of its own."""
    with House(tmp_path_factory.mktemp("power")) as made:
        yield made


def the_listener(house: House) -> psutil.Process:
    return next(
        process
        for process in house.find("worker.py")
        if any(
            line.status == "LISTEN" and line.laddr.port == house.mail_port
            for line in process.net_connections()
        )
    )


def child(house: House, name: str) -> int:
    """Of the worker, by its sign of life."""
    import redis

    bell = redis.Redis(unix_socket_path=str(house.folder / "valkey" / "valkey.sock"))
    return int(wait_for(lambda: bell.get(f"prosa:alive:{name}"), 20))


def stored(calls: list[Call], folder: Path, number: int = 1) -> int:
    """Where the mail's own bytes were written."""
    return next(
        at
        for at, call in enumerate(calls)
        if call.name == "write"
        and call.about.startswith(f"{folder}/files/")
        and f"token-{number}-x" in call.said
    )


def committed(calls: list[Call], folder: Path, after: int) -> bool:
    """Whether SQLite's log was written and synced from there on."""
    log = [call.name for call in calls[after:] if call.about == f"{folder}/prosa.db-wal"]
    return "pwrite64" in log and log[-1] in ("fsync", "fdatasync")


def assert_on_the_disk(calls: list[Call], folder: Path, number: int) -> None:
    """By then its bytes and the row that names them were synced, and nothing was written and left."""
    assert committed(calls, folder, stored(calls, folder, number))
    assert unsynced(calls, folder) == set()


@watched
def test_f5_a_mail_is_on_the_disk_before_its_250(house: House, tmp_path: Path) -> None:
    with Trace(the_listener(house).pid, tmp_path) as trace:
        house.deliver(mail(11))
    answered = until(trace.calls, "send", "250 2.0.0 Kept")
    assert_on_the_disk(trace.calls[:answered], house.folder, 11)


@watched
def test_f5_a_fetched_mail_is_on_the_disk_before_it_is_moved(house: House, tmp_path: Path) -> None:
    from tests.faults.test_mailbox import Collecting

    with Liar() as liar:
        helper = Collecting(house.folder)
        helper.variables = house.variables
        helper.do("connect", "1", json.dumps(liar.settings(in_after="move", in_move_to="Prosa")))
        wait_for(lambda: house.count("SELECT count(*) FROM cursor") == 1, 60, house.said)
        with Trace(child(house, "collector"), tmp_path) as trace:
            liar.offer(mail(12))
            wait_for(lambda: liar.folders.get("Prosa") and liar.folders["Prosa"].mails, 30, house.said)
        moved = until(trace.calls, "send", "MOVE")
        assert_on_the_disk(trace.calls[:moved], house.folder, 12)


@watched
def test_f5_a_reply_is_on_the_disk_before_its_200(house: House, tmp_path: Path) -> None:
    house.deliver(mail(13))
    [[ticket]] = wait_for(lambda: found(house, 13), 20, house.said)
    [web] = house.find("app.py")
    with Trace(web.pid, tmp_path) as trace:
        answer = house.ask("POST", f"/tickets/{ticket}/replies", html="<p>Yes</p>", key="k")
    assert answer.status_code == 200
    asked = until(trace.calls, "recv", f"POST /tickets/{ticket}/replies")
    answered = until(trace.calls, "send", "HTTP/1.1 200", asked)
    assert committed(trace.calls[:answered], house.folder, asked)
    assert unsynced(trace.calls[:answered], house.folder) == set()


def found(house: House, number: int) -> Any:
    with house.rows() as rows:
        return rows("SELECT id FROM ticket WHERE subject LIKE :s", s=f"%token-{number}-x")


@watched
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_f5_postgresql_has_committed_before_the_250(tmp_path: Path, database_url: str) -> None:
    """It syncs before it says COMMIT, unless it was told not to: only claims tell it so."""
    with House(tmp_path, database_url) as house:
        with Trace(the_listener(house).pid, tmp_path) as trace:
            house.deliver(mail(1))
        calls = trace.calls
        answered = until(calls, "send", "250 2.0.0 Kept")
        written = stored(calls[:answered], tmp_path)
        inserted = until(calls, "send", "INSERT INTO payload", written)
        asked = until(calls, "send", "COMMIT", inserted)
        assert asked < until(calls, "recv", "COMMIT", asked) < answered
        assert not any("synchronous_commit" in call.said for call in calls[written:answered])
        assert unsynced(calls[:answered], tmp_path) == set()
        with house.rows() as rows:
            shown = [rows(f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit")]
        assert shown[0] == "on" and shown[1] != "off"


# --------------------------------------------------------------------- that this would find what is wrong

WHOLE = """\
7  openat(AT_FDCWD</x>, "/d/files/ab/.new-1", O_RDWR|O_CREAT|O_EXCL, 0600) = 9</d/files/ab/.new-1>
7  write(9</d/files/ab/.new-1>, "From: token-1-x", 15) = 15
7  fsync(9</d/files/ab/.new-1>) = 0
7  rename("/d/files/ab/.new-1", "/d/files/ab/abc") = 0
7  fsync(9</d/files/ab>) = 0
7  pwrite64(10</d/prosa.db-wal>, "x"..., 4096, 24) = 4096
8  write(11</d/prosa.db-shm>, "x", 1) = 1
7  fdatasync(10</d/prosa.db-wal> <unfinished ...>
8  write(2<pipe:[1]>, "noise", 5) = 5
7  <... fdatasync resumed>) = 0
8  sendto(5<socket:[9]>, "250 2.0.0 Kept\\r\\n", 16, 0, NULL, 0) = 16
""".splitlines()


def told_too_early(lines: list[str]) -> bool:
    calls = list(strace.read(lines))
    before = calls[: until(calls, "send", "250")]
    return bool(unsynced(before, Path("/d"))) or not committed(before, Path("/d"), stored(before, Path("/d")))


def test_a_trace_in_order_is_found_to_be_so() -> None:
    assert not told_too_early(WHOLE)


@pytest.mark.parametrize("line", [2, 4, 5, 9], ids=["file", "folder", "log written", "log synced"])
def test_a_sync_that_is_missing_is_found(line: int) -> None:
    assert told_too_early(WHOLE[:line] + WHOLE[line + 1 :])


@pytest.mark.parametrize("line", [2, 4, 9], ids=["file", "folder", "log"])
def test_a_sync_that_comes_after_the_answer_is_found(line: int) -> None:
    assert told_too_early([*WHOLE[:line], *WHOLE[line + 1 :], WHOLE[line]])


def test_what_is_written_between_the_sync_and_the_answer_is_found() -> None:
    late = '7  pwrite64(10</d/prosa.db-wal>, "y"..., 4096, 24) = 4096'
    assert told_too_early([*WHOLE[:-1], late, WHOLE[-1]])
