"""Clocks that are put forward and back, and timetables that stood still or are two: everything happens once.

Rows F17, F18 and F19 of the fault list.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from inbox import channels, db, intake, outbox, reactions, tickets
from inbox.channels import Outbound, Sent
from inbox.intake import claims
from inbox.models import Account, Agent, Event, Handling, Payload
from inbox.reactions import surveys
from tests import asked
from tests.attacks.post import again
from tests.conftest import Bells
from tests.people import MailFrom
from tests.test_intake import MAIL

HOUR = timedelta(hours=1)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the provider took, by its key."""
    taken: list[str] = []

    def send(_settings: object, mail: Outbound) -> Sent:
        taken.append(mail.key)
        return Sent(mail.key, "smtp", b"raw")

    monkeypatch.setattr(channels.of("mail"), "send", send, raising=False)
    return taken


def ring(bells: Bells, queue: str, run: Callable[[int], None]) -> None:
    """Be the worker: do what was rung for."""
    rung, bells.rung[:] = [row for name, _run, row in bells.rung if name == queue], []
    for row in rung:
        run(row)


def state_of(payload_id: int) -> str:
    return db.session.scalars(select(Payload.state).where(Payload.id == payload_id)).one()


def test_f17_a_mail_in_hand_when_the_clock_went_back_is_read_at_once(support: Account, bells: Bells) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    with time_machine.travel(db.now() + HOUR, tick=False):
        assert claims.claim(payload_id, 1)  # and its reader dies
    bells.rung.clear()
    db.session.execute(update(Payload).values(created_at=db.now() - timedelta(seconds=10)))
    db.session.commit()
    assert intake.sweep() == 1
    ring(bells, "intake", intake.read_now)
    assert state_of(payload_id) == "parsed"


def test_f17_a_mail_that_came_while_the_clock_was_ahead_does_not_wait_for_it(
    support: Account, bells: Bells
) -> None:
    with time_machine.travel(db.now() + HOUR, tick=False):
        [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    bells.rung.clear()  # its bell was lost
    assert intake.sweep() == 1
    ring(bells, "intake", intake.read_now)
    assert state_of(payload_id) == "parsed"


def test_who_is_far_behind_is_not_rung_for_what_may_be_done_by_then(support: Account, bells: Bells) -> None:
    """Every bell takes a moment, also one for what is read already: they must not become ever more."""
    for number in range(4):
        intake.accept_mail(MAIL + b"%d" % number, ["support@barro.example"])
    db.session.execute(update(Payload).values(created_at=db.now() - timedelta(seconds=10)))
    db.session.commit()
    bells.rung.clear()
    bells.room = 0
    assert intake.sweep() == 0 and not bells.rung
    bells.room = 3
    assert intake.sweep() == 3 and len(bells.rung) == 3


def test_f17_what_happened_while_the_clock_was_ahead_is_looked_at(mail_from: MailFrom, bells: Bells) -> None:
    with time_machine.travel(db.now() + HOUR, tick=False):
        mail_from()
        db.session.commit()
    bells.rung.clear()
    assert reactions.sweep() == 1
    ring(bells, "reactions", reactions.run)
    waiting = select(func.count()).select_from(Handling).where(Handling.handled_at.is_(None))
    assert db.session.scalar(waiting) == 0


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_f17_a_scheduled_reply_leaves_once_and_not_before_its_moment(
    mail_from: MailFrom, ada: Agent, bells: Bells, left: list[str], jump: timedelta
) -> None:
    began = datetime(2026, 3, 10, 12, tzinfo=UTC)
    with time_machine.travel(began, tick=False) as clock:
        tickets.reply(mail_from(), ada, "<p>Later</p>", key="k", send_at=began + timedelta(minutes=30))
        db.session.commit()
        for moment in (jump, timedelta(), timedelta(minutes=29)):
            clock.move_to(began + moment)
            outbox.sweep()
            ring(bells, "outbox", outbox.send_now)
            assert len(left) == (1 if jump > timedelta() else 0)
        for moment in (timedelta(minutes=31), jump, timedelta(hours=2)):
            clock.move_to(began + moment)
            outbox.sweep()
            ring(bells, "outbox", outbox.send_now)
            assert len(left) == 1


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 2, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2028, 2, 29, 2, tzinfo=UTC)),
    ],
    ids=["spring", "autumn", "no midnight", "leap day"],
)
def test_f17_a_survey_is_asked_once_on_a_day_that_is_not_as_others(
    mail_from: MailFrom, ada: Agent, bells: Bells, zone: str, day: datetime
) -> None:
    """Moments are kept in UTC, so a day of 23 or 25 hours and the 29th of February are like any other."""
    asked.want(wait_minutes=120)
    ada.zone = zone
    with time_machine.travel(day, tick=False) as clock:
        ticket = asked.resolved(mail_from, again(ada))
        for minute in range(0, 240, 10):
            clock.move_to(day + timedelta(minutes=minute))
            bells.rung.clear()
            surveys.sweep()
            ring(bells, "reactions", surveys.ask_now)
            assert (asked.of(ticket).state == "sent") == (minute >= 120), minute
    assert len(asked.mails()) == 1


def test_f18_after_two_hours_without_a_timetable_all_that_is_overdue_happens_once_and_in_order(
    mail_from: MailFrom, ada: Agent, bells: Bells, left: list[str]
) -> None:
    began = datetime(2026, 3, 10, 12, tzinfo=UTC)
    asked.want(wait_minutes=30)
    with time_machine.travel(began, tick=False) as clock:
        ticket = asked.resolved(mail_from, ada)
        wanted = []
        for minutes in (50, 20, 80):
            other = mail_from(f"m{minutes}@x.example", subject=f"in {minutes}")
            made = tickets.reply(
                other,
                again(ada),
                "<p>Later</p>",
                key=f"later {minutes}",
                send_at=began + timedelta(minutes=minutes),
            )
            wanted.append(made.message_id_header)
        db.session.commit()
        clock.move_to(began + timedelta(hours=2))
        for _ in range(3):
            bells.rung.clear()
            surveys.sweep()
            ring(bells, "reactions", surveys.ask_now)
            outbox.sweep()
            ring(bells, "outbox", outbox.send_now)
    assert [key for key in left if key in wanted] == wanted  # as they were written, which an account keeps to
    assert len(left) == len(set(left))  # with the first answer and the survey
    assert asked.of(ticket).state == "sent"


def test_f19_two_timetables_at_once_ask_once(mail_from: MailFrom, ada: Agent, bells: Bells) -> None:
    asked.want(wait_minutes=0)
    ticket = asked.resolved(mail_from, ada)
    bells.rung.clear()
    assert surveys.sweep() == surveys.sweep() == 1  # both ring
    twice = [row for _queue, _run, row in bells.rung]
    for row in [*twice, *reversed(twice)]:
        surveys.ask_now(row)
    assert len(asked.mails()) == 1 and asked.of(ticket).state == "sent"


def test_f19_two_senders_at_once_send_once(
    mail_from: MailFrom, ada: Agent, bells: Bells, left: list[str]
) -> None:
    made = tickets.reply(mail_from(), ada, "<p>On its way</p>", key="k")
    made.not_before = db.now() - timedelta(seconds=1)
    db.session.commit()
    outbox.sweep()
    outbox.sweep()
    ring(bells, "outbox", outbox.send_now)
    assert len(left) == 1
    assert db.session.scalar(select(func.count()).where(Event.kind == "reply_sent")) == 1
