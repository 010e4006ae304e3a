"""Teams: who answers together, what they may do beyond that, and whose mail comes to them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField

from inbox import people
from inbox.db import session
from inbox.models import Agent, Team
from inbox.views.found import number, or_404
from inbox.web import forms
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("teams", __name__, url_prefix="/settings/teams")

RIGHTS = (
    ("customers", _("Look after customers"), _("Change who customers are, and merge two that are one.")),
    ("figures", _("See the figures"), _("How fast and how well every team answers, not only their own.")),
    ("export", _("Take data out"), _("Download customers and conversations as files.")),
)
"""What each is called, and what it means in a sentence."""


class TeamForm(FlaskForm):
    name = forms.text(_("Name"), 80)
    members = SelectMultipleField(_("Members"), coerce=int)

    def __init__(self, *values: Any, agents: list[Agent], **more: Any) -> None:
        super().__init__(*values, **more)
        self._known = {agent.id: agent for agent in agents}
        self.members.choices = forms.choices((agent.id, agent.name or agent.email) for agent in agents)

    def chosen(self) -> list[Agent]:
        return [self._known[agent_id] for agent_id in self.members.data or ()]


class ChangeForm(TeamForm):
    rights = SelectMultipleField(_("What its agents may do"), choices=forms.choices(r[:2] for r in RIGHTS))
    accounts = SelectMultipleField(_("Mail that comes to this team"), coerce=int)
    addresses = SelectMultipleField(_("Addresses"), coerce=int)

    def __init__(self, *values: Any, **more: Any) -> None:
        super().__init__(*values, **more)
        self.there = people.mail_accounts()
        rows = [row for account in self.there for row in account.addresses]
        self.accounts.choices = forms.choices((account.id, account.address) for account in self.there)
        self.addresses.choices = forms.choices((row.id, row.address) for row in rows)


class EndForm(FlaskForm):
    to = SelectField(_("Its conversations and its mail go"), coerce=int)

    def __init__(self, *values: Any, team: Team, **more: Any) -> None:
        super().__init__(*values, **more)
        others = [
            (one, gettext("to %(name)s", name=name)) for one, name in people.team_names() if one != team.id
        ]
        self.to.choices = forms.choices([*others, (0, gettext("to everybody: all agents see them"))])


@bp.get("")
@allow(ADMIN)
def index() -> str:
    return _list(TeamForm(formdata=None, agents=_agents()))


@bp.post("")
@allow(ADMIN)
def add() -> ResponseReturnValue:
    form = TeamForm(agents=_agents())
    if form.validate():
        try:
            team = people.add_team(form.name.data, form.chosen(), me())
            session.commit()
            flash(gettext("Here is the team. Say whose mail comes to it."))
            return redirect(f"/settings/teams/{team.id}", 303)
        except people.Taken:
            session.rollback()
            forms.add_error(form.name, gettext("There is a team with this name."))
    return _list(form), 422


@bp.get("/<int:team_id>")
@allow(ADMIN)
def show(team_id: int) -> str:
    team = _team(team_id)
    values = {"name": team.name, "members": [agent.id for agent in team.members], "rights": team.rights}
    return _page(team, ChangeForm(formdata=None, data=values, agents=_agents(team)))


@bp.post("/<int:team_id>")
@allow(ADMIN)
def update(team_id: int) -> ResponseReturnValue:
    team = _team(team_id)
    form = ChangeForm(agents=_agents(team))
    if form.validate():
        try:
            people.change_team(team, form.name.data, form.chosen(), me(), form.rights.data or ())
            people.set_mail(team, form.accounts.data or (), form.addresses.data or (), me())
            return _back(gettext("Saved."))
        except people.Taken:
            session.rollback()
            forms.add_error(form.name, gettext("There is a team with this name."))
    return _page(_team(team_id), form), 422


@bp.get("/<int:team_id>/end")
@allow(ADMIN)
def ask_end(team_id: int) -> str:
    team = _team(team_id)
    return _end(team, EndForm(formdata=None, team=team))


@bp.post("/<int:team_id>/end")
@allow(ADMIN)
def end(team_id: int) -> ResponseReturnValue:
    team = _team(team_id)
    form = EndForm(team=team)
    if not form.validate():
        return _end(team, form), 422
    to = or_404(session.get(Team, form.to.data)) if form.to.data else None
    try:
        people.remove_team(team, to, me())
    except people.NotTheirs as problem:
        raise Said(409, gettext("Another team is just moving in or out. Try again in a moment.")) from problem
    return _back(gettext("The team is dissolved."))


def _back(said: str) -> ResponseReturnValue:
    session.commit()
    flash(said)
    return redirect("/settings/teams", 303)


def _team(team_id: int) -> Team:
    team = session.get(Team, number(team_id))
    return or_404(team if team and team.handover is None else None)


def _agents(team: Team | None = None) -> list[Agent]:
    """Who can be in a team: everybody who may come in, and whoever is in it already."""
    there = set(team.members) if team else set()
    return [agent for agent in people.everybody() if agent.active or agent in there]


def _list(form: TeamForm) -> str:
    there = {"teams": people.teams(), "mail": people.mail_of_teams()}
    return render_template("settings/teams.html", form=form, rights=RIGHTS, **there)


def _page(team: Team, form: ChangeForm) -> str:
    return render_template("settings/team.html", form=form, team=team, accounts=form.there, rights=RIGHTS)


def _end(team: Team, form: EndForm) -> str:
    return render_template("settings/team_end.html", form=form, team=team, load=people.size_of(team))
