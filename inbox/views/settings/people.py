"""People: who works here, inviting them, what they may do, and letting them go."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, SelectMultipleField, TextAreaField

from inbox import handover, memos, people
from inbox.channels import Person
from inbox.db import now, session
from inbox.models import Agent, Team
from inbox.tickets import Refused, recipients
from inbox.views.found import number, or_404
from inbox.views.login import signed_in
from inbox.web import forms
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("people", __name__, url_prefix="/settings/people")

ROLES = (
    ("admin", _("Admin"), _("Sees everything, and sets this inbox up: people, teams, mailboxes.")),
    (
        "supervisor",
        _("Supervisor"),
        _("Sees every conversation and all figures, and looks after low ratings."),
    ),
    ("agent", _("Agent"), _("Answers the conversations of their teams, and those of no team.")),
    ("light", _("Light agent"), _("Reads with their teams and writes internal notes, never to customers.")),
)
"""What each is called, and what it means in a sentence."""

SCHEDULED = (
    ("leave", _("They leave at their time.")),
    ("hold", _("They wait under Needs attention until somebody decides.")),
)


class PersonForm(FlaskForm):
    role = RadioField(_("Role"), choices=forms.choices((role, name) for role, name, _says in ROLES))
    teams = SelectMultipleField(_("Teams"), coerce=int)

    def __init__(self, *values: Any, teams_there_are: list[Team], **more: Any) -> None:
        super().__init__(*values, **more)
        self.teams.choices = forms.choices((team.id, team.name) for team in teams_there_are)
        self._known = {team.id: team for team in teams_there_are}

    def chosen_teams(self) -> list[Team]:
        return [self._known[team_id] for team_id in self.teams.data or ()]


class InviteForm(PersonForm):
    emails = TextAreaField(_("E-mail addresses"), [forms.required()])

    def listed(self) -> list[Person]:
        """Everybody who was typed, once; what is wrong becomes the field's errors."""
        try:
            found = recipients.read((self.emails.data or "").replace("\n", ", "))
        except Refused:
            found = []
        once: dict[str, Person] = {}
        for person in found:
            if person.address.strip():
                once.setdefault(person.address.strip().lower(), person)
        wrong = [address for address in once if len(address) > 320 or not forms.ADDRESS.fullmatch(address)]
        if not once:
            forms.add_error(self.emails, gettext("That is not an e-mail address."))
        elif wrong:
            forms.add_error(
                self.emails, gettext("Not an e-mail address: %(which)s", which=", ".join(wrong)[:300])
            )
        elif len(once) > people.MOST_AT_ONCE:
            forms.add_error(self.emails, gettext("At most %(n)s at once, please.", n=people.MOST_AT_ONCE))
        return list(once.values())


class ChangeForm(PersonForm):
    name = forms.text(_("Name"))


class LeavingForm(FlaskForm):
    to = SelectField(_("Open conversations and drafts go"), coerce=int, default=0)
    scheduled = RadioField(
        _("Replies scheduled for later"), choices=forms.choices(SCHEDULED), default="leave"
    )

    def __init__(self, *values: Any, others: list[Agent], **more: Any) -> None:
        super().__init__(*values, **more)
        nobody = gettext("back to their teams, unassigned")
        named = [(one.id, gettext("to %(name)s", name=one.name or one.email)) for one in others]
        self.to.choices = forms.choices([(0, nobody), *named])


@bp.get("")
@allow(ADMIN)
def index() -> str:
    return _list(InviteForm(formdata=None, data={"role": "agent"}, teams_there_are=people.teams()))


@bp.post("")
@allow(ADMIN)
def invite() -> ResponseReturnValue:
    form = InviteForm(teams_there_are=people.teams())
    listed = form.listed() if form.validate() else []
    if not form.errors:
        try:
            invited = [_invite(person, form) for person in listed]
            return _invited(invited)
        except people.Taken as taken:
            session.rollback()
            said = gettext("%(address)s is here already. Nobody was invited yet.", address=str(taken))
            form = InviteForm(teams_there_are=people.teams())
            form.validate()
            forms.add_error(form.emails, said)
    return _list(form), 422


def _invite(person: Person, form: InviteForm) -> tuple[Agent, str]:
    name = (forms.trimmed(person.name) or "")[:200]
    return people.invite(person.address, name, form.role.data, form.chosen_teams(), by=me())


@bp.get("/<int:agent_id>")
@allow(ADMIN)
def show(agent_id: int) -> str:
    agent = _agent(agent_id)
    there = {"name": agent.name, "role": agent.role, "teams": [team.id for team in agent.teams]}
    return _page(agent, ChangeForm(formdata=None, data=there, teams_there_are=people.teams()))


