"""Reactions happen once, by themselves, and one that breaks is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from rq.timeouts import JobTimeoutException
from sqlalchemy import Connection, select, update

from inbox import db, reactions
from inbox.models import Event, Handling, Tag, Ticket
from inbox.models.event import INTERESTED
from inbox.reactions import REACTIONS
from tests.conftest import Bells
from tests.people import MailFrom
from tests.views.test_queries import counting

SEVERAL = 12
"""Statements to look at any number of new conversations that wait, where nobody is confirmed or told."""


def last_event() -> int:
    return db.session.scalars(select(Event.id).where(Event.kind == "message_received")).one()


def test_the_list_of_the_interested_names_every_reaction() -> None:
    assert {name for names in INTERESTED.values() for name in names} == set(REACTIONS)


def test_the_language_of_a_customer_is_learnt(mail_from: MailFrom, bells: Bells) -> None:
    ticket = mail_from(subject="Xícara", text="Uma das xícaras chegou trincada, o que eu faço agora?")
    db.session.commit()
    event = last_event()
    assert ("reactions", "inbox.reactions.run", event) in bells.rung
    reactions.run(event)
    db.session.expire_all()
    ticket = db.session.get_one(Ticket, ticket.id)
    assert ticket.language == "pt" and ticket.customer.language == "pt"


def test_it_happens_once(mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setitem(REACTIONS, "language", lambda events: seen.extend(one.id for one in events))
    mail_from()
    db.session.commit()
    event = last_event()
    reactions.run(event)
    reactions.run(event)
    assert seen == [event]


def test_one_that_breaks_leaves_nothing_and_is_tried_again(
    mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_events: Sequence[Event]) -> None:
        db.session.add(Tag(name="half done"))
        db.session.flush()
        raise RuntimeError

    monkeypatch.setitem(REACTIONS, "language", broken)
    mail_from()
    db.session.commit()
    event = last_event()
    reactions.run(event)
    language = select(Handling).where(Handling.reaction == "language")
    handling = db.session.scalars(language).one()
    assert handling.handled_at is None and handling.attempts == 1 and handling.failure == "RuntimeError"
    others = select(Handling.handled_at).where(Handling.event_id == event, Handling.reaction != "language")
    assert all(db.session.scalars(others)), "the others looked at it all the same"
    assert not db.session.scalars(select(Tag)).all()
    monkeypatch.setitem(REACTIONS, "language", lambda _events: None)
    reactions.run(event)
    db.session.expire_all()
    assert db.session.scalars(language).one().handled_at is not None


# ------------------------------------------------------------------------------------ many that wait


@pytest.fixture
def waiting(mail_from: MailFrom) -> list[int]:
    """Five events of five people that nobody has looked at."""
    for number in range(5):
        mail_from(f"Guest {number} <guest{number}@x.example>", text="Uma das xícaras chegou trincada.")
    db.session.commit()
    received = select(Event.id).where(Event.kind == "message_received").order_by(Event.id)
    return list(db.session.scalars(received))


def unhandled() -> set[tuple[int, str]]:
    rows = select(Handling.event_id, Handling.reaction).where(Handling.handled_at.is_(None))
    return {(event, name) for event, name in db.session.execute(rows)}


def test_what_waits_behind_one_is_looked_at_with_it(
    waiting: list[int], database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[int]] = []
    monkeypatch.setitem(REACTIONS, "acknowledge", lambda events: seen.append([one.id for one in events]))
    with counting(database) as several:
        reactions.run(waiting[0])
    assert seen == [waiting] and not unhandled()
    assert set(db.session.scalars(select(Ticket.language))) == {"pt"}
    with counting(database) as nothing:
        reactions.run(waiting[3])
    assert seen == [waiting] and len(nothing) <= 2, "whoever is rung for it later finds nothing"
    assert len(several) <= SEVERAL, several


def test_one_of_several_that_breaks_takes_nobody_with_it(
    waiting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, seen = waiting[2], list[int]()

    def breaks(events: Sequence[Event]) -> None:
        db.session.add_all(Tag(name=f"seen {one.id}") for one in events)
        db.session.flush()
        if any(one.id == broken for one in events):
            raise RuntimeError
        seen.extend(one.id for one in events)

    monkeypatch.setitem(REACTIONS, "acknowledge", breaks)
    reactions.run(waiting[0])
    assert unhandled() == {(broken, "acknowledge")}
    assert seen == [one for one in waiting if one != broken]
    assert len(db.session.scalars(select(Tag)).all()) == len(waiting) - 1, "once each"
    attempts = select(Handling.attempts).where(Handling.reaction == "acknowledge")
    assert set(db.session.scalars(attempts)) == {1}
    reactions.run(waiting[2])
    reactions.run(waiting[1])
    assert unhandled() == {(broken, "acknowledge")}, "it goes on trying by itself"


@pytest.mark.parametrize("change", [{"attempts": 1}, {"retry_at": datetime(2020, 1, 1, tzinfo=UTC)}])
def test_what_failed_or_waits_for_long_is_looked_at_by_itself(
    waiting: list[int], change: dict[str, object]
) -> None:
    db.session.execute(update(Handling).where(Handling.event_id == waiting[2]).values(**change))
    db.session.commit()
    reactions.run(waiting[1])
    assert {event for event, _name in unhandled()} == {waiting[0], waiting[2]}
    reactions.run(waiting[2])
    assert {event for event, _name in unhandled()} == {waiting[0]}


def test_what_takes_too_long_is_put_off_with_all_that_it_held_up(
    waiting: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(_events: Sequence[Event]) -> None:
        raise JobTimeoutException

    monkeypatch.setitem(REACTIONS, "notices", hangs)
    reactions.run(waiting[0])
    assert {event for event, _name in unhandled()} == set(waiting)
    kept = db.session.execute(select(Handling.attempts, Handling.failure).distinct()).all()
    assert [tuple(row) for row in kept] == [(1, "JobTimeoutException")]
    assert set(db.session.scalars(select(Ticket.language))) == {None}, "nothing of it is left behind"
