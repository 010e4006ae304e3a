"""Counting who sends too much is exact, whoever counts at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select

from inbox import config, db, floods, intake
from inbox.mail.glance import glance
from inbox.models import Account, AccountAddress, Payload
from tests.attacks.post import EVE, letter
from tests.conftest import Bells
from tests.emptying import empty


@pytest.fixture
def mailbox(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """In the database itself: one transaction cannot show what two do."""
    db.bind(engine, join_transaction_mode="conditional_savepoint")
    monkeypatch.setenv("PROSA__MAIL__FLOOD_LIMIT", "3")
    config.settings.cache_clear()
    with db.writing() as session:
        support = Account(kind="mail", name="Barro", address="support@barro.example", settings={})
        support.addresses = [AccountAddress(address="support@barro.example")]
        session.add(support)
        session.flush()
        number = support.id
    yield number
    config.settings.cache_clear()
    empty()


def test_of_twelve_that_come_by_two_ways_at_once_exactly_three_are_to_be_read(mailbox: int) -> None:
    problems: list[BaseException] = []

    def take(letters: list[bytes]) -> None:
        try:
            for raw in letters:
                intake.accept([mailbox], raw)
        except BaseException as problem:
            problems.append(problem)

    bombs = [letter(EVE, f"Bomb {number}") for number in range(12)]
    receivers = [threading.Thread(target=take, args=(bombs[first::2],)) for first in range(2)]
    for receiver in receivers:
        receiver.start()
    for receiver in receivers:
        receiver.join()
    assert problems == []
    with db.reading():
        rows = db.session.execute(select(Payload.state, func.count()).group_by(Payload.state)).all()
    assert sorted(tuple(row) for row in rows) == [("held", 9), ("new", 3)]


def test_what_is_held_stands_in_no_queue_before_the_mail_of_others(mailbox: int, bells: Bells) -> None:
    ids = [intake.accept([mailbox], letter(EVE, f"Bomb {number}"))[0] for number in range(8)]
    [hers] = intake.accept([mailbox], letter())
    assert [number for _queue, _run, number in bells.rung] == [*ids[:3], hers]
    bells.rung.clear()
    intake.sweep()
    assert not {number for _queue, _run, number in bells.rung} & {*ids[3:]}


def test_a_mail_whose_headers_cannot_even_be_glanced_at_is_kept(
    mailbox: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floods, "glance", lambda _raw: 1 / 0)
    [payload_id] = intake.accept([mailbox], letter(EVE))
    with db.reading():
        assert db.session.get_one(Payload, payload_id).state == "new"


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        (b"From: Eve <EVE@evil.example>", "eve@evil.example"),
        (b"From: Eve <eve@evil.example>\r\nAuto-Submitted: no", "eve@evil.example"),
        (b"From: bot7@cron.example\r\nAuto-Submitted: auto-generated", "@cron.example"),
        (b"From: x@y.example\r\nPrecedence: bulk", "@y.example"),
        (b"From: x@y.example\r\nList-Id: The list <all.corp.example>", "list:all.corp.example"),
        (b"Sender: x@y.example", "x@y.example"),
        (b"Subject: nobody", "?"),
        (b"From: " + b"(" * 50_000, "?"),
        (b"", "?"),
    ],
)
def test_whose_flood_a_mail_belongs_to_is_seen_at_a_glance(headers: bytes, key: str) -> None:
    assert floods.key_of(headers + b"\r\n\r\nx") == key
    assert glance(b"\xff" * 1000).sender == ""


def test_a_group_of_ours_is_no_list_but_many_customers() -> None:
    support = Account(kind="mail", address="support@barro.example")
    support.addresses = [AccountAddress(address="support@barro.example")]
    raw = b"From: ana@x.example\r\nList-Id: Support <support.barro.example>\r\nPrecedence: list\r\n\r\nx"
    assert floods.key_of(raw, lambda: support) == "ana@x.example"
    assert floods.key_of(raw) == "list:support.barro.example"
