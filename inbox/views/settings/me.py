"""One's own settings: name, language, password, and where one is signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField

from inbox import passwords, signin
from inbox.db import session
from inbox.models import SignIn
from inbox.views.found import number, or_404
from inbox.views.login import signed_in
from inbox.web import forms
from inbox.web.current import installation, me, this_sign_in
from inbox.web.limits import tries
from inbox.web.permissions import AGENT, allow

bp = Blueprint("me", __name__, url_prefix="/settings")


class MeForm(FlaskForm):
    name = forms.text(_("Your name"))
    language = forms.language()
    zone = forms.zone()
    single_keys = BooleanField(_("Single-key shortcuts"))


class PasswordForm(FlaskForm):
    current = PasswordField(_("Password now"), [forms.required()])
    new = PasswordField(_("New password"), [forms.required()])


@bp.get("")
@allow(AGENT)
def index() -> ResponseReturnValue:
    return redirect("/settings/me")


@bp.get("/me")
@allow(AGENT)
def show() -> str:
    return _page(MeForm(obj=me()), PasswordForm(formdata=None))


@bp.post("/me")
@allow(AGENT)
@tries
def save() -> ResponseReturnValue:
    if "new" in request.form:
        return _change_password(PasswordForm())
    form = MeForm()
    if not form.validate():
        return _page(form, PasswordForm(formdata=None)), 422
    form.populate_obj(me())
    session.commit()
    flash(gettext("Saved."))
    return redirect("/settings/me", 303)


def _change_password(form: PasswordForm) -> ResponseReturnValue:
    """Everywhere else is signed out; this browser gets a new sign-in."""
    if form.validate() and not passwords.matches(me().password_hash, form.current.data):
        forms.add_error(form.current, gettext("That is not your password."))
    try:
        if not form.errors:
            signin.set_password(me(), form.new.data, installation().company)
            flash(gettext("Your password is changed. You were signed out everywhere else."))
            return signed_in(me(), "/settings/me")
    except passwords.Weak as weak:
        forms.add_error(form.new, forms.weakness(weak))
    return _page(MeForm(formdata=None, obj=me()), form), 422


@bp.delete("/sessions/<int:sign_in_id>")
@allow(AGENT)
def end_session(sign_in_id: int) -> ResponseReturnValue:
    sign_in = session.get(SignIn, number(sign_in_id))
    mine = or_404(sign_in if sign_in and sign_in.agent_id == me().id else None)
    signin.end(mine)
    session.commit()
    return ""


def _page(form: MeForm, password_form: PasswordForm) -> str:
    return render_template(
        "settings/me.html",
        form=form,
        password_form=password_form,
        page_name="me",
        sessions=signin.every(me()),
        current_session=this_sign_in(),
    )
