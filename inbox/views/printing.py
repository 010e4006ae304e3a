"""A conversation on paper: what was said, and nothing that has to be fetched from elsewhere."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from inbox import conversation
from inbox.views import found
from inbox.views.messages import shown
from inbox.web import headers
from inbox.web.permissions import AGENT, allow

MOST = 500
"""Messages on one print: a browser lays out thousands of letters for minutes."""

bp = Blueprint("printing", __name__)


@bp.get("/tickets/<int:ticket_id>/print")
@allow(AGENT)
def ticket(ticket_id: int) -> Response:
    """Without the team's notes, unless ``notes=1`` asks for them: paper is handed on."""
    notes = request.args.get("notes") == "1"
    asked = found.ticket(ticket_id)
    messages = conversation.said(asked, notes=notes, most=MOST + 1)
    return _on_paper(ticket=asked, messages=messages[-MOST:], notes=notes, cut=len(messages) > MOST)


@bp.get("/messages/<int:message_id>/print")
@allow(AGENT)
def message(message_id: int) -> Response:
    """One message alone."""
    one = found.message(message_id)
    return _on_paper(ticket=one.ticket, messages=[one], notes=one.kind == "note", alone=True)


def _on_paper(**about: Any) -> Response:
    response = make_response(render_template("ticket/print.html", shown=shown, **about))
    response.headers["Content-Security-Policy"] = headers.PAPER
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
