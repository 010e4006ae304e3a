"""A forgotten password. The answer is the same whoever asks, and opening the link uses nothing up."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField

from inbox import memos, passwords, resets
from inbox.db import session
from inbox.models import Agent
from inbox.web import forms
from inbox.web.current import installation
from inbox.web.limits import mails_to_an_address, tries
from inbox.web.permissions import PUBLIC, allow

bp = Blueprint("reset", __name__, url_prefix="/login/forgotten")


class ForgottenForm(FlaskForm):
    email = forms.email(_("Your e-mail"))


class NewPasswordForm(FlaskForm):
    password = PasswordField(_("New password"), [forms.required()])


@bp.get("")
@allow(PUBLIC)
def show() -> str:
    return _page(ForgottenForm())


@bp.post("")
@allow(PUBLIC)
@tries
@mails_to_an_address
def ask() -> ResponseReturnValue:
    form = ForgottenForm()
    if not memos.can_send():
        return _page(form), 422
    if not form.validate():
        return _page(form), 422
    resets.ask(form.email.data)
    session.commit()
    return _page(form, asked=True)


@bp.get("/<token>")
@allow(PUBLIC)
def choose(token: str) -> ResponseReturnValue:
    agent = resets.granted(token)
    return _gone() if agent is None else _form(NewPasswordForm(), agent)


@bp.post("/<token>")
@allow(PUBLIC)
@tries
def save(token: str) -> ResponseReturnValue:
    agent, form = resets.granted(token), NewPasswordForm()
    if agent is None:
        return _gone()
    try:
        if not form.validate():
            return _form(form, agent, 422)
        if resets.choose(token, form.password.data, installation().company) is None:
            return _gone()
    except passwords.Weak as weak:
        forms.add_error(form.password, forms.weakness(weak))
        return _form(form, agent, 422)
    session.commit()
    flash(gettext("Your password is changed. Sign in with it."))
    return redirect("/login", 303)


def _page(form: ForgottenForm, **more: object) -> str:
    return render_template("signin/forgotten.html", form=form, can_send=memos.can_send(), **more)


def _gone() -> ResponseReturnValue:
    said = gettext("This link was used, or is too old. Ask for another one.")
    return _page(ForgottenForm(formdata=None), problem=said), 404


def _form(form: NewPasswordForm, agent: Agent, status: int = 200) -> Response:
    """The address of this page opens a door: no other page is told of it."""
    response = make_response(render_template("signin/reset.html", form=form, agent=agent), status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
