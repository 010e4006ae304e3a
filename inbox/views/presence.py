"""Who else is at a ticket: beside its subject, and in the rows of a list."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template
from flask_babel import gettext as _

from inbox import presence
from inbox.presence import Colleague
from inbox.views import found
from inbox.views.lists import ids
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("presence", __name__)


@bp.get("/tickets/<int:ticket_id>/_presence")
@allow(AGENT)
def ticket(ticket_id: int) -> str:
    number = found.ticket(ticket_id).id
    seen = presence.at(me(), [number])
    here = seen.by_ticket.get(number, [])
    return render_template("ticket/_presence.html", here=here, lapses=seen.lapses)


@bp.get("/presence/_rows")
@allow(AGENT)
def rows() -> str:
    """For each of ``?ids=1,2,3`` at which somebody is."""
    return render_template("inbox/_presence.html", seen=presence.at(me(), ids()))


def sentence(colleague: Colleague) -> str:
    """What they do, in one line."""
    name = colleague.agent.name
    if colleague.doing == "reply":
        return _("%(name)s is replying", name=name)
    if colleague.doing == "note":
        return _("%(name)s is writing a note", name=name)
    if colleague.doing and colleague.has_draft:
        return _("%(name)s is here and has a draft", name=name)
    if colleague.doing:
        return _("%(name)s is here", name=name)
    return _("%(name)s has a draft", name=name)


def init(app: Flask) -> None:
    app.jinja_env.globals["presence_sentence"] = sentence
    app.jinja_env.filters["presence_sentence"] = sentence
