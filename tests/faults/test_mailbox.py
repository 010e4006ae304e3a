"""Mail that is fetched from a real server, while we are killed (row F3) and while another mailbox is broken.

Every mail carries a token. When nothing more happens, each that was offered is stored once.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.house import House, free_port, mail, wait_for
from tests.peers.collecting import DEATHS, Run
from tests.peers.dovecot import BINARY, MISSING, Dovecot
from tests.peers.liar import Liar

pytestmark = pytest.mark.skipif(BINARY is None, reason=MISSING)

TOKENS = range(1, 8)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


class Collecting(House):
    """Only the collector, in processes that are killed."""

    def say(self, stage: str, *arguments: str) -> Run:
        here = {"PROSA__REDIS__URL": f"unix://{self.folder}/none.sock"}
        return Run(self.variables | here, self.folder / "log", stage, *arguments)

    def do(self, stage: str, *arguments: str) -> None:
        assert self.say(stage, *arguments).wait(60) == 0, self.said()

    def said(self) -> str:
        return (self.folder / "log").read_text()[-5000:]

    @contextmanager
    def running(self) -> Iterator[Run]:
        process = self.say("run")
        try:
            yield process
        finally:
            process.terminate()
            # it may not even have come to say what a signal means to it
            assert process.wait(10) in (0, -signal.SIGTERM), self.said()

    def cursor(self) -> dict[str, Any]:
        with self.rows() as rows:
            found = rows("SELECT CAST(value AS TEXT) FROM cursor WHERE account_id = 1")
        return json.loads(found[0][0]) if found else {}

    def tokens(self) -> list[str]:
        self.do("read")
        with self.rows() as rows:
            return sorted(row[0] for row in rows("SELECT subject FROM message"))


@pytest.fixture
def collecting(tmp_path: Path, database_url: str, dovecot: Dovecot) -> Iterator[Collecting]:
    """Connected while one mail was there."""
    made = Collecting(tmp_path, database_url)
    yield made
    made.stop()


def connect(house: Collecting, dovecot: Dovecot, **settings: Any) -> None:
    dovecot.deliver(mail(-1))
    house.do("connect", "1", json.dumps(dovecot.settings(**settings)))
    with house.running():
        wait_for(house.cursor, 60, house.said)


def subjects(*numbers: int) -> list[str]:
    return sorted(f"Cracked cup token-{n}-x" for n in numbers)


SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Each of these starts several processes; the random kills and the renumbering run on both databases."""


@SQLITE_ONLY
@pytest.mark.parametrize("stage", DEATHS)
def test_f3_the_collector_is_killed(collecting: Collecting, dovecot: Dovecot, stage: str) -> None:
    house, then = collecting, "delete" if "delete" in stage else "move"
    connect(house, dovecot, in_after=then, in_move_to="Prosa")
    dovecot.deliver(*(mail(n) for n in TOKENS))
    assert house.say(stage).wait(60) == -signal.SIGKILL, house.said()
    with house.running():
        wait_for(
            lambda: (
                house.count("SELECT count(*) FROM payload") == len(TOKENS)
                and len(dovecot.mails()) == 1
                and "leaving" not in house.cursor()
            ),
            60,
            house.said,
        )
    assert house.tokens() == subjects(*TOKENS)
    assert house.count("SELECT count(*) FROM payload WHERE state <> 'parsed'") == 0
    assert len(dovecot.mails(folder="Prosa")) == (len(TOKENS) if then == "move" else 0)


def test_f3_the_collector_is_killed_again_and_again(collecting: Collecting, dovecot: Dovecot) -> None:
    house, seed = collecting, random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    connect(house, dovecot, in_after="move", in_move_to="Prosa")
    for round_ in range(8):
        dovecot.deliver(*(mail(10 * round_ + n) for n in range(10)))
        process = house.say("run")
        time.sleep(chance.uniform(0.5, 2.5))
        process.kill()
        process.wait()
    with house.running():
        wait_for(lambda: len(dovecot.mails()) == 1 and "leaving" not in house.cursor(), 60, house.said)
    assert house.tokens() == subjects(*range(80))
    assert len(dovecot.mails(folder="Prosa")) == 80


def test_f10_dovecot_is_restored_with_other_numbers(collecting: Collecting, dovecot: Dovecot) -> None:
    house = collecting
    connect(house, dovecot)
    dovecot.deliver(*(mail(n) for n in (1, 2, 3)))
    with house.running():
        wait_for(lambda: house.count("SELECT count(*) FROM payload") == 3, 60, house.said)
    assert house.tokens() == subjects(1, 2, 3)
    before = house.cursor()["uidvalidity"]
    dovecot.deliver(mail(4))
    dovecot.renumber()
    dovecot.deliver(mail(5))
    with house.running():
        wait_for(lambda: house.count("SELECT count(*) FROM payload") == 5, 60, house.said)
        wait_for(lambda: house.cursor()["uidvalidity"] != before, 60, house.said)
    assert house.tokens() == subjects(1, 2, 3, 4, 5)
    assert not any(b"\\Seen" in found[b"FLAGS"] for found in dovecot.mails().values())


def test_a_broken_mailbox_and_a_killed_collector_stop_nobody(tmp_path: Path, dovecot: Dovecot) -> None:
    """Through the whole product: beside each other a good mailbox, one nobody answers for, one that lies."""
    with Liar() as liar, House(tmp_path) as house:
        helper = Collecting(tmp_path)
        helper.variables = house.variables
        liar.drops.update(dict.fromkeys(range(1, 100), 10000))
        broken = {**liar.settings(), "in_port": free_port()}
        helper.do("connect", "1", json.dumps(dovecot.settings()))
        helper.do("connect", "2", json.dumps(broken))
        helper.do("connect", "3", json.dumps(liar.settings()))
        wait_for(lambda: house.count("SELECT count(*) FROM cursor") == 2, 60, house.said)
        liar.offer(*(mail(n) for n in range(100, 110)))
        for n in TOKENS:
            dovecot.deliver(mail(n))
        wait_for(lambda: house.count("SELECT count(*) FROM ticket") == len(TOKENS), 60, house.said)
        failing = "SELECT count(*) FROM connection WHERE state = 'failing' AND account_id = 2"
        wait_for(lambda: house.count(failing) == 1, 60, house.said)
        assert house.count("SELECT count(*) FROM connection WHERE account_id = 1 AND state = 'ok'") == 1
        [victim] = [p for p in house.family() if is_collector(p.pid, house)]
        victim.kill()
        dovecot.deliver(mail(50))
        wait_for(lambda: house.count("SELECT count(*) FROM ticket") == len(TOKENS) + 1, 60, house.said)
        wait_for(house.is_ready, 60, house.said)


def is_collector(pid: int, house: House) -> bool:
    """As Valkey knows it: it says every few seconds that it is alive."""
    import redis

    bell = redis.Redis(unix_socket_path=str(house.folder / "valkey" / "valkey.sock"))
    return bell.get("prosa:alive:collector") == str(pid).encode()
