"""Changing what a ticket is: each answers the ticket's head as it is now."""

from __future__ import annotations

from flask import Blueprint, abort
from sqlalchemy import select

from inbox import access, tickets, topics
from inbox.db import session
from inbox.models import Agent, Team, Ticket
from inbox.models.ticket import PRIORITIES
from inbox.views import found
from inbox.views.pane import render_head
from inbox.web.current import me
from inbox.web.permissions import WRITER, allow

bp = Blueprint("facts", __name__, url_prefix="/tickets/<int:ticket_id>")

STATUSES = ("open", "pending", "on_hold", "resolved", "spam")


def done(ticket: Ticket) -> str:
    """Keep it, and show it: unless by this very change it is no longer theirs to see."""
    session.commit()
    return render_head(ticket) if access.ticket(me(), ticket.id) else ""


@bp.put("/assignee")
@allow(WRITER)
def assign(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    tickets.assign(ticket, _agent(found.word("agent_id")), me())
    return done(ticket)


def _agent(asked: str) -> Agent | None:
    if asked in ("", "me"):
        return me() if asked else None
    agent = session.scalar(select(Agent).where(Agent.id == found.whole(asked)))
    return agent if agent and agent.can_answer else abort(422)


@bp.put("/status")
@allow(WRITER)
def status(ticket_id: int) -> str:
    ticket, asked = found.ticket(ticket_id), found.word("status")
    if asked not in STATUSES:
        abort(422)
    if asked == "spam":
        tickets.mark_spam(ticket, me())
    else:
        tickets.not_spam(ticket, me())
        tickets.set_status(ticket, asked, me())
    return done(ticket)


@bp.put("/spam")
@allow(WRITER)
def mark_spam(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    tickets.mark_spam(ticket, me())
    return done(ticket)


@bp.delete("/spam")
@allow(WRITER)
def not_spam(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    tickets.not_spam(ticket, me())
    return done(ticket)


@bp.put("/priority")
@allow(WRITER)
def priority(ticket_id: int) -> str:
    ticket, asked = found.ticket(ticket_id), found.word("priority")
    tickets.prioritise(ticket, asked if asked in PRIORITIES else abort(422), me())
    return done(ticket)


@bp.put("/team")
@allow(WRITER)
def move(ticket_id: int) -> str:
    ticket, asked = found.ticket(ticket_id), found.word("team_id")
    team = session.get(Team, found.whole(asked) or 0) if asked else None
    if asked and team is None:
        abort(422)
    tickets.move(ticket, team, me())
    return done(ticket)


@bp.put("/topic")
@allow(WRITER)
def set_topic(ticket_id: int) -> str:
    ticket, asked = found.ticket(ticket_id), found.word("topic_id")
    topic = topics.one(found.whole(asked) or 0) if asked else None
    if asked and topic is None:
        abort(422)
    tickets.set_topic(ticket, topic, me())
    return done(ticket)


@bp.put("/subject")
@allow(WRITER)
def rename(ticket_id: int) -> str:
    ticket, asked = found.ticket(ticket_id), found.word("subject")
    tickets.rename(ticket, asked or abort(422), me())
    return done(ticket)


@bp.post("/tags")
@allow(WRITER)
def tag(ticket_id: int) -> str:
    ticket, asked = found.ticket(ticket_id), found.word("name")
    tickets.tag(ticket, asked or abort(422), me())
    return done(ticket)


@bp.delete("/tags/<path:name>")
@allow(WRITER)
def untag(ticket_id: int, name: str) -> str:
    ticket = found.ticket(ticket_id)
    tickets.untag(ticket, name, me())
    return done(ticket)


@bp.post("/resolution")
@allow(WRITER)
def resolve(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    tickets.resolve(ticket, me())
    return done(ticket)


@bp.delete("/resolution")
@allow(WRITER)
def reopen(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    tickets.not_spam(ticket, me())
    tickets.reopen(ticket, me())
    return done(ticket)
