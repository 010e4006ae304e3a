"""Signing in and out."""

from __future__ import annotations

import re

from flask import Blueprint, make_response, redirect, render_template, request
from flask import session as form_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import Length

from inbox import signin
from inbox.db import session
from inbox.models import Agent
from inbox.web import cookies, forms
from inbox.web.addresses import local_path
from inbox.web.current import this_sign_in
from inbox.web.limits import tries, tries_of_an_account
from inbox.web.permissions import AGENT, PUBLIC, allow

bp = Blueprint("login", __name__)


class LoginForm(FlaskForm):
    email = EmailField(
        _("Your e-mail"), [forms.required(), Length(max=320, message=_("Please make that shorter."))]
    )
    password = PasswordField(_("Password"), [forms.required()])


@bp.get("/login")
@allow(PUBLIC)
def show() -> str:
    return _page(LoginForm())


@bp.post("/login")
@allow(PUBLIC)
@tries
@tries_of_an_account
def sign_in() -> ResponseReturnValue:
    form = LoginForm()
    agent = signin.check(form.email.data, form.password.data) if form.validate() else None
    if agent is None:
        return _page(form, gettext("E-mail and password do not belong together.")), 422
    return signed_in(agent, local_path(request.values.get("next", "")) or "/")


@bp.post("/logout")
@allow(AGENT)
def sign_out() -> ResponseReturnValue:
    signin.end(this_sign_in())
    session.commit()
    form_session.clear()
    return cookies.forget(make_response(redirect("/login", 303)))


def _page(form: LoginForm, problem: str = "") -> str:
    back = local_path(request.values.get("next", ""))
    return render_template("signin/login.html", form=form, problem=problem, next=back)


def signed_in(agent: Agent, where: str) -> ResponseReturnValue:
    """A new sign-in for this browser, whatever it carried before; and new form tokens."""
    if before := signin.of(cookies.token()):
        signin.end(before)
    token = signin.begin(agent, browser_name(), request.remote_addr or "")
    session.commit()
    form_session.clear()
    return cookies.keep(make_response(redirect(where, 303)), token)


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name() -> str:
    """*Firefox, Linux*: enough to recognise one's own, and no fingerprint."""
    agent = request.user_agent.string
    told = (
        next((name for mark, name in known if re.search(mark, agent)), "") for known in (BROWSERS, SYSTEMS)
    )
    return ", ".join(filter(None, told))
