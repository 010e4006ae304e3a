"""The list of customers, and the page of one: who they are, and all that was said with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from inbox import access, customers, timeline
from inbox.customers import alike, editing, organisations
from inbox.customers.directory import Asked
from inbox.db import session
from inbox.models import Customer, Organisation
from inbox.models.customer import TIERS
from inbox.views import customer_facts as facts
from inbox.views import found
from inbox.views.customer_facts import Fact
from inbox.views.search import asked
from inbox.web.current import me
from inbox.web.permissions import AGENT, WRITER, allow, right

bp = Blueprint("customers", __name__, url_prefix="/customers")

PARTS = (joinedload(Customer.organisation), joinedload(Customer.identities))


IN_HEAD = ("name", "tier", "organisation")
"""Facts that the head of the page shows."""


def one(customer_id: int) -> Customer:
    return found.or_404(access.customer(me(), found.number(customer_id), *PARTS))


def wanted() -> tuple[Asked, Organisation | None]:
    """What the address asks the list for; what it cannot mean is refused."""
    tier, number = request.args.get("tier", ""), request.args.get("organisation", "")
    if tier and tier not in TIERS:
        abort(422)
    belongs = found.whole(number)
    if number and belongs is None:
        abort(422)
    organisation = access.organisation(me(), belongs) if belongs is not None else None
    if belongs is not None and organisation is None:
        abort(404)
    return Asked(asked(), tier, belongs), organisation


@bp.get("")
@allow(AGENT)
def index() -> str:
    what, organisation = wanted()
    page = customers.page(me(), what, request.args.get("before"))
    return render_template(
        "customers/index.html", page=page, asked=what, organisation=organisation, page_name="customers"
    )


@bp.get("/_rows")
@allow(AGENT)
def rows() -> str:
    what, _organisation = wanted()
    page = customers.page(me(), what, request.args.get("before"))
    return render_template("customers/_rows.html", page=page, asked=what)


@bp.get("/<int:customer_id>")
@allow(AGENT)
def show(customer_id: int) -> ResponseReturnValue:
    there = access.customer(me(), found.number(customer_id), *PARTS)
    if there is None:
        return redirect(f"/customers/{_became(customer_id).id}")
    return render_template("customers/show.html", **drawn(there))


def _became(customer_id: int) -> Customer:
    """Who they turned out to be, if this agent may see that."""
    row = found.or_404(session.get(Customer, customer_id))
    if row.merged_into_id is None:
        abort(404)
    return found.or_404(access.customer(me(), customers.root(row).id))


def drawn(customer: Customer) -> dict[str, Any]:
    own = [facts.own(known, may=me().may_write) for known in customers.known(customer)]
    return {
        "customer": customer,
        "facts": {key: facts.of_customer(customer, key, may=may(key)) for key in customers.FACTS},
        "own": own,
        "history": timeline.page(customer, me()),
        "merges": customers.merges_of(customer),
        "page_name": "customers",
    }


def may(key: str) -> bool:
    """Who answers may say who somebody is; how they are served is of those who look after customers."""
    return me().may("customers") if key in editing.LOOKED_AFTER else me().may_write


@bp.get("/<int:customer_id>/_history")
@allow(AGENT)
def history(customer_id: int) -> str:
    customer = one(customer_id)
    page = timeline.page(customer, me(), request.args.get("before"))
    return render_template("customers/_history.html", customer=customer, history=page)


@bp.get("/<int:customer_id>/_alike")
@allow(right("customers"))
def likely(customer_id: int) -> str:
    customer = one(customer_id)
    return render_template("customers/_alike.html", customer=customer, alike=alike.likely(me(), customer))


@bp.put("/<int:customer_id>/facts/<fact>")
@allow(WRITER)
def put(customer_id: int, fact: str) -> ResponseReturnValue:
    customer = one(customer_id)
    if not may(fact):
        abort(404)
    if fact == "organisation" and "make" in request.form:
        _make(request.form.get("value", ""))
    saved = save(
        fact,
        lambda typed, was: editing.change(customer, fact, typed, was, me()),
        lambda **more: facts.of_customer(customer, fact, may=True, **more),
        f"/customers/{customer.id}/facts/{fact}",
    )
    if fact in IN_HEAD and isinstance(saved, str):
        saved += render_template("customers/_names.html", customer=customer, again=True)
    return saved


def _make(name: str) -> None:
    """An organisation that is named here for the first time; where there is one already, that is meant."""
    try:
        editing.read("organisation", name)
    except editing.Invalid:
        if name.strip():
            organisations.add(name, me())


def save(
    fact: str,
    change: Callable[[str, str], editing.Meanwhile | None],
    draw: Callable[..., Fact],
    url: str,
) -> ResponseReturnValue:
    """Change a fact to what was typed; the fact again, saved, or with what stands in the way."""
    typed, was = request.form.get("value", ""), request.form.get("was", "").replace("\r\n", "\n")
    try:
        meanwhile = change(typed, was)
        session.commit()
    except KeyError:
        abort(404)
    except editing.Invalid as wrong:
        session.rollback()
        can_make = fact == "organisation" and bool(typed.strip())
        again = draw(problem=facts.sentence(wrong), typed=typed, can_make=can_make)
        return render_template("customers/_fact.html", fact=again, url=url), 422
    again = draw(meanwhile=meanwhile, typed=typed) if meanwhile else draw(saved=True)
    return render_template("customers/_fact.html", fact=again, url=url)
