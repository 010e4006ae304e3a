"""What the command palette finds while somebody types."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, render_template

from inbox import search
from inbox.models import Identity
from inbox.views.search import asked
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("palette", __name__, url_prefix="/palette")

MOST = 8


class Person(NamedTuple):
    """A customer, with the address that was found."""

    id: int
    name: str
    identities: list[Identity]


@bp.get("/_results")
@allow(AGENT)
def results() -> str:
    q = asked()
    tickets = search.find(me(), q, limit=MOST) if q else []
    identities = search.customers(me(), q, limit=MOST) if q else []
    customers = [Person(i.customer_id, i.customer.name or i.name, [i]) for i in identities]
    return render_template("palette/_results.html", q=q, tickets=tickets, customers=customers)
