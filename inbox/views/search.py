"""Searching: the list pane with what was found."""

from __future__ import annotations

from typing import Any

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
    return _page()


@bp.get("/tickets/<int:ticket_id>")
@allow(AGENT)
def show(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id, *found.PANE)
    return _page(**thread(ticket))


def _page(**beside: Any) -> str:
    found = search.look(me(), asked())
    return inbox_page("search", Page(found.tickets, None), q=asked(), partly=not found.complete, **beside)


@bp.get("/_rows")
@allow(AGENT)
def rows() -> str:
    return drawn(search.find(me(), asked()), "search", q=asked())
