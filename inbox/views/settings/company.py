"""The company: its name, and where customers reach it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm

from inbox import audit
from inbox.db import session
from inbox.models import Installation
from inbox.web import forms
from inbox.web.current import me
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("company", __name__, url_prefix="/settings/company")


FACTS = ("company", "public_url", "language", "zone")


class CompanyForm(FlaskForm):
    company = forms.text(_("Name, as customers know it"))
    public_url = forms.web_address(_("Public address of this inbox"))
    language = forms.language()
    zone = forms.zone()


@bp.get("")
@allow(ADMIN)
def show() -> str:
    return _page(CompanyForm(obj=Installation.current()))


@bp.post("")
@allow(ADMIN)
def save() -> ResponseReturnValue:
    form = CompanyForm()
    if not form.validate():
        return _page(form), 422
    _keep(form)
    session.commit()
    flash(gettext("Saved."))
    return redirect("/settings/company", 303)


def _keep(form: CompanyForm) -> None:
    ours = session.merge(Installation.current())
    wanted = {name: form[name].data for name in FACTS}
    wanted["public_url"] = wanted["public_url"].rstrip("/")
    if changed := audit.changes({name: getattr(ours, name) for name in FACTS}, wanted):
        audit.record("company_changed", me(), **changed)
    for name, value in wanted.items():
        setattr(ours, name, value)


def _page(form: CompanyForm) -> str:
    return render_template("settings/company.html", form=form, page_name="company")
