"""People: who works here, inviting them, and letting them go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField

from inbox import people
from inbox.db import session
from inbox.models import Agent, Team
from inbox.views.found import number, or_404
from inbox.web import forms
from inbox.web.addresses import public_url
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("people", __name__, url_prefix="/settings/people")

ROLES = forms.choices(
    (
        ("agent", _("Agent: sees their teams’ conversations")),
        ("admin", _("Admin: sees and sets everything")),
    )
)


class PersonForm(FlaskForm):
    name = forms.text(_("Name"))
    role = SelectField(_("Role"), choices=ROLES, default="agent")
    teams = SelectMultipleField(_("Teams"), coerce=int)

    def __init__(self, *values: Any, teams_there_are: list[Team], **more: Any) -> None:
        super().__init__(*values, **more)
        self.teams.choices = forms.choices((team.id, team.name) for team in teams_there_are)
        self._known = {team.id: team for team in teams_there_are}

    def chosen_teams(self) -> list[Team]:
        return [self._known[team_id] for team_id in self.teams.data or ()]


class InviteForm(PersonForm):
    email = forms.email(_("E-mail"))


class ChangeForm(PersonForm):
    active = BooleanField(_("May sign in"))


@bp.get("")
@allow(ADMIN)
def index() -> str:
    return _page(InviteForm(formdata=None, teams_there_are=people.teams()))


@bp.post("")
@allow(ADMIN)
def invite() -> ResponseReturnValue:
    form = InviteForm(teams_there_are=people.teams())
    if form.validate():
        try:
            facts = (form.email.data, form.name.data, form.role.data, form.chosen_teams())
            agent, token = people.invite(*facts, by=me())
            return _invited(agent, token)
        except people.Taken:
            forms.add_error(form.email, gettext("Somebody has this address already."))
    return _page(form), 422


@bp.post("/<int:agent_id>")
@allow(ADMIN)
def update(agent_id: int) -> ResponseReturnValue:
    agent, form = _agent(agent_id), ChangeForm(teams_there_are=people.teams())
    if not form.validate():
        flash(next(iter(form.errors.values()))[0], "error")
        return _page(InviteForm(formdata=None, teams_there_are=people.teams()), open_person=agent.id), 422
    try:
        people.update(agent, form.name.data, form.role.data, form.chosen_teams(), me())
        people.allow_in(agent, form.active.data, me())
    except people.LastAdmin as last:
        raise Said(422, gettext("Somebody has to stay who can change the settings.")) from last
    session.commit()
    flash(gettext("Saved."))
    return redirect("/settings/people" if me().is_admin else "/settings/me", 303)


@bp.post("/<int:agent_id>/invitation")
@allow(ADMIN)
def invite_again(agent_id: int) -> ResponseReturnValue:
    agent = _agent(agent_id)
    return _invited(agent, people.invite_again(agent, me()))


def _invited(agent: Agent, token: str) -> str:
    """The link is shown this once: we keep only its hash."""
    session.commit()
    form = InviteForm(formdata=None, teams_there_are=people.teams())
    return _page(form, invited=agent, link=f"{public_url()}/invitations/{token}")


def _agent(agent_id: int) -> Agent:
    return or_404(session.get(Agent, number(agent_id)))


def _page(form: InviteForm, **more: Any) -> str:
    return render_template(
        "settings/people.html",
        form=form,
        people=people.everybody(),
        teams=people.teams(),
        page_name="people",
        **more,
    )
