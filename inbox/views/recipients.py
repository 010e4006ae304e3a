"""Whom one might mean, and what is known of those one means."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from inbox import customers
from inbox.models import Ticket
from inbox.tickets.start import known
from inbox.views import writing
from inbox.views.search import asked
from inbox.web.current import me
from inbox.web.permissions import WRITER, allow

bp = Blueprint("recipients", __name__, url_prefix="/recipients")

MOST = 60


@bp.get("/_suggest")
@allow(WRITER)
def suggest() -> str:
    found = [identity for identity in customers.people(me(), asked()) if identity.kind == "mail"]
    return render_template("writing/_suggest.html", people=found)


@bp.get("/_about")
@allow(WRITER)
def about() -> str:
    """Addresses that do not work; with ``open``, the conversation that one of them has already."""
    addresses = [address[:320] for address in request.args.getlist("address")[:MOST]]
    open_: list[Ticket] = known(me(), addresses[0]) if addresses and request.args.get("open") else []
    return render_template("writing/_about.html", bounced=writing.bounced(addresses), open=open_)
