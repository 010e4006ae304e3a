"""The list of organisations, and the page of one: its domains, its people, what is open with them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import joinedload

from inbox import access, customers
from inbox.customers import organisations
from inbox.customers.directory import Asked
from inbox.customers.editing import Invalid
from inbox.db import session
from inbox.models import Organisation
from inbox.views import customer_facts as facts
from inbox.views import found
from inbox.views.customers.people import save
from inbox.views.search import asked
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow, right

bp = Blueprint("organisations", __name__, url_prefix="/organisations")

DOMAINS = {
    "domain": _l("Write a domain, for example loja.example."),
    "free": _l("Anybody can have an address there, so it says nothing of where they belong."),
    "many": _l("Those are too many domains for one organisation."),
}


def one(organisation_id: int) -> Organisation:
    number = found.number(organisation_id)
    return found.or_404(access.organisation(me(), number, joinedload(Organisation.domains)))


@bp.get("")
@allow(AGENT)
def index() -> str:
    return _list()


def _list(**more: Any) -> str:
    rows, after = organisations.page(me(), asked(), found.whole(request.args.get("after")))
    return render_template(
        "organisations/index.html", rows=rows, next=after, q=asked(), page_name="customers", **more
    )


@bp.get("/_names")
@allow(AGENT)
def names() -> str:
    """For a field in which one is typed."""
    typed = found.word("value", 200)
    return render_template("organisations/_names.html", names=organisations.names(me(), typed))


@bp.post("")
@allow(right("customers"))
def add() -> ResponseReturnValue:
    name = found.word("name", 300)
    try:
        made = organisations.add(name, me())
    except Invalid as wrong:
        session.rollback()
        return _list(problem=facts.sentence(wrong), typed=name), 422
    session.commit()
    return redirect(f"/organisations/{made.id}", 303)


@bp.get("/<int:organisation_id>")
@allow(AGENT)
def show(organisation_id: int) -> str:
    return _page(one(organisation_id))


def _page(organisation: Organisation, **more: Any) -> str:
    may = me().may("customers")
    tickets, open_ = organisations.tickets_of(organisation, me())
    return render_template(
        "organisations/show.html",
        organisation=organisation,
        facts=[facts.of_organisation(organisation, key, may=may) for key in organisations.FACTS],
        members=customers.page(me(), Asked(organisation=organisation.id)),
        tickets=tickets,
        open=open_,
        could_join=organisations.could_join(organisation) if may else 0,
        page_name="customers",
        **more,
    )


@bp.put("/<int:organisation_id>/facts/<fact>")
@allow(right("customers"))
def put(organisation_id: int, fact: str) -> ResponseReturnValue:
    organisation = one(organisation_id)
    return save(
        fact,
        lambda typed, was: organisations.change(organisation, fact, typed, was, me()),
        lambda **more: facts.of_organisation(organisation, fact, may=True, **more),
        f"/organisations/{organisation.id}/facts/{fact}",
    )


@bp.post("/<int:organisation_id>/domains")
@allow(right("customers"))
def add_domain(organisation_id: int) -> ResponseReturnValue:
    organisation, typed = one(organisation_id), found.word("domain", 300)
    try:
        organisations.add_domain(organisation, typed, me())
    except Invalid as wrong:
        sentence = _refused(wrong, typed)
        session.rollback()
        return _page(one(organisation_id), domain_problem=sentence, typed_domain=typed), 422
    session.commit()
    flash(_("Who writes from it for the first time belongs here from now on."))
    return redirect(f"/organisations/{organisation_id}", 303)


def _refused(wrong: Invalid, typed: str) -> str:
    other = organisations.owner(typed) if wrong.reason == "taken" else None
    if other:
        says = {"domain": typed, "name": other.name}
        return str(_("%(domain)s is a domain of %(name)s. Take it away there first.", **says))
    return str(DOMAINS.get(wrong.reason) or facts.sentence(wrong))


@bp.post("/<int:organisation_id>/domains/<domain>")
@allow(right("customers"))
def remove_domain(organisation_id: int, domain: str) -> ResponseReturnValue:
    organisations.remove_domain(one(organisation_id), domain, me())
    session.commit()
    flash(_("Taken away. Who is a member already stays."))
    return redirect(f"/organisations/{organisation_id}", 303)


@bp.post("/<int:organisation_id>/members")
@allow(right("customers"))
def take_along(organisation_id: int) -> ResponseReturnValue:
    joined = organisations.take_along(one(organisation_id), me())
    session.commit()
    flash(ngettext("%(num)s customer joined.", "%(num)s customers joined.", joined))
    return redirect(f"/organisations/{organisation_id}", 303)


@bp.post("/<int:organisation_id>/merges")
@allow(right("customers"))
def merge(organisation_id: int) -> ResponseReturnValue:
    kept = one(organisation_id)
    try:
        organisations.merge(kept, organisations.called(found.word("value", 300)), me())
    except Invalid as wrong:
        session.rollback()
        sentence = _("Choose another organisation.") if wrong.reason == "same" else facts.sentence(wrong)
        return _page(one(organisation_id), merge_problem=sentence), 422
    session.commit()
    flash(_("They are one organisation now."))
    return redirect(f"/organisations/{organisation_id}", 303)


@bp.post("/<int:organisation_id>")
@allow(right("customers"))
def remove(organisation_id: int) -> ResponseReturnValue:
    """It asks for the name, as this cannot be taken back."""
    organisation = one(organisation_id)
    if "remove" not in request.form:
        abort(422)
    name = organisation.name
    organisations.remove(organisation, me())
    session.commit()
    flash(_("%(name)s is gone. Its customers stay.", name=name))
    return redirect("/organisations", 303)
