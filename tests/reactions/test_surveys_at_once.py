"""Two workers, and two clicks, at the same moment: committed for real, for one transaction cannot show it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from inbox import db, tickets
from inbox.models import Agent, Answer, Event, Installation, Message, Survey, Ticket
from inbox.reactions import surveys
from tests.tickets.test_at_once import at_once, together

assert together  # a fixture


@pytest.fixture
def due(together: None) -> int:
    """A survey whose moment has come; its number."""
    with db.writing() as session:
        session.add(Installation(id=1, company="Barro", public_url="http://127.0.0.1:8000"))
        ticket = session.scalars(select(Ticket).order_by(Ticket.id)).first()
        agent = session.scalars(select(Agent).order_by(Agent.id)).first()
        assert ticket and agent
        tickets.reply(ticket, agent, "<p>On its way.</p>", key="k")
        tickets.resolve(ticket, agent)
        event = session.scalars(select(Event).where(Event.kind == "resolved")).one()
        surveys.plan(event)
        survey = session.scalars(select(Survey)).one()
        survey.due_at = db.now()
        return survey.id


def run_at_once(*runs: Callable[[], None]) -> None:
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def count(what: type[db.Base], *which: object) -> int:
    with db.reading():
        return db.session.scalar(select(func.count()).select_from(what).where(*which)) or 0  # type: ignore[arg-type]


def test_of_several_workers_one_asks(due: int) -> None:
    run_at_once(*[lambda: surveys.ask_now(due)] * 4)
    assert count(Message, Message.automated == "survey") == 1
    assert count(Survey, Survey.state == "sent") == 1


def test_of_two_clicks_at_once_one_answer_is_left(due: int) -> None:
    surveys.ask_now(due)

    def rate(_ticket: Ticket, _agent: Agent) -> None:
        tickets.rate(db.session.get_one(Survey, due), 4)

    assert at_once(rate, rate) == []
    assert count(Answer) == 1 and count(Event, Event.kind == "rated") == 1
