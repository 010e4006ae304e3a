"""Row F11: the outgoing server misbehaves. No message is lost, none leaves twice that the server has taken.

A real SMTP server on loopback, and the clock is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import insert, select

from inbox import connections, db, oauth, outbox, tickets
from inbox.channels.email import lines
from inbox.mail.tokens import Signer
from inbox.models import Account, Agent, Message
from inbox.outbox import claims
from inbox.vault import signing_key
from tests.conftest import Bells
from tests.peers.smtp import RESET_AFTER, RESET_TAKEN, RESET_UNTAKEN, STALL, Peer
from tests.people import MailFrom

pytestmark = pytest.mark.slow

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(BEGIN, tick=False) as travelling:
        yield travelling


@pytest.fixture
def peer(support: Account, clock: object) -> Iterator[Peer]:
    """Where support@ sends through."""
    with Peer() as made:
        fields = {"smtp_host": "127.0.0.1", "smtp_port": made.port, "smtp_security": "none"}
        support.settings = {**support.settings, **fields}
        db.session.commit()
        yield made
    lines.kept.close()


@pytest.fixture
def due(mail_from: MailFrom, ada: Agent, peer: Peer) -> int:
    """A reply whose undo window is over."""
    return reply(mail_from, ada)


def reply(mail_from: MailFrom, ada: Agent, key: str = "k", **values: Any) -> int:
    message = tickets.reply(mail_from(), ada, "<p>On its way</p>", key=key, **values)
    message.not_before = db.now() - timedelta(seconds=1)
    db.session.commit()
    return message.id


def row(message_id: int) -> Message:
    db.session.expire_all()
    return db.session.scalars(select(Message).where(Message.id == message_id)).one()


def ring(bells: Bells) -> None:
    """What the worker does: the timetable sweeps, then the queue is served."""
    bells.rung.clear()
    outbox.sweep()
    for queue, run, message_id in bells.rung:
        if (queue, run) == ("outbox", "send_now"):
            outbox.send_now(message_id)


def until_sent(message_id: int, bells: Bells, clock: time_machine.Coordinates, most: int = 60) -> Message:
    """Minute by minute."""
    for _ in range(most):
        if row(message_id).state in ("sent", "failed"):
            break
        clock.shift(timedelta(minutes=1))
        ring(bells)
    return row(message_id)


def test_f11_a_reset_before_the_250_sends_the_same_mail_again(
    due: int, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    peer.after_data.append(RESET_UNTAKEN)
    outbox.send_now(due)
    waiting = row(due)
    assert waiting.state == "queued" and "did not confirm" in waiting.failure and not waiting.is_undoable
    sent = until_sent(due, bells, clock)
    assert sent.state == "sent" and not sent.failure
    assert peer.taken == {sent.message_id_header: 1}


def test_f11_a_reset_before_the_250_of_a_mail_it_took_repeats_it_under_its_name(
    due: int, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    """Nobody could know; receivers recognise the Message-ID."""
    peer.after_data.append(RESET_TAKEN)
    outbox.send_now(due)
    sent = until_sent(due, bells, clock)
    assert sent.state == "sent" and peer.taken == {sent.message_id_header: 2}


def test_f11_a_reset_after_the_250_sends_nothing_again(
    due: int, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    peer.after_data.append(RESET_AFTER)
    outbox.send_now(due)
    assert row(due).state == "sent"
    clock.shift(timedelta(hours=3))
    ring(bells)
    assert peer.taken == {row(due).message_id_header: 1}


@pytest.mark.parametrize("stage", ["MAIL", "DATA", "end"])
def test_f11_421_is_tried_again(
    stage: str, due: int, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    if stage == "end":
        peer.after_data.append("421 4.3.2 Shutting down")
    else:
        peer.answers[stage] = "421 4.3.2 Shutting down"
    outbox.send_now(due)
    peer.answers.clear()
    waiting = row(due)
    assert waiting.state == "queued" and "421 4.3.2" in waiting.failure_detail
    sent = until_sent(due, bells, clock)
    assert sent.state == "sent" and peer.taken == {sent.message_id_header: 1}


def test_f11_421_in_the_greeting_lets_the_account_wait(
    due: int, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    peer.greeting = "421 4.3.2 Not now"
    for _ in range(40):  # far more often than a message may be tried
        clock.shift(timedelta(minutes=2))
        ring(bells)
    waiting = row(due)
    assert waiting.state == "queued" and waiting.attempts == 0 and "421" in waiting.failure_detail
    health = connections.health(waiting.ticket.account)
    assert health.outgoing.state == "failing" and health.waiting_out == 1
    peer.greeting = "220 Ready"
    sent = until_sent(due, bells, clock)
    assert sent.state == "sent" and peer.taken == {sent.message_id_header: 1}
    assert connections.health(sent.ticket.account).outgoing.state == "ok"


def test_f11_greylisting_delays_one_mail_and_not_the_account(
    mail_from: MailFrom, ada: Agent, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    peer.after_data.append("451 4.7.1 Greylisted, try again in 5 minutes")
    grey, other = reply(mail_from, ada, "k1"), reply(mail_from, ada, "k2")
    ring(bells)
    assert (row(grey).state, row(other).state) == ("queued", "sent")
    sent = until_sent(grey, bells, clock)
    assert sent.state == "sent" and set(peer.taken.values()) == {1} and peer.taken.total() == 2


@pytest.mark.parametrize(
    "answer",
    [
        "451 4.7.1 This mail is put off by our policy",
        "451 4.7.0 Temporarily rejected: too many links in it",
        "554 5.7.1 Too many links in it",
    ],
)
def test_f11_a_mail_that_its_server_never_takes_holds_up_no_other(
    answer: str, mail_from: MailFrom, ada: Agent, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    never, other = reply(mail_from, ada, "k1"), reply(mail_from, ada, "k2")
    peer.dislikes[(row(never).message_id_header or "").encode()] = answer
    ring(bells)
    assert row(other).state == "sent"
    failed = until_sent(never, bells, clock, most=600)
    assert failed.state == "failed" and failed.failure_detail.startswith(answer[:9])
    assert connections.pause_of(failed.ticket.account_id) is None


def test_f11_552_fails_with_a_sentence_and_nothing_is_tried_for_ever(due: int, peer: Peer) -> None:
    peer.after_data.append("552 5.3.4 Message size exceeds fixed limit")
    outbox.send_now(due)
    failed = row(due)
    assert failed.state == "failed" and "larger than the mail server takes" in failed.failure
    assert "552 5.3.4" in failed.failure_detail


def test_f11_of_several_recipients_each_gets_it_once_or_is_named(
    mail_from: MailFrom, ada: Agent, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    message_id = reply(mail_from, ada, cc=["rui@else.example", "nobody@else.example", "full@else.example"])
    peer.answers["RCPT nobody@else.example"] = "550 5.1.1 No such user"
    peer.answers["RCPT full@else.example"] = "452 4.2.2 Mailbox full"
    ring(bells)
    waiting = row(message_id)
    assert waiting.state == "queued" and waiting.sent_at
    assert "nobody@else.example: 550" in waiting.failure_detail
    del peer.answers["RCPT full@else.example"]
    sent = until_sent(message_id, bells, clock)
    assert [to for _sender, to in peer.envelopes] == [
        ("marina@queiroz.example", "rui@else.example"),
        ("full@else.example",),
    ]
    assert sent.state == "sent" and sent.failure
    assert sent.failure_detail == "nobody@else.example: 550 5.1.1 No such user"


def test_f11_who_is_refused_to_the_end_is_named_on_a_message_that_left(
    mail_from: MailFrom, ada: Agent, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    message_id = reply(mail_from, ada, cc=["full@else.example"])
    peer.answers["RCPT full@else.example"] = "452 4.2.2 Mailbox full"
    sent = until_sent(message_id, bells, clock, most=300)
    assert sent.state == "sent" and "full@else.example: 452" in sent.failure_detail
    assert peer.taken.total() == 1
    clock.shift(timedelta(days=1))
    ring(bells)
    assert peer.taken.total() == 1 and row(message_id).state == "sent"


@pytest.mark.parametrize("stage", ["MAIL", "DATA", "end"])
def test_f11_a_server_that_falls_silent_for_ten_minutes_is_left_in_time(
    stage: str,
    due: int,
    peer: Peer,
    bells: Bells,
    clock: time_machine.Coordinates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "LONGEST_SEND", 0.3)
    if stage == "end":
        peer.after_data.append(STALL)
    else:
        peer.answers[stage] = STALL
    outbox.send_now(due)
    waiting = row(due)
    assert waiting.state == "queued" and waiting.lease is None and "timed out" in waiting.failure_detail
    peer.answers.clear()
    monkeypatch.setattr(outbox, "LONGEST_SEND", 90.0)
    sent = until_sent(due, bells, clock)
    assert sent.state == "sent" and peer.taken == {sent.message_id_header: 1}


def test_f11_a_send_is_over_well_before_its_lease_and_its_job() -> None:
    from inbox import queue
    from inbox.config import settings

    assert settings().outbox.lease_seconds / 2 >= outbox.LONGEST_SEND
    assert outbox.LONGEST_SEND + 20 < queue.JOB_SECONDS


# ---------------------------------------------------------------------------------------------- rate

MANY = 300
"""`python -m benchmarks drain` does it with 1,000."""
SQLITE_ONLY = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@SQLITE_ONLY
def test_f11_replies_through_a_hundred_an_hour_are_neither_lost_nor_doubled(
    support: Account, mail_from: MailFrom, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    peer.hourly = 100
    support.settings = {**support.settings, "hourly_limit": 100}
    assert 2 <= drain(queue_up(mail_from, MANY), peer, bells, clock) <= 3
    assert peer.refusals == 0, "it never had to tell us"


def test_f11_a_rate_we_learn_of_by_refusals_drains_as_well(
    mail_from: MailFrom, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    peer.hourly = 30
    assert 3 <= drain(queue_up(mail_from, 100), peer, bells, clock) <= 4
    assert 0 < peer.refusals < 50, "nor is it asked all the time"


def drain(
    written: list[str], peer: Peer, bells: Bells, clock: time_machine.Coordinates, step: float = 5
) -> float:
    """Until nothing waits any more; the hours it took."""
    hours = 0.0
    ring(bells)
    while peer.taken.total() < len(written) and hours < 24:
        clock.shift(timedelta(minutes=step))
        hours += step / 60
        ring(bells)
        ring(bells)
    assert list(peer.taken) == written, "none lost, and the first written left first"
    assert set(peer.taken.values()) == {1}
    replies = db.session.scalars(select(Message).where(Message.kind == "reply")).all()
    assert {(m.state, m.attempts, m.failure) for m in replies} == {("sent", 1, "")}
    return hours


def test_an_account_that_waits_says_so_and_is_not_rung_for(
    support: Account, mail_from: MailFrom, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    support.settings = {**support.settings, "hourly_limit": 2}
    queue_up(mail_from, 5)
    ring(bells)
    clock.shift(timedelta(seconds=1))
    ring(bells)
    assert bells.rung == [] and peer.taken.total() == 2
    waiting = db.session.scalars(select(Message).where(Message.state == "queued")).all()
    assert {(m.attempts, m.failure_detail) for m in waiting} == {(0, "2")}
    assert all("your provider allows" in m.failure for m in waiting)
    queue_up(mail_from, 1, start=100)
    ring(bells)
    last = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    assert "your provider allows" in last.failure, "what came due since says so, too"
    clock.shift(timedelta(hours=1))
    ring(bells)
    assert peer.taken.total() == 4


def test_a_clock_that_was_wrong_loses_nothing(
    support: Account, mail_from: MailFrom, peer: Peer, bells: Bells, clock: time_machine.Coordinates
) -> None:
    support.settings = {**support.settings, "hourly_limit": 2}
    queue_up(mail_from, 6)
    clock.move_to(BEGIN + timedelta(days=400))
    peer.after_data.append("451 4.3.0 Try again")
    ring(bells)
    clock.move_to(BEGIN)
    for _ in range(200):
        clock.shift(timedelta(minutes=1))
        ring(bells)
    assert set(peer.taken.values()) == {1} and peer.taken.total() == 6


def test_a_token_that_is_not_taken_is_replaced_and_its_mail_leaves(
    support: Account, due: int, peer: Peer, bells: Bells, clock: time_machine.Coordinates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As when our clock is behind: we think that it lasts, and the server knows that it does not."""
    asked: list[int] = []
    monkeypatch.setattr(oauth, "access_token", lambda _account: "second" if asked else "first")
    monkeypatch.setattr(oauth, "refused", lambda account: asked.append(account.id))
    support.settings = {**support.settings, "auth": "google", "smtp_user": "support"}
    connections.ok(support.id, "out")
    db.session.commit()
    peer.users = {"support": "second"}
    ring(bells)
    assert row(due).state == "queued" and asked == [support.id]
    clock.shift(timedelta(seconds=2))
    ring(bells)
    assert row(due).state == "sent" and peer.taken.total() == 1


