"""Processes are killed while mail comes in and answers go out: nothing is lost, nothing is doubled.

Rows F1, F2, F3 and F7 of the fault list. A kill does not test fsync: ``tests/test_files.py`` does.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.faults.conftest import use_server
from tests.house import PATIENCE, House, Ledger, mail, wait_for

MAILS_AND_REPLIES = {"sqlite": (300, 60), "postgresql": (150, 30)}
VICTIMS = (("app.py",), ("worker.py",), ("inbox.mail.child",))


class Killer(threading.Thread):
    """Kills something of the house every so often, until it is told to stop.

    It mostly waits until the house answers again: on a slow machine a web process that is killed whenever it
    has just started would never take a reply, and there would be nothing to lose. One time in four it does
    not wait, so that what is starting is killed too.
    """

    def __init__(self, house: House, seed: int) -> None:
        super().__init__(daemon=True)
        self.house, self.random, self.stopped = house, random.Random(seed), threading.Event()
        self.kills = 0

    def run(self) -> None:
        while not self.stopped.wait(self.random.uniform(0.6, 2.0)):
            victims = self.house.find(*self.random.choice(VICTIMS))
            if victims:
                self.random.choice(victims).kill()
                self.kills += 1
                if self.random.random() < 0.75:
                    self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        while not self.stopped.wait(0.1):
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.house.url}/healthz", timeout=2).ok:
                    return


def send_replies(house: House, tickets: list[int]) -> None:
    """As a browser does: the same key again until the server says it has it."""
    token = ""
    for ticket in tickets:
        deadline = time.monotonic() + 60 * PATIENCE
        while True:
            assert time.monotonic() < deadline, house.said()
            try:
                if not token:
                    from tests.house import csrf

                    token = csrf(house.page("/settings/me"))
                answer = house.http.post(
                    f"{house.url}/tickets/{ticket}/replies",
                    data={"html": f"<p>On its way {ticket}</p>", "key": f"key-{ticket}"},
                    headers={"X-CSRFToken": token, "Origin": house.url},
                    timeout=5,
                )
                if answer.status_code == 200:
                    break
                assert answer.status_code >= 500, (answer.status_code, answer.text[:500])
            except (requests.RequestException, AssertionError):
                token = ""
                time.sleep(0.1)


def test_kill_9_of_web_worker_and_parser_loses_and_doubles_nothing(
    open_house: House, database_url: str, ledger: Ledger, connect_smtp: Callable[[House, Ledger], None]
) -> None:
    house, seed = open_house, random.randrange(10**6)
    mails, replies = MAILS_AND_REPLIES["postgresql" if database_url else "sqlite"]
    print(f"seed {seed}")
    connect_smtp(house, ledger)
    house.deliver(*(mail(-n) for n in range(1, replies + 1)))
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") == replies, 60, house.said)
    with house.rows() as rows:
        tickets = [row[0] for row in rows("SELECT id FROM ticket ORDER BY id")]

    killer = Killer(house, seed)
    killer.start()
    replying = threading.Thread(target=send_replies, args=(house, tickets), daemon=True)
    replying.start()
    house.deliver(*(mail(n) for n in range(1, mails + 1)))
    replying.join(300)
    killer.stopped.set()
    killer.join()
    assert not replying.is_alive() and killer.kills > 3

    wait_for(lambda: house.count("SELECT count(*) FROM payload WHERE state = 'new'") == 0, 120, house.said)
    wait_for(
        lambda: house.count("SELECT count(*) FROM message WHERE kind = 'reply' AND state <> 'sent'") == 0,
        120,
        house.said,
    )
    with house.rows() as rows:
        tokens = [row[0] for row in rows("SELECT subject FROM message WHERE kind = 'customer'")]
        assert sorted(tokens) == sorted(
            f"Cracked cup token-{n}-x" for n in (*range(-replies, 0), *range(1, mails + 1))
        )
        assert rows("SELECT count(*) FROM payload WHERE state = 'failed'")[0][0] == 0
        sent = [row[0] for row in rows("SELECT message_id_header FROM message WHERE kind = 'reply'")]
        assert len(sent) == len(set(sent)) == replies
        counted = rows("SELECT sum(n) FROM tally")[0][0]
        assert counted == rows("SELECT count(*) FROM ticket")[0][0] == replies + mails
    assert set(ledger.taken) == set(sent), "each reply reached the server, and only they did"


@pytest.fixture(scope="module")
def provider() -> Iterator[Ledger]:
    with Ledger() as made:
        yield made


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory, provider: Ledger) -> Iterator[House]:
    """Sends through the provider; each test answers a mail of its own."""
    with House(tmp_path_factory.mktemp("answering")) as house:
        use_server(house, provider)
        yield house


def answer(house: House, number: int) -> str:
    """The Message-ID of a reply to a mail that has just come in."""
    house.deliver(mail(number))
    ticket = wait_for(
        lambda: one(house, "SELECT id FROM ticket WHERE subject LIKE :s", number), 20, house.said
    )
    said = house.ask("POST", f"/tickets/{ticket}/replies", html="<p>Hi</p>", key=f"key-{number}")
    assert said.status_code == 200, said.text
    with house.rows() as rows:
        [[header]] = rows(
            "SELECT message_id_header FROM message WHERE kind = 'reply' AND ticket_id = :id", id=ticket
        )
    return str(header)


def one(house: House, sql: str, number: int) -> int:
    with house.rows() as rows:
        return next((int(row[0]) for row in rows(sql, s=f"%token-{number}-x")), 0)


def said_of(house: House, header: str) -> tuple[str, str]:
    with house.rows() as rows:
        [[state, detail]] = rows(
            "SELECT state, failure_detail FROM message WHERE message_id_header = :header", header=header
        )
    return state, detail


def test_a_worker_killed_after_the_servers_250_sends_the_same_message_id_again(
    answering: House, provider: Ledger
) -> None:
    provider.delay = 3  # it has the mail, and its 250 is on the way
    header = answer(answering, 1)
    wait_for(lambda: provider.taken[header] == 1, 20, answering.said)
    answering.kill("worker.py")
    provider.delay = 0
    wait_for(lambda: said_of(answering, header)[0] == "sent", 60, answering.said)
    assert provider.taken[header] == 2


def test_a_reply_that_was_undone_never_leaves(
    tmp_path: Path, ledger: Ledger, connect_smtp: Callable[[House, Ledger], None]
) -> None:
    with House(tmp_path, PROSA__OUTBOX__UNDO_SECONDS="6") as house:
        connect_smtp(house, ledger)
        _undo(house, ledger)


def _undo(house: House, ledger: Ledger) -> None:
    house.deliver(mail(1))
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 1, 20, house.said)
    house.ask("POST", "/tickets/1/replies", html="<p>Wrong</p>", key="k")
    with house.rows() as rows:
        [[message]] = rows("SELECT id FROM message WHERE kind = 'reply'")
    assert house.ask("DELETE", f"/messages/{message}/delivery").status_code == 200
    time.sleep(8)
    assert not ledger.taken and house.count("SELECT count(*) FROM draft WHERE html LIKE '%Wrong%'") == 1


@pytest.mark.parametrize("refusal", ["550 5.1.1 no such user", "451 4.7.1 greylisted, try again"])
def test_a_refusal_is_told_with_its_reason(answering: House, provider: Ledger, refusal: str) -> None:
    provider.answer = refusal
    try:
        header = answer(answering, int(refusal[:3]))
        wait_for(lambda: refusal[:3] in said_of(answering, header)[1], 20, answering.said)
    finally:
        provider.answer = "250 OK"
    assert said_of(answering, header)[0] == ("failed" if refusal.startswith("5") else "queued")
    ticket = one(answering, "SELECT id FROM ticket WHERE subject LIKE :s", int(refusal[:3]))
    assert refusal[10:20] in answering.page(f"/views/open/tickets/{ticket}")