@bp.post("/<int:agent_id>")
@allow(ADMIN)
def update(agent_id: int) -> ResponseReturnValue:
    agent, form = _agent(agent_id), ChangeForm(teams_there_are=people.teams())
    if not form.validate():
        return _page(agent, form), 422
    was = agent.role
    try:
        people.update(agent, form.name.data, form.role.data, form.chosen_teams(), me())
    except people.LastAdmin as last:
        raise Said(422, gettext("Somebody has to stay who can change the settings.")) from last
    flash(gettext("Saved."))
    if agent.id == me().id and agent.role != was:  # signed out with all others: this browser begins anew
        return signed_in(agent, "/settings/me")
    session.commit()
    return redirect("/settings/people", 303)


@bp.post("/<int:agent_id>/invitation")
@allow(ADMIN)
def invite_again(agent_id: int) -> ResponseReturnValue:
    agent = _agent(agent_id)
    if not agent.active:
        raise Said(422, gettext("Let them in again first."))
    return _invited([(agent, people.invite_again(agent, me()))])


@bp.post("/<int:agent_id>/invitation/withdrawal")
@allow(ADMIN)
def withdraw(agent_id: int) -> ResponseReturnValue:
    people.withdraw_invitation(_agent(agent_id), me())
    return _back(gettext("Withdrawn: the link does not work any more."))


@bp.get("/<int:agent_id>/leaving")
@allow(ADMIN)
def ask_leaving(agent_id: int) -> str:
    agent = _agent(agent_id)
    return _leaving(agent, LeavingForm(formdata=None, others=_others(agent)))


@bp.post("/<int:agent_id>/leaving")
@allow(ADMIN)
def leave(agent_id: int) -> ResponseReturnValue:
    agent = _agent(agent_id)
    form = LeavingForm(others=_others(agent))
    if not form.validate():
        return _leaving(agent, form), 422
    if agent.id == me().id:
        raise Said(422, gettext("That is you: another admin can deactivate you."))
    to = session.get(Agent, form.to.data) if form.to.data else None
    try:
        people.deactivate(agent, me(), hand_over_to=to, hold=form.scheduled.data == "hold")
    except people.LastAdmin as last:
        raise Said(422, gettext("Somebody has to stay who can change the settings.")) from last
    return _back(gettext("%(name)s is signed out and can no longer come in.", name=agent.name or agent.email))


@bp.post("/<int:agent_id>/return")
@allow(ADMIN)
def come_back(agent_id: int) -> ResponseReturnValue:
    agent = _agent(agent_id)
    people.reactivate(agent, me())
    return _back(gettext("%(name)s may come in again.", name=agent.name or agent.email))


def _invited(invited: list[tuple[Agent, str]]) -> ResponseReturnValue:
    """Mailed; where no mail leaves, the links are shown this once: we keep only their hashes."""
    session.commit()
    if memos.can_send():
        n = len(invited)
        said = ngettext(
            "A mail with the link is on its way.", "%(num)s mails with the links are on their way.", n
        )
        return _back(said)
    links = [(agent, people.link_of(token)) for agent, token in invited]
    form = InviteForm(formdata=None, data={"role": "agent"}, teams_there_are=people.teams())
    return _list(form, links=links)


def _back(said: str) -> ResponseReturnValue:
    session.commit()
    flash(said)
    return redirect("/settings/people", 303)


def _agent(agent_id: int) -> Agent:
    return or_404(session.get(Agent, number(agent_id)))


def _others(agent: Agent) -> list[Agent]:
    return [one for one in people.who_answers() if one.id != agent.id]


def _list(form: InviteForm, **more: Any) -> str:
    return render_template(
        "settings/people.html",
        form=form,
        people=people.everybody(),
        mails=memos.newest("invitation"),
        can_send=memos.can_send(),
        **_words(),
        **more,
    )


def _page(agent: Agent, form: ChangeForm) -> str:
    return render_template(
        "settings/person.html",
        form=form,
        person=agent,
        mail=memos.newest("invitation").get(agent.id),
        can_send=memos.can_send(),
        load=handover.load_of(agent),
        **_words(),
    )


def _leaving(agent: Agent, form: LeavingForm) -> str:
    return render_template("settings/leaving.html", form=form, person=agent, load=handover.load_of(agent))


def _words() -> dict[str, Any]:
    return {"roles": ROLES, "role_names": {role: name for role, name, _says in ROLES}, "moment_now": now()}
