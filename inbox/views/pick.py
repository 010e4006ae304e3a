"""The small menus that change a ticket's facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, render_template

from inbox import people, tags, topics
from inbox.models import Ticket
from inbox.models.ticket import PRIORITIES
from inbox.views import found
from inbox.views.facts import STATUSES
from inbox.web.permissions import WRITER, allow

bp = Blueprint("pick", __name__, url_prefix="/tickets/<int:ticket_id>")

MOST_TAGS = 200


@bp.get("/_pick/<what>")
@allow(WRITER)
def pick(ticket_id: int, what: str) -> str:
    ticket = found.ticket(ticket_id)
    choices, current = PICKS.get(what, _nothing)(ticket)
    return render_template("ticket/_pick.html", ticket=ticket, what=what, choices=choices, current=current)


def _nothing(_ticket: Ticket) -> Any:
    abort(404)


def _assignee(ticket: Ticket) -> Any:
    return people.who_answers(), ticket.assignee_id


def _status(ticket: Ticket) -> Any:
    return STATUSES, "open" if ticket.status == "new" else ticket.status


def _tags(ticket: Ticket) -> Any:
    return tags.names(MOST_TAGS), [tag.name for tag in ticket.tags]


def _topics(ticket: Ticket) -> Any:
    return topics.offered(), ticket.topic_id


PICKS: dict[str, Callable[[Ticket], Any]] = {
    "assignee": _assignee,
    "status": _status,
    "priority": lambda ticket: (PRIORITIES, ticket.priority),
    "team": lambda ticket: (people.teams(), ticket.team_id),
    "tags": _tags,
    "topic": _topics,
}
