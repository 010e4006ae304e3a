"""Mails that wait together are read in one go, and none of them pays for another."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from inbox import db, intake, tickets
from inbox.intake import claims
from inbox.models import Account, CustomerWord, Event, Handling, Message, Payload, Ticket, tally
from tests.conftest import Bells


def mail(number: int, sender: str = "marina@queiroz.example") -> bytes:
    return (
        b"From: Marina <%s>\r\nTo: support@barro.example\r\nSubject: Cup %d\r\n"
        b"Message-ID: <%d@queiroz.example>\r\n\r\nCup number %d is cracked.\r\n"
    ) % (sender.encode(), number, number, number)


def kept(*mails: bytes) -> list[int]:
    return [number for raw in mails for number in intake.accept_mail(raw, ["support@barro.example"])]


def states() -> dict[int, str]:
    db.session.expire_all()
    return {one.id: one.state for one in db.session.scalars(select(Payload).order_by(Payload.id))}


def test_who_is_rung_for_one_reads_those_behind_it_as_well(support: Account, bells: Bells) -> None:
    ids = kept(*(mail(n) for n in range(5)))
    intake.read_now(ids[0])
    assert set(states().values()) == {"parsed"}
    subjects = db.session.scalars(select(Ticket.subject).order_by(Ticket.id)).all()
    assert subjects == [f"Cup {n}" for n in range(5)]
    assert len([what for what, *_ in bells.told if what == "changed"]) == 5
    for number in ids:
        intake.read_now(number)
    assert len(db.session.scalars(select(Message)).all()) == 5


def test_what_they_bring_is_what_each_alone_would_have_brought(support: Account) -> None:
    people = ("ana@x.example", "rui@y.example", "ana@x.example", "zoe@z.example")
    ids = kept(*(mail(n, sender) for n, sender in enumerate(people)))
    intake.read_now(ids[0])
    assert len({ticket.identity_id for ticket in db.session.scalars(select(Ticket))}) == 3
    assert tally.drift() == {}
    kinds = db.session.scalars(select(Event.kind).order_by(Event.id)).all()
    assert kinds == ["opened", "message_received"] * 4
    assert len(db.session.scalars(select(Handling)).all()) == 3 * 4
    words = {one.word for one in db.session.scalars(select(CustomerWord))}
    assert {"ana", "rui", "zoe", "marina"} <= words
    assert all(ticket.customer.active_at >= ticket.active_at for ticket in db.session.scalars(select(Ticket)))


def test_the_same_mail_twice_among_them_is_one_message(support: Account) -> None:
    ids = kept(mail(1), mail(2), mail(1))
    intake.read_now(ids[0])
    assert list(states().values()) == ["parsed", "parsed", "ignored"]


def test_one_that_cannot_be_read_keeps_nobody(support: Account) -> None:
    ids = kept(mail(1), b"Subject: nobody wrote this\r\n\r\nx", mail(2))
    intake.read_now(ids[0])
    assert list(states().values()) == ["parsed", "failed", "parsed"]


def test_one_that_cannot_be_taken_in_keeps_nobody(
    support: Account, monkeypatch: pytest.MonkeyPatch, bells: Bells
) -> None:
    take_in = tickets.take_in

    def stumbling(account: Account, inbound: object, payload: Payload) -> str:
        said = take_in(account, inbound, payload)  # type: ignore[arg-type]
        if "Cup 2" in inbound.subject:  # type: ignore[attr-defined]
            raise ZeroDivisionError
        return said

    monkeypatch.setattr(tickets, "take_in", stumbling)
    ids = kept(mail(1), mail(2), mail(3))
    intake.read_now(ids[0])
    assert list(states().values()) == ["parsed", "failed", "parsed"]
    assert db.session.scalars(select(Ticket.subject).order_by(Ticket.id)).all() == ["Cup 1", "Cup 3"]
    assert tally.drift() == {}
    assert len([what for what, *_ in bells.told if what == "changed"]) == 2


def test_one_that_brought_a_reader_down_is_read_by_itself(support: Account) -> None:
    ids = kept(mail(1), mail(2), mail(3))
    db.session.execute(update(Payload).where(Payload.id == ids[0]).values(attempts=1))
    db.session.commit()
    intake.read_now(ids[0])
    assert list(states().values()) == ["parsed", "new", "new"]
    db.session.execute(update(Payload).where(Payload.id == ids[2]).values(attempts=1))
    db.session.commit()
    intake.read_now(ids[1])
    assert list(states().values()) == ["parsed", "parsed", "new"]


def test_older_and_large_mail_waits_for_its_own_reader(support: Account) -> None:
    ids = kept(mail(1), mail(2), mail(3))
    db.session.execute(update(Payload).where(Payload.id == ids[1]).values(imported=True))
    db.session.execute(update(Payload).where(Payload.id == ids[2]).values(size=claims.SMALL))
    db.session.commit()
    intake.read_now(ids[0])
    assert list(states().values()) == ["parsed", "new", "new"]


def test_an_import_reads_its_own_only(support: Account) -> None:
    ids = kept(mail(1), mail(2))
    intake.read_now(ids[0], alone=True)
    assert list(states().values()) == ["parsed", "new"]


def test_a_mailbox_whose_password_cannot_be_read_keeps_nobody_elses_mail(
    support: Account, linen_mailbox: Account
) -> None:
    linen_mailbox.settings = {**linen_mailbox.settings, "smtp_password": "sealed with another key"}
    db.session.commit()
    raw = mail(2)
    ids = [*kept(mail(1)), *intake.accept_mail(raw, [linen_mailbox.address]), *kept(mail(3))]
    intake.read_now(ids[0])
    assert list(states().values()) == ["parsed", "failed", "parsed"]


def test_slow_reading_keeps_the_order(support: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that does not answer: what was not begun is not overtaken by newer mail."""
    read = intake._read

    def slow(one: claims.Claimed) -> object:
        time.sleep(0.15)
        return read(one)

    monkeypatch.setattr(intake, "_read", slow)
    monkeypatch.setattr(claims, "AHEAD", timedelta(seconds=1))  # half of which is enough for a few
    for number in kept(*(mail(n) for n in range(20))):
        intake.read_now(number)
    assert set(states().values()) == {"parsed"}
    order = db.session.scalars(select(Message.payload_id).order_by(Message.id)).all()
    assert list(order) == sorted(order)


