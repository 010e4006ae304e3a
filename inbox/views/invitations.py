"""Accepting an invitation: choosing a name and a password. Opening the link uses nothing up."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField

from inbox import audit, passwords, signin
from inbox.models import Agent
from inbox.views.login import password_given
from inbox.web import forms
from inbox.web.current import installation
from inbox.web.limits import tries
from inbox.web.permissions import PUBLIC, allow

bp = Blueprint("invitations", __name__, url_prefix="/invitations/<token>")


class InvitationForm(FlaskForm):
    name = forms.text(_("Your name"))
    password = PasswordField(_("Password"), [forms.required()])
    language = forms.language()
    zone = forms.zone()


@bp.get("")
@allow(PUBLIC)
def show(token: str) -> str:
    agent = _invited(token)
    return _page(InvitationForm(obj=agent), agent)


@bp.post("")
@allow(PUBLIC)
@tries
def accept(token: str) -> ResponseReturnValue:
    agent, form = _invited(token), InvitationForm()
    try:
        if not form.validate():
            return _page(form, agent), 422
        accepted = signin.accept_invite(token, form.password.data, installation().company) or abort(404)
    except passwords.Weak as weak:
        forms.add_error(form.password, forms.weakness(weak))
        return _page(form, agent), 422
    accepted.name, accepted.language, accepted.zone = form.name.data, form.language.data, form.zone.data
    audit.record("invitation_accepted", accepted, agent=accepted.id)
    return password_given(accepted, "/")


def _invited(token: str) -> Agent:
    return signin.invited(token) or abort(404)


def _page(form: InvitationForm, agent: Agent) -> str:
    return render_template("signin/invitation.html", form=form, agent=agent)
