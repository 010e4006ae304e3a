"""A message is claimed by one sender, marked by the one who holds the lease, and doubted when it died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox import channels, db, outbox, tickets
from inbox.channels import Outbound, SendError, Sent
from inbox.config import settings
from inbox.models import Agent, Message
from tests.conftest import Bells
from tests.people import MailFrom


class Provider:
    """Takes or refuses what the mail channel sends."""

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.problem: SendError | None = None
        self.refused: dict[str, str] = {}
        self.later: tuple[str, ...] = ()
        self.meanwhile: Callable[[], None] = lambda: None

    def send(self, _settings: object, outbound: Outbound) -> Sent:
        self.sent.append(outbound)
        self.meanwhile()
        if self.problem:
            raise self.problem
        return Sent(outbound.key, "smtp", b"raw", self.refused, self.later)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    made = Provider()
    monkeypatch.setattr(channels.of("mail"), "send", made.send, raising=False)
    return made


@pytest.fixture
def due(mail_from: MailFrom, ada: Agent) -> int:
    """A reply whose undo window is over."""
    message = tickets.reply(mail_from(), ada, "<p>On its way</p>", key="k")
    message.not_before = db.now() - timedelta(seconds=1)
    db.session.commit()
    return message.id


def row(message_id: int) -> Message:
    db.session.expire_all()
    return db.session.scalars(select(Message).where(Message.id == message_id)).one()


def test_it_is_sent_once(due: int, provider: Provider) -> None:
    outbox.send_now(due)
    outbox.send_now(due)
    assert len(provider.sent) == 1
    message = row(due)
    assert (message.state, message.lease) == ("sent", None)
    assert message.version == message.ticket.version


def test_not_before_its_time(mail_from: MailFrom, ada: Agent, provider: Provider) -> None:
    message = tickets.reply(mail_from(), ada, "<p>Hi</p>", key="k")
    db.session.commit()
    outbox.send_now(message.id)
    assert not provider.sent and row(message.id).state == "queued"


def test_a_passing_failure_is_tried_again_later_with_the_reason(due: int, provider: Provider) -> None:
    provider.problem = SendError("The mail server said: 451 greylisted")
    outbox.send_now(due)
    message = row(due)
    assert message.state == "queued" and "greylisted" in message.failure
    assert message.not_before is not None and message.not_before > db.now()
    assert not message.is_undoable


def test_after_the_last_attempt_it_fails(due: int, provider: Provider) -> None:
    provider.problem = SendError("The mail server does not answer")
    db.session.execute(
        update(Message).where(Message.id == due).values(attempts=settings().outbox.attempts - 1)
    )
    db.session.commit()
    outbox.send_now(due)
    assert row(due).state == "failed"


def test_a_sender_that_died_leaves_a_doubt_and_the_same_message_id_goes_out(
    due: int, provider: Provider, bells: Bells
) -> None:
    key = row(due).message_id_header
    db.session.execute(
        update(Message)
        .where(Message.id == due)
        .values(state="sending", lease="dead", leased_until=db.now() - timedelta(seconds=1), attempts=1)
    )
    db.session.commit()
    bells.rung.clear()
    outbox.sweep()
    assert row(due).state == "unconfirmed" and ("outbox", "send_now", due) in bells.rung
    outbox.send_now(due)
    assert row(due).state == "sent" and [o.key for o in provider.sent] == [key]


def _somebody_else_took_over(due: int) -> Callable[[], None]:
    def take_over() -> None:
        db.session.execute(update(Message).where(Message.id == due).values(lease="theirs"))
        db.session.commit()

    return take_over


def test_a_sender_that_was_too_slow_and_failed_changes_nothing(due: int, provider: Provider) -> None:
    provider.meanwhile = _somebody_else_took_over(due)
    provider.problem = SendError("The mail server does not answer", permanent=True)
    outbox.send_now(due)
    assert row(due).state == "sending" and row(due).lease == "theirs"


def test_what_has_left_is_not_sent_for_ever_because_its_server_is_slow(due: int, provider: Provider) -> None:
    provider.meanwhile = _somebody_else_took_over(due)
    outbox.send_now(due)
    assert row(due).state == "sent"
    outbox.sweep()
    outbox.send_now(due)
    assert len(provider.sent) == 1


def test_a_reply_that_kills_every_sender_is_given_up(due: int, provider: Provider) -> None:
    lost = {"state": "sending", "lease": "dead", "leased_until": db.now() - timedelta(seconds=1)}
    attempts = settings().outbox.attempts
    db.session.execute(update(Message).where(Message.id == due).values(attempts=attempts, **lost))
    db.session.commit()
    outbox.sweep()
    outbox.send_now(due)
    assert row(due).state == "failed" and not provider.sent


def test_the_sweep_rings_for_what_is_due(due: int, bells: Bells) -> None:
    bells.rung.clear()
    assert outbox.sweep() == 1 and bells.rung == [("outbox", "send_now", due)]


def test_the_answer_names_the_agent_and_the_company(due: int, provider: Provider) -> None:
    outbox.send_now(due)
    sent = provider.sent[0]
    assert sent.sender.name == "Ada Prado (Barro & Linho)" and sent.sender.address == "support@barro.example"
    assert sent.refers_to and sent.refers_to[-1].startswith("<m")


def test_a_refused_copy_is_shown_on_a_message_that_left(due: int, provider: Provider) -> None:
    provider.refused = {"rui@else.example": "550 no such user"}
    outbox.send_now(due)
    message = row(due)
    assert message.state == "sent" and message.failure and "no such user" in message.failure_detail
