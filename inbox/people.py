"""Who works here: inviting, changing and deactivating agents, and their teams."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from inbox import live, signin
from inbox.db import after_commit, now, session
from inbox.models import Agent, Installation, Team

INVITATION = timedelta(days=7)


class Taken(Exception):
    """Somebody has this e-mail address, or a team this name."""


class LastAdmin(Exception):
    """An installation needs somebody who can change its settings."""


def everybody() -> list[Agent]:
    query = select(Agent).options(selectinload(Agent.teams))
    return list(session.scalars(query.order_by(Agent.active.desc(), Agent.name, Agent.id)))


def invite(email: str, name: str, role: str, teams: Sequence[Team], by: Agent) -> tuple[Agent, str]:
    """A new agent without a password, and the token of the link they choose one with."""
    email = email.strip().lower()
    if session.scalar(select(Agent.id).where(Agent.email == email)):
        raise Taken(email)
    ours = Installation.current()
    agent = Agent(email=email, name=name, role=role, password_hash="", language=ours.language, zone=ours.zone)
    agent.teams = list(teams)
    session.add(agent)
    return agent, invite_again(agent, by)


def invite_again(agent: Agent, by: Agent) -> str:
    """A fresh link; the one before it stops working. Also how a forgotten password is replaced."""
    token = secrets.token_urlsafe(32)
    agent.invite_hash, agent.invited_until = signin.digest(token), now() + INVITATION
    session.flush()
    return token


def update(agent: Agent, name: str, role: str, teams: Sequence[Team], by: Agent) -> None:
    """Raises LastAdmin."""
    if role != "admin":
        _keep_an_admin(agent)
    agent.name, agent.role, agent.teams = name, role, list(teams)
    session.flush()
    _sees_something_else(agent)


def allow_in(agent: Agent, active: bool, by: Agent) -> None:
    """Let somebody sign in, or no longer. Raises LastAdmin."""
    if active:
        agent.active = True
        session.flush()
    elif agent.active:
        deactivate(agent, by)


def deactivate(agent: Agent, by: Agent) -> None:
    """Signed out everywhere at once, sockets included. What they wrote stays. Raises LastAdmin."""
    _keep_an_admin(agent)
    agent.active, agent.invite_hash, agent.invited_until = False, None, None
    signin.end_all(agent)
    session.flush()


def _keep_an_admin(agent: Agent) -> None:
    # locked, so that two admins cannot demote each other at the same time
    admins = session.scalars(
        select(Agent).where(Agent.role == "admin", Agent.active, Agent.password_hash != "").with_for_update()
    )
    others = [admin for admin in admins if admin.id != agent.id]
    if agent.role == "admin" and not others:
        raise LastAdmin


def _sees_something_else(agent: Agent) -> None:
    """Their open screens must watch other rooms from now on (``inbox.sockets``)."""
    room = f"agent:{agent.id}"
    after_commit(lambda: live.tell("rewatch", {}, {room}))


# -------------------------------------------------------------------------------------------- teams


def team_names() -> list[tuple[int, str]]:
    """For choosing one: id and name."""
    return [
        (team_id, name) for team_id, name in session.execute(select(Team.id, Team.name).order_by(Team.name))
    ]


def teams() -> list[Team]:
    return list(session.scalars(select(Team).options(selectinload(Team.members)).order_by(Team.name)))


def add_team(name: str, members: Sequence[Agent], by: Agent) -> Team:
    team = Team(name=name)
    session.add(team)
    change_team(team, name, members, by)
    return team


def change_team(team: Team, name: str, members: Sequence[Agent], by: Agent) -> None:
    """Raises Taken."""
    with session.no_autoflush:
        same = session.scalar(select(Team.id).where(Team.name == name))
    if same is not None and same != team.id:
        raise Taken(name)
    before = set(team.members)
    team.name, team.members = name, list(members)
    session.flush()
    for agent in before ^ set(members):
        _sees_something_else(agent)
