"""Fields of the house's own: what it wants to know of its customers besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from inbox.customers import fields
from inbox.customers.editing import Invalid
from inbox.db import session
from inbox.models import CustomerField
from inbox.views.customer_facts import KINDS
from inbox.views.found import number, or_404, word
from inbox.web.current import me
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("customer_fields", __name__, url_prefix="/settings/fields")

SENTENCES = {
    "name": _("Give it a name of up to 60 characters."),
    "taken": _("There is a field with this name."),
    "kind": _("Choose what is kept in it."),
    "choices": _("Write two to fifty choices, one a line, each up to 80 characters."),
    "many": _("Forty fields are the most. Put one away first."),
}


@bp.get("")
@allow(ADMIN)
def index() -> str:
    return _page()


def _page(**more: Any) -> str:
    return render_template(
        "settings/fields.html", fields=fields.every(), kinds=KINDS, page_name="fields", **more
    )


def _choices() -> list[str]:
    return request.form.get("choices", "")[:10_000].splitlines()


@bp.post("")
@allow(ADMIN)
def add() -> ResponseReturnValue:
    kind = request.form.get("kind", "")
    return _done(lambda: fields.add(me(), word("name", 200), kind, _choices()), wrong_at=0)


@bp.post("/<int:field_id>")
@allow(ADMIN)
def update(field_id: int) -> ResponseReturnValue:
    field = or_404(session.get(CustomerField, number(field_id)))
    return _done(lambda: _change(field), wrong_at=field_id)


def _change(field: CustomerField) -> None:
    """One form, and the button that was pressed in it."""
    if "up" in request.form or "down" in request.form:
        fields.move(field, me(), -1 if "up" in request.form else 1)
    elif "away" in request.form or "back" in request.form:
        fields.archive(field, me(), away="away" in request.form)
    else:
        fields.change(field, me(), word("name", 200), _choices())


def _done(change: Callable[[], object], *, wrong_at: int) -> ResponseReturnValue:
    try:
        change()
    except Invalid as wrong:
        session.rollback()
        sentence = str(SENTENCES.get(wrong.reason) or gettext("Something in what you entered does not fit."))
        return _page(wrong=wrong.reason, problem=sentence, wrong_at=wrong_at, typed=request.form), 422
    session.commit()
    flash(gettext("Saved."))
    return redirect("/settings/fields", 303)
