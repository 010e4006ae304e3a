"""A worker is killed at the worst moment, and what is undone or refused does not leave (rows F2 and F7).

Kills at random are ``test_fire.py``; that a kill does not test fsync is why there is ``test_power.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import use_server
from tests.house import House, Ledger, mail, wait_for


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
