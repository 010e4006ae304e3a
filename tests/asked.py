"""A customer who wrote, was answered, and is asked how it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import time_machine
from sqlalchemy import select

from inbox import db, tickets
from inbox.models import Agent, Event, Installation, Message, Survey, Ticket
from inbox.reactions import surveys
from tests.attacks.post import again, answer, react
from tests.people import MailFrom


def resolved(mail_from: MailFrom, by: Agent, *who: str, **values: Any) -> Ticket:
    """Somebody wrote, was answered, and the ticket is resolved."""
    ticket = mail_from(*who, **values)
    db.session.commit()
    answer(by, ticket)
    return resolve(ticket, by)


def resolve(ticket: Ticket, by: Agent) -> Ticket:
    tickets.resolve(again(ticket), again(by))
    db.session.commit()
    react()
    return again(ticket)


def of(ticket: Ticket) -> Survey:
    """The newest survey about a ticket."""
    newest = select(Survey).where(Survey.ticket_id == ticket.id).order_by(Survey.id.desc()).limit(1)
    return db.session.scalars(newest.execution_options(populate_existing=True)).one()


def due(ticket: Ticket, after: timedelta = timedelta(hours=1, seconds=1)) -> Survey:
    """Its moment has come: the product does what it does by itself."""
    survey = of(ticket)
    with time_machine.travel(survey.due_at - timedelta(hours=1) + after, tick=False):
        surveys.ask_now(survey.id)
    return of(ticket)


def sent(mail_from: MailFrom, by: Agent, *who: str, **values: Any) -> Survey:
    """A survey that has reached its customer, now."""
    survey = of(resolved(mail_from, by, *who, **values))
    survey.due_at = db.now()
    db.session.commit()
    surveys.ask_now(survey.id)
    survey = db.session.get_one(Survey, survey.id, populate_existing=True)
    assert survey.state == "sent", survey.reason
    return survey


def mails() -> list[Message]:
    """What was sent to ask."""
    return list(db.session.scalars(select(Message).where(Message.automated == "survey").order_by(Message.id)))


def want(**wanted: Any) -> None:
    """What the company has set."""
    db.session.get_one(Installation, 1).feedback = wanted
    db.session.commit()


def events(kind: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)))
