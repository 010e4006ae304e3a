"""Saying that two customers are one, with what becomes of them shown before; and taking it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from inbox import customers
from inbox.customers.merging import Preview
from inbox.db import session
from inbox.models import Customer, Identity, Merge
from inbox.views import customer_facts as facts
from inbox.views import found
from inbox.views.customers.people import one
from inbox.views.search import asked
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.permissions import allow, right

bp = Blueprint("merges", __name__, url_prefix="/customers/<int:customer_id>")


@bp.get("/merges/new")
@allow(right("customers"))
def new(customer_id: int) -> str:
    kept = one(customer_id)
    number = found.whole(request.args.get("with"))
    if number is None or number == kept.id:
        return render_template("customers/merge.html", customer=kept, preview=None, **_more())
    return _page(customers.preview(kept, one(number)))


@bp.get("/merges/_pick")
@allow(right("customers"))
def pick(customer_id: int) -> str:
    """Whom somebody means who looks for the other half of a customer."""
    kept = one(customer_id)
    people = customers.find(me(), asked(), besides=kept.id)
    return render_template("customers/_pick.html", people=people, customer=kept, q=asked())


@bp.post("/merges")
@allow(right("customers"))
def add(customer_id: int) -> ResponseReturnValue:
    kept, other = _both(customer_id, found.whole(request.form.get("other")) or 0)
    if other.merged_into_id is not None and customers.root(other).id == kept.id:
        return redirect(f"/customers/{kept.id}", 303)  # the button was pressed twice
    chosen = [(key, value) for key, value in request.form.items() if key.startswith("take-")]
    choices = {key.removeprefix("take-"): value for key, value in chosen}
    try:
        customers.merge(kept, other, choices, me(), versions=request.form.get("versions", ""))
    except customers.Stale:
        session.rollback()
        return _page(customers.preview(kept, other, choices), stale=True), 409
    except customers.Gone as gone:
        session.rollback()
        raise Said(409, _gone(gone)) from gone
    session.commit()
    flash(_("They are one now. Below, it can be taken back at any time."))
    return redirect(f"/customers/{kept.id}", 303)


def _both(kept: int, other: int) -> tuple[Customer, Customer]:
    """Both rows; whoever has become somebody else meanwhile is still known, and the verb says so."""
    rows = [session.get(Customer, found.number(number)) for number in (kept, other)]
    first, second = (found.or_404(row) for row in rows)
    return first, second


def _gone(gone: customers.Gone) -> str:
    if gone.into is None:
        return _("Choose another customer: they are one already.")
    return _("Somebody was faster: this customer is now part of %(name)s. Look there.", name=gone.into.name)


@bp.post("/merges/<int:merge_id>")
@allow(right("customers"))
def undo(customer_id: int, merge_id: int) -> ResponseReturnValue:
    customer = one(customer_id)
    made = found.or_404(session.get(Merge, found.number(merge_id)))
    if made.undone_at is None and made not in customers.merges_of(customer):
        found.or_404(None)
    back = customers.unmerge(made, me())
    session.commit()
    flash(_("Taken apart: %(name)s is a customer of their own again.", name=back.name))
    return redirect(f"/customers/{customer.id}", 303)


@bp.post("/identities/<int:identity_id>/customer")
@allow(right("customers"))
def split(customer_id: int, identity_id: int) -> ResponseReturnValue:
    """Make one address a customer of its own."""
    customer = one(customer_id)
    theirs = (Identity.id == found.number(identity_id), Identity.customer_id == customer.id)
    identity = found.or_404(session.scalar(select(Identity).where(*theirs)))
    try:
        apart = customers.split(identity, me())
    except customers.Gone as gone:
        raise Said(422, _("It is their only address: there is nobody to part it from.")) from gone
    session.commit()
    flash(_("This address is a customer of its own now, with its conversations."))
    return redirect(f"/customers/{apart.id}", 303)


def _page(preview: Preview, **more: Any) -> str:
    return render_template("customers/merge.html", customer=preview.kept, preview=preview, **_more(), **more)


def _more() -> dict[str, Any]:
    return {"labels": facts.LABELS, "worded": facts.in_words, "page_name": "customers"}
