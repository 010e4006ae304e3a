"""What the command palette finds while somebody types."""

from __future__ import annotations

from flask import Blueprint, render_template

from inbox import customers, search
from inbox.views.search import asked
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("palette", __name__, url_prefix="/palette")

MOST = 8


@bp.get("/_results")
@allow(AGENT)
def results() -> str:
    q = asked()
    tickets = search.find(me(), q, limit=MOST) if q else []
    people = customers.find(me(), q, limit=MOST) if q else []
    return render_template("palette/_results.html", q=q, tickets=tickets, customers=people)
