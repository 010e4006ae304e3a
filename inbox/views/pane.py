"""One ticket on the screen: its head, its turns, its customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import select

from inbox import conversation, lists, ratings, timeline
from inbox.db import session
from inbox.models import Event, Message, Ticket
from inbox.views import found, writing
from inbox.views.customer_facts import written
from inbox.views.names import names_in
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("pane", __name__, url_prefix="/tickets/<int:ticket_id>")


def thread(ticket: Ticket) -> dict[str, Any]:
    """What the thread and the customer beside it are drawn from."""
    page = page_of(ticket)
    said = None if page["earlier"] else [one for one in page["entries"] if isinstance(one, Message)]
    return {
        "ticket": ticket,
        **page,
        **writing.beside(ticket, said=said),
        **beside(ticket),
    }


def beside(ticket: Ticket) -> dict[str, Any]:
    """Who it is from, as far as this agent may see."""
    return {"timeline": timeline.of(ticket.customer, me()), "known": written(ticket.customer)}


def page_of(ticket: Ticket, before: str | None = None) -> dict[str, Any]:
    """The newest turns, or those before a place."""
    page = conversation.newest(ticket, before)
    return {**drawn(page.entries), "earlier": page.earlier, "fold": True}


def drawn(entries: Sequence[conversation.Entry]) -> dict[str, Any]:
    events = [entry for entry in entries if isinstance(entry, Event)]
    return {"entries": entries, "names": names_in(events), "answers": ratings.behind(events)}


def place() -> dict[str, Any]:
    """Where the pane stands, so that *back* leads there."""
    view, q = request.args.get("view", ""), request.args.get("q")
    return {"view": view if view in (*lists.VIEWS, "search") else None, "q": q}


@bp.get("/_pane")
@allow(AGENT)
def pane(ticket_id: int) -> str:
    return render_template("ticket/_pane.html", **place(), **thread(found.ticket(ticket_id, *found.PANE)))


@bp.get("/_head")
@allow(AGENT)
def head(ticket_id: int) -> str:
    return render_head(found.ticket(ticket_id))


def render_head(ticket: Ticket) -> str:
    return render_template("ticket/_head.html", ticket=ticket, **place())


@bp.get("/_turns")
@allow(AGENT)
def turns(ticket_id: int) -> str:
    """What changed ``since`` a version, or what was said ``before`` what the screen shows."""
    ticket = found.ticket(ticket_id)
    since = found.whole(request.args.get("since"))
    if since is None:
        return render_template(
            "ticket/_turns.html", ticket=ticket, **page_of(ticket, request.args.get("before"))
        )
    turns = drawn(conversation.since(ticket, since))
    return render_template(
        "ticket/_turns.html", ticket=ticket, gone_messages=_taken_back(ticket, since), **turns
    )


def _taken_back(ticket: Ticket, since: int) -> list[int]:
    """Messages that were there at that version, and were undone."""
    which = (Event.ticket_id == ticket.id, Event.kind == "reply_taken_back", Event.version > since)
    return [number for number in session.scalars(select(Event.message_id).where(*which)) if number]


@bp.get("/_customer")
@allow(AGENT)
def customer(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id, *found.PANE)
    return render_template("ticket/_customer.html", ticket=ticket, **beside(ticket))


@bp.get("/_composer")
@allow(AGENT)
def composer(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    return render_template("ticket/_composer.html", ticket=ticket, **writing.beside(ticket))
