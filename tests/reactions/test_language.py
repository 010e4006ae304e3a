"""Reactions happen once, by themselves, and one that breaks is tried again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from inbox import db, reactions
from inbox.models import Event, Handling, Tag, Ticket
from inbox.models.event import INTERESTED
from inbox.reactions import REACTIONS
from tests.conftest import Bells
from tests.people import MailFrom


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
    monkeypatch.setitem(REACTIONS, "language", lambda event: seen.append(event.id))
    mail_from()
    db.session.commit()
    event = last_event()
    reactions.run(event)
    reactions.run(event)
    assert seen == [event]


def test_one_that_breaks_leaves_nothing_and_is_tried_again(
    mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: Event) -> None:
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
    monkeypatch.setitem(REACTIONS, "language", lambda event: None)
    reactions.run(event)
    db.session.expire_all()
    assert db.session.scalars(language).one().handled_at is not None
