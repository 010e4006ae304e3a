"""The small menus that change a ticket's facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, render_template
from sqlalchemy import select

from inbox import people
from inbox.db import session
from inbox.models import Agent, Tag, Ticket
from inbox.models.ticket import PRIORITIES
from inbox.views import found
from inbox.views.facts import STATUSES
from inbox.web.permissions import AGENT, allow

bp = Blueprint("pick", __name__, url_prefix="/tickets/<int:ticket_id>")

MOST_TAGS = 200


@bp.get("/_pick/<what>")
@allow(AGENT)
def pick(ticket_id: int, what: str) -> str:
    ticket = found.ticket(ticket_id)
    choices, current = PICKS.get(what, _nothing)(ticket)
    return render_template("ticket/_pick.html", ticket=ticket, what=what, choices=choices, current=current)


def _nothing(_ticket: Ticket) -> Any:
    abort(404)


def _assignee(ticket: Ticket) -> Any:
    query = select(Agent).where(Agent.active, Agent.password_hash != "").order_by(Agent.name)
    return session.scalars(query).all(), ticket.assignee_id


def _status(ticket: Ticket) -> Any:
    return STATUSES, "open" if ticket.status == "new" else ticket.status


def _tags(ticket: Ticket) -> Any:
    names = session.scalars(select(Tag.name).order_by(Tag.name).limit(MOST_TAGS)).all()
    return names, [tag.name for tag in ticket.tags]


PICKS: dict[str, Callable[[Ticket], Any]] = {
    "assignee": _assignee,
    "status": _status,
    "priority": lambda ticket: (PRIORITIES, ticket.priority),
    "team": lambda ticket: (people.teams(), ticket.team_id),
    "tags": _tags,
}
