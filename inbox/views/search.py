"""Searching: the list pane with what was found."""

from __future__ import annotations

from flask import Blueprint, request

from inbox import search
from inbox.lists import Page
from inbox.views import found
from inbox.views.lists import drawn, inbox_page
from inbox.views.pane import thread
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("search", __name__, url_prefix="/search")

LONGEST = 200


def asked() -> str:
    return request.args.get("q", "")[:LONGEST].strip()


@bp.get("")
@allow(AGENT)
def index() -> str:
    return inbox_page("search", Page(search.find(me(), asked()), None), q=asked())


@bp.get("/tickets/<int:ticket_id>")
@allow(AGENT)
def show(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id, *found.PANE)
    return inbox_page("search", Page(search.find(me(), asked()), None), q=asked(), **thread(ticket))


@bp.get("/_rows")
@allow(AGENT)
def rows() -> str:
    return drawn(search.find(me(), asked()), "search", q=asked())
