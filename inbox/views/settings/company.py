"""The company: its name, and where customers reach it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm

from inbox.db import session
from inbox.models import Installation
from inbox.web import forms
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("company", __name__, url_prefix="/settings/company")


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
    form.populate_obj(Installation.current())
    session.commit()
    flash(gettext("Saved."))
    return redirect("/settings/company", 303)


def _page(form: CompanyForm) -> str:
    return render_template("settings/company.html", form=form, page_name="company")