def test_who_lost_the_lease_fails_nothing(support: Account) -> None:
    def broken() -> list[object]:
        raise intake.ParseError("The reader was stopped.")

    [number] = kept(mail(1))
    [slow] = claims.claim(number, 1)
    with db.writing():
        db.session.execute(update(Payload).values(leased_until=db.now() - timedelta(seconds=1)))
    [fast] = claims.claim(number, 1)  # another has it in hand now
    intake._finish(slow, broken)
    intake._finish(fast, lambda: intake._read(fast))
    assert states() == {number: "parsed"}


def test_those_behind_wait_for_a_reader_that_died_for_a_shorter_time(support: Account, bells: Bells) -> None:
    ids = kept(*(mail(n) for n in range(3)))
    assert len(claims.claim(ids[0], claims.TOGETHER)) == 3  # and here it dies
    with time_machine.travel(db.now() + claims.AHEAD + timedelta(seconds=1), tick=False):
        assert intake.sweep() == 2
        for number in ids[1:]:  # what was with somebody who died is read by itself
            intake.read_now(number)
        assert states() == {ids[0]: "new", ids[1]: "parsed", ids[2]: "parsed"}
        intake.read_now(ids[0])
        assert states()[ids[0]] == "new"
    with time_machine.travel(db.now() + claims.LEASE + timedelta(seconds=1), tick=False):
        intake.read_now(ids[0])
    assert set(states().values()) == {"parsed"}
