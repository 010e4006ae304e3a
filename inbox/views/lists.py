"""The inbox: a view's list, alone or with one of its tickets beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from inbox import access, lists, live, presence
from inbox.lines import Line
from inbox.views import found
from inbox.views.pane import thread
from inbox.web.context import views
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("lists", __name__)

MOST_IDS = 200


def inbox_page(view: str | None, page: lists.Page, *, q: str | None = None, **beside: Any) -> str:
    return render_template("inbox/index.html", view=view, page=page, q=q, **{"ticket": None, **beside})


@bp.get("/")
@allow(AGENT)
def home() -> ResponseReturnValue:
    counts = {view["name"]: view["count"] for view in views()}
    return redirect("/views/mine" if counts["mine"] else "/views/unassigned")


@bp.get("/views/<view>")
@allow(AGENT)
def index(view: str) -> str:
    return inbox_page(known(view), lists.page(me(), view))


@bp.get("/views/<view>/tickets/<int:ticket_id>")
@allow(AGENT)
def show(view: str, ticket_id: int) -> str:
    ticket = found.ticket(ticket_id, *found.PANE)
    return inbox_page(known(view), lists.page(me(), view), **thread(ticket))


@bp.get("/tickets/<int:ticket_id>")
@allow(AGENT)
def permalink(ticket_id: int) -> ResponseReturnValue:
    ticket = found.ticket(ticket_id)
    return redirect(f"/views/{access.VIEW_OF[live.where(ticket).state]}/tickets/{ticket.id}")


@bp.get("/views/<view>/_rows")
@allow(AGENT)
def rows(view: str) -> str:
    known(view)
    if "ids" in request.args:
        tickets, gone = lists.rows(me(), view, ids())
        return drawn(tickets, view, gone=gone)
    page = lists.page(me(), view, request.args.get("before"))
    return drawn(page.tickets, view, next=page.next)


def drawn(tickets: Sequence[Line], view: str, **more: Any) -> str:
    """Rows, and who is at them: one answer for both, as both change together."""
    seen = presence.at(me(), [ticket.id for ticket in tickets])
    return render_template("inbox/_rows.html", tickets=tickets, view=view, seen=seen, **more)


@bp.get("/views/_counts")
@allow(AGENT)
def counts() -> str:
    """Of the views, and of the bell."""
    view = request.args.get("view", "")
    return render_template("_counts.html", view=view if view in lists.VIEWS else None)


def known(view: str) -> str:
    if view not in lists.VIEWS:
        abort(404)
    return view


def ids() -> list[int]:
    """The ticket numbers in ``?ids=1,2,3``."""
    asked = [found.whole(part) for part in request.args["ids"].split(",")[:MOST_IDS]]
    return list(dict.fromkeys(number for number in asked if number is not None))
