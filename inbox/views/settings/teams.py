"""Teams: who answers together, and therefore who sees what."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectMultipleField

from inbox import people
from inbox.db import session
from inbox.models import Agent, Team
from inbox.views.found import number, or_404
from inbox.web import forms
from inbox.web.current import me
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("teams", __name__, url_prefix="/settings/teams")


class TeamForm(FlaskForm):
    name = forms.text(_("Name"), 80)
    members = SelectMultipleField(_("Members"), coerce=int)

    def __init__(self, *values: Any, agents: list[Agent], **more: Any) -> None:
        super().__init__(*values, **more)
        self.members.choices = forms.choices((agent.id, agent.name or agent.email) for agent in agents)
        self._known = {agent.id: agent for agent in agents}

    def chosen(self) -> list[Agent]:
        return [self._known[agent_id] for agent_id in self.members.data or ()]


@bp.get("")
@allow(ADMIN)
def index() -> str:
    return _page(TeamForm(formdata=None, agents=people.everybody()))


@bp.post("")
@allow(ADMIN)
def add() -> ResponseReturnValue:
    return _save(None)


@bp.post("/<int:team_id>")
@allow(ADMIN)
def update(team_id: int) -> ResponseReturnValue:
    return _save(or_404(session.get(Team, number(team_id))))


def _save(team: Team | None) -> ResponseReturnValue:
    form = TeamForm(agents=people.everybody())
    if form.validate():
        try:
            change = (form.name.data, form.chosen(), me())
            people.change_team(team, *change) if team else people.add_team(*change)
            session.commit()
            flash(gettext("Saved."))
            return redirect("/settings/teams", 303)
        except people.Taken:
            session.rollback()
            forms.add_error(form.name, gettext("There is a team with this name."))
    return _page(form, changed=team), 422


def _page(form: TeamForm, **more: Any) -> str:
    return render_template(
        "settings/teams.html",
        form=form,
        teams=people.teams(),
        people=people.everybody(),
        page_name="teams",
        **more,
    )
