"""Signing in, as far as it is one's own: the password, the second factor, and where one is signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField

from inbox import audit, browsers, passwords, resets, second_factor, signin
from inbox.db import session
from inbox.models import Agent, KnownBrowser, SignIn
from inbox.views.found import number, or_404
from inbox.views.login import signed_in
from inbox.web import forms
from inbox.web.current import installation, me, this_sign_in
from inbox.web.errors import Said
from inbox.web.limits import tries_of_mine
from inbox.web.permissions import ADMIN, AGENT, allow

bp = Blueprint("security", __name__, url_prefix="/settings")


class PasswordForm(FlaskForm):
    current = PasswordField(_("Password now"), [forms.required()])
    new = PasswordField(_("New password"), [forms.required()])


class TellForm(FlaskForm):
    tell_sign_ins = BooleanField(_("Write to me when somebody signs in as me from a new browser"))


class EverybodyForm(FlaskForm):
    required = BooleanField(_("Everybody needs a second factor"))


@bp.get("/security")
@allow(AGENT)
def show() -> str:
    return _page()


@bp.post("/security/password")
@allow(AGENT)
@tries_of_mine
def change_password() -> ResponseReturnValue:
    """Everywhere else is signed out; this browser gets a new sign-in."""
    form = PasswordForm()
    if form.validate() and not passwords.matches(me().password_hash, form.current.data):
        forms.add_error(form.current, gettext("That is not your password."))
    try:
        if not form.errors:
            resets.change(me(), form.new.data, installation().company)
            response = signed_in(me(), "/settings/security")
            flash(gettext("Your password is changed. You were signed out everywhere else."))
            return response
    except passwords.Weak as weak:
        forms.add_error(form.new, forms.weakness(weak))
    return _page(password_form=form), 422


@bp.post("/security/notices")
@allow(AGENT)
def tell() -> ResponseReturnValue:
    TellForm().populate_obj(me())
    return _back(gettext("Saved."))


@bp.delete("/sessions/<int:sign_in_id>")
@allow(AGENT)
def end_session(sign_in_id: int) -> ResponseReturnValue:
    sign_in = session.get(SignIn, number(sign_in_id))
    mine = or_404(sign_in if sign_in and sign_in.agent_id == me().id else None)
    signin.end(mine)
    audit.record("signed_out_elsewhere", me(), agent=me().id)
    session.commit()
    return ""


@bp.post("/sessions/elsewhere")
@allow(AGENT)
def end_others() -> ResponseReturnValue:
    signin.end_all(me(), but=this_sign_in())
    signin.trust_nobody(me())
    audit.record("signed_out_elsewhere", me(), agent=me().id)
    return _back(gettext("You are signed out everywhere else."))


@bp.delete("/browsers/<int:browser_id>")
@allow(AGENT)
def distrust(browser_id: int) -> ResponseReturnValue:
    browser = session.get(KnownBrowser, number(browser_id))
    browsers.distrust(or_404(browser if browser and browser.agent_id == me().id else None), me())
    session.commit()
    return ""


@bp.post("/security/everybody")
@allow(ADMIN)
def require() -> ResponseReturnValue:
    required = bool(EverybodyForm().required.data)
    if required and not second_factor.is_on(me()):
        raise Said(422, gettext("Set up your own second factor first: else it would lock you out."))
    second_factor.require(installation(), required, me())
    return _back(gettext("Saved."))


@bp.post("/security/people/<int:agent_id>")
@allow(ADMIN)
def reset_second_factor(agent_id: int) -> ResponseReturnValue:
    agent = or_404(session.get(Agent, number(agent_id)))
    if agent.id == me().id:  # with password and code, as everybody: a browser may be left signed in
        return redirect("/settings/security/second-factor", 303)
    second_factor.reset(agent, me())
    session.commit()
    flash(gettext("%(name)s signs in with the password alone until they set it up again.", name=agent.name))
    return redirect(f"/settings/people/{agent.id}", 303)


@bp.post("/security/people/<int:agent_id>/sessions")
@allow(ADMIN)
def sign_out(agent_id: int) -> ResponseReturnValue:
    """A colleague, everywhere: a laptop is gone, and they may not know it yet."""
    agent = or_404(session.get(Agent, number(agent_id)))
    signin.end_all(agent, but=this_sign_in())
    signin.trust_nobody(agent)
    audit.record("signed_out_by_admin", me(), agent=agent.id)
    session.commit()
    flash(gettext("%(name)s is signed out everywhere.", name=agent.name))
    return redirect(f"/settings/people/{agent.id}", 303)


def _back(said: str) -> ResponseReturnValue:
    session.commit()
    flash(said)
    return redirect("/settings/security", 303)


def _page(**given: Any) -> str:
    facts = {"password_form": PasswordForm(formdata=None)}
    return render_template(
        "settings/security.html",
        page_name="security",
        sessions=signin.every(me()),
        current_session=this_sign_in(),
        trusted=browsers.trusted(me()),
        codes_left=second_factor.codes_left(me()),
        **(facts | given),
    )