@pytest.mark.parametrize("failed", [0, 1])
def test_what_a_clock_that_was_ahead_put_off_begins_its_pause_when_that_is_right(
    mail_from: MailFrom, ada: Agent, peer: Peer, bells: Bells, clock: time_machine.Coordinates, failed: int
) -> None:
    clock.move_to(BEGIN + timedelta(hours=1))
    message = tickets.reply(mail_from(), ada, "<p>On its way</p>", key="k")
    message.attempts, message.not_before = failed, db.now() + claims.pause(failed)
    db.session.commit()
    clock.move_to(BEGIN)
    ring(bells)
    assert row(message.id).not_before == BEGIN + claims.pause(failed)  # it can still be taken back
    clock.shift(claims.pause(failed) - timedelta(seconds=1))
    ring(bells)
    assert row(message.id).state == "queued"
    clock.shift(timedelta(seconds=1))
    ring(bells)
    assert row(message.id).state == "sent"


def queue_up(mail_from: MailFrom, count: int, start: int = 0) -> list[str]:
    """So many replies that are due; their Message-IDs, in the order they were written."""
    customer = mail_from.message()
    signer, moment = Signer(signing_key()), db.now()
    rows = [
        {
            "ticket_id": customer.ticket_id,
            "thread_id": customer.thread_id,
            "account_id": customer.account_id,
            "kind": "reply",
            "state": "queued",
            "text": f"Number {start + number}",
            "recipients": {"to": [{"name": "", "address": "marina@queiroz.example"}]},
            "message_id_header": (key := signer.message_id(customer.thread_id or 0, "barro.example")),
            "external_id": key,
            "not_before": moment - timedelta(seconds=1),
            "created_at": moment,
        }
        for number in range(count)
    ]
    db.session.execute(insert(Message), rows)
    db.session.commit()
    return [str(values["message_id_header"]) for values in rows]
