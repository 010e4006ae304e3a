"""Signing in, in one step or in two, and out."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request
from flask import session as form_session
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import Length

from inbox import audit, browsers, second_factor, signin
from inbox.db import session
from inbox.models import Agent
from inbox.web import cookies, forms
from inbox.web.addresses import local_path
from inbox.web.current import this_sign_in
from inbox.web.limits import codes_of_an_account, tries, tries_of_an_account
from inbox.web.permissions import AGENT, PUBLIC, allow

log = structlog.get_logger("signin")

bp = Blueprint("login", __name__)


class LoginForm(FlaskForm):
    email = EmailField(
        _("Your e-mail"), [forms.required(), Length(max=320, message=_("Please make that shorter."))]
    )
    password = PasswordField(_("Password"), [forms.required()])


class CodeForm(FlaskForm):
    code = StringField(_("Code"), [forms.required(), Length(max=50, message=_("Please make that shorter."))])
    trust = BooleanField(_("Do not ask again in this browser for 30 days"))


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
        log.warning("sign_in_refused", ip=request.remote_addr)
        signin.refused(form.email.data or "")
        session.commit()
        return _page(form, gettext("E-mail and password do not belong together.")), 422
    return password_given(agent, _back() or "/")


@bp.get("/login/code")
@allow(PUBLIC)
def ask_code() -> ResponseReturnValue:
    if second_factor.owing(cookies.step()) is None:
        return redirect("/login", 303)
    return _code_page(CodeForm())


@bp.post("/login/code")
@allow(PUBLIC)
@tries
@codes_of_an_account
def give_code() -> ResponseReturnValue:
    form, token = CodeForm(), cookies.step()
    if not form.validate() and second_factor.owing(token):
        return _code_page(form), 422
    agent = second_factor.pay(token, form.code.data or "") if second_factor.count_try(token) else None
    if agent is None:
        return _wrong_code(form, token)
    response = signed_in(agent, _back() or "/", trust=form.trust.data)
    return cookies.forget_step(make_response(response))


@bp.post("/logout")
@allow(AGENT)
def sign_out() -> ResponseReturnValue:
    audit.record("signed_out", g.me)
    signin.end(this_sign_in())
    session.commit()
    form_session.clear()
    return cookies.forget(make_response(redirect("/login", 303)))


def _page(form: LoginForm, problem: str = "") -> str:
    return render_template("signin/login.html", form=form, problem=problem, next=_back())


def _code_page(form: CodeForm) -> str:
    return render_template("signin/code.html", form=form)


def _back() -> str:
    return local_path(request.values.get("next", ""))


def _wrong_code(form: CodeForm, token: str) -> ResponseReturnValue:
    """Somebody knew the password and not the code, which is worth remembering."""
    log.warning("code_refused", ip=request.remote_addr)
    left = second_factor.refuse(token)
    session.commit()
    if left < 1:
        flash(gettext("That took too long, or too many tries. Begin again."), "error")
        return cookies.forget_step(make_response(redirect("/login", 303)))
    said = ngettext(
        "That code does not fit. One try is left.", "That code does not fit. %(num)s tries are left.", left
    )
    forms.add_error(form.code, said)
    return _code_page(form), 422


def password_given(agent: Agent, where: str) -> ResponseReturnValue:
    """What follows the right password: the question for the code, or the house."""
    if not second_factor.is_on(agent) or browsers.is_trusted(agent, cookies.browser(agent.email)):
        return signed_in(agent, where)
    token = second_factor.owe(agent)
    session.commit()
    back = f"?{urlencode({'next': where})}" if where != "/" else ""
    return cookies.keep_step(make_response(redirect(f"/login/code{back}", 303)), token)


def signed_in(agent: Agent, where: str, *, trust: bool = False) -> Response:
    """A new sign-in for this browser, whatever it carried before; and new form tokens."""
    if before := signin.of(cookies.token()):
        signin.end(before)
    name, ip = browser_name(), request.remote_addr or ""
    token = signin.begin(agent, name, ip)
    begun = signin.of(token)
    audit.signed_in_with.set(begun.id if begun else None)
    audit.record("signed_in", agent)
    known = browsers.welcome(agent, cookies.browser(agent.email), name, ip, trust=trust)
    session.commit()
    log.info("signed_in", agent=agent.id)
    form_session.clear()
    response = cookies.keep(make_response(redirect(where, 303)), token)
    return cookies.keep_browser(response, agent.email, known)


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
