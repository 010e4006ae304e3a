"""Who works here: inviting, changing and deactivating people, and their teams."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, null, select
from sqlalchemy import update as update_rows
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from inbox import audit, downloads, handover, live, memos, signin
from inbox.db import after_commit, now, session
from inbox.models import Account, AccountAddress, Agent, Installation, Macro, Team, Ticket
from inbox.models.team import RIGHTS
from inbox.models.ticket import OPEN

INVITATION = timedelta(days=7)
MOST_AT_ONCE = 50
"""Invitations in one go: more is a slip, and would look like spam."""


class Taken(Exception):
    """Somebody has this e-mail address, or a team this name."""


class LastAdmin(Exception):
    """An installation needs somebody who can change its settings."""


class NotTheirs(Exception):
    """Whoever was named cannot take this over."""


def everybody() -> list[Agent]:
    """Those who came in first, then who is invited, then who was let go."""
    order = (Agent.active.desc(), Agent.password_hash == "", Agent.name, Agent.id)
    return list(session.scalars(select(Agent).options(selectinload(Agent.teams)).order_by(*order)))


def who_answers() -> list[Agent]:
    """Everybody whom tickets can be given to (``Agent.can_answer``)."""
    query = select(Agent).where(Agent.active, Agent.password_hash != "", Agent.role != "light")
    return list(session.scalars(query.order_by(Agent.name, Agent.id)))


# -------------------------------------------------------------------------------------- invitations


def invite(email: str, name: str, role: str, teams: Sequence[Team], by: Agent) -> tuple[Agent, str]:
    """A new agent without a password, who is mailed a link to choose one with; and that link's token.

    Raises Taken. Somebody whose invitation was withdrawn is invited anew.
    """
    email = email.strip().lower()
    agent = session.scalar(select(Agent).where(Agent.email == email))
    if agent is not None and (agent.active or not agent.is_invited):
        raise Taken(email)
    if agent is None:
        ours = Installation.current()
        agent = Agent(email=email, password_hash="", language=ours.language, zone=ours.zone)
        session.add(agent)
    agent.name, agent.role, agent.teams, agent.active = name, role, list(teams), True
    _claim(email)
    audit.record("person_invited", by, agent=agent.id, role=role, teams=[team.id for team in teams])
    return agent, _new_link(agent, by)


def _claim(name: str) -> None:
    """Of two who write the same address or name at the same time, the database lets one."""
    try:
        session.flush()
    except IntegrityError as problem:
        raise Taken(name) from problem


def invite_again(agent: Agent, by: Agent) -> str:
    """A fresh link; the one before it stops working. Also how an admin replaces a forgotten password."""
    audit.record("person_invited_again", by, agent=agent.id)
    return _new_link(agent, by)


def withdraw_invitation(agent: Agent, by: Agent) -> None:
    """The link stops working. Somebody who has not come in yet is nobody here until invited anew."""
    agent.invite_hash, agent.invited_until = None, None
    agent.active = agent.active and not agent.is_invited
    for template in ("invitation", "password_link"):
        memos.withdraw(agent, template)
    session.flush()
    audit.record("invitation_withdrawn", by, agent=agent.id)


def _new_link(agent: Agent, by: Agent) -> str:
    """The token is kept nowhere: we have its hash, and the mail forgets it once it has left."""
    token = secrets.token_urlsafe(32)
    agent.invite_hash, agent.invited_at = signin.digest(token), now()
    agent.invited_until = now() + INVITATION
    session.flush()
    template = "invitation" if agent.is_invited else "password_link"
    memos.withdraw(agent, template)
    facts: dict[str, Any] = {"link": link_of(token), "until": agent.invited_until}
    memos.write(agent.email, template, agent.language, agent=agent, inviter=by.name or by.email, **facts)
    return token


def link_of(token: str) -> str:
    return f"{downloads.public_url()}/invitations/{token}"


# ------------------------------------------------------------------------------------------ changing


def update(agent: Agent, name: str, role: str, teams: Sequence[Team], by: Agent) -> None:
    """Raises LastAdmin. With another role they sign in again, everywhere: what a browser was trusted with
    was trusted to the former one. Who becomes light hands back what they had open.
    """
    if role != "admin":
        _keep_an_admin(agent)
    before = _facts(agent)
    agent.name, agent.role, agent.teams = name, role, list(teams)
    session.flush()
    changed: dict[str, Any] = audit.changes(before, _facts(agent))
    if changed:
        audit.record("person_changed", by, agent=agent.id, **changed)
    if "role" in changed:
        _sign_out(agent)
        if agent.active:
            _go_on_answering(agent, by)
    if changed:
        _sees_something_else(agent)


def _go_on_answering(agent: Agent, by: Agent) -> None:
    """With what they have, or hand it back: who is light does not answer."""
    if agent.may_write:
        agent.handover = None
    else:
        handover.begin(agent, None, by)


def _facts(agent: Agent) -> dict[str, Any]:
    """What the audit keeps of somebody: no name."""
    return {"role": agent.role, "teams": sorted(team.id for team in agent.teams)}


def deactivate(agent: Agent, by: Agent, *, hand_over_to: Agent | None = None, hold: bool = False) -> None:
    """Signed out everywhere at once, sockets included, and told nothing more. What they wrote stays.

    What they had open goes to a colleague, or back to the teams it belongs to (``inbox.handover``); replies
    they scheduled leave at their time, or wait for a person with ``hold``. Raises LastAdmin, NotTheirs.
    """
    _keep_an_admin(agent)
    if hand_over_to and (hand_over_to.id == agent.id or not hand_over_to.can_answer):
        raise NotTheirs
    agent.active, agent.invite_hash, agent.invited_until = False, None, None
    _sign_out(agent)
    session.flush()
    to = hand_over_to.id if hand_over_to else None
    audit.record("person_deactivated", by, agent=agent.id, to=to, hold=hold)
    handover.begin(agent, hand_over_to, by, hold=hold)


def reactivate(agent: Agent, by: Agent) -> None:
    """Let somebody in again, as they were. What was handed over stays where it is."""
    if not agent.active:
        agent.active, agent.handover = True, None
        session.flush()
        audit.record("person_reactivated", by, agent=agent.id)


def _sign_out(agent: Agent) -> None:
    """Everywhere, and no browser is trusted any more."""
    signin.end_all(agent)
    signin.trust_nobody(agent)


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
        (team_id, name)
        for team_id, name in session.execute(
            select(Team.id, Team.name).where(Team.handover.is_(null())).order_by(Team.name)
        )
    ]


def teams() -> list[Team]:
    """Those there are; one that is being dissolved is none any more."""
    query = select(Team).where(Team.handover.is_(null())).options(selectinload(Team.members))
    return list(session.scalars(query.order_by(Team.name)))


def add_team(name: str, members: Sequence[Agent], by: Agent, rights: Collection[str] = ()) -> Team:
    """Raises Taken."""
    team = Team(name=name, rights=[])
    session.add(team)
    change_team(team, name, members, by, rights)
    return team


def change_team(
    team: Team, name: str, members: Sequence[Agent], by: Agent, rights: Collection[str] = ()
) -> None:
    """Raises Taken."""
    with session.no_autoflush:
        same = session.scalar(select(Team.id).where(Team.name == name))
    if same is not None and same != team.id:
        raise Taken(name)
    is_new = team.id is None
    before, were = _team_facts(team), set(team.members)
    team.name, team.members = name, list(members)
    team.rights = [right for right in RIGHTS if right in rights]
    _claim(name)
    changed: dict[str, Any] = audit.changes(before, _team_facts(team))
    if is_new:
        audit.record("team_added", by, team=team.id, **changed)
    elif changed:
        audit.record("team_changed", by, team=team.id, **changed)
    for agent in were ^ set(members):
        _sees_something_else(agent)


def _team_facts(team: Team) -> dict[str, Any]:
    return {
        "name": team.name,
        "members": sorted(agent.id for agent in team.members),
        "rights": list(team.rights),
    }


def size_of(team: Team) -> tuple[int, int]:
    """How many conversations belong to it: open ones, and all."""
    of_team = select(func.count()).select_from(Ticket).where(Ticket.team_id == team.id)
    return session.scalar(of_team.where(Ticket.status.in_(OPEN))) or 0, session.scalar(of_team) or 0


def remove_team(team: Team, to: Team | None, by: Agent) -> None:
    """Its conversations, mail and macros go to another team, or to everybody; then it is gone.

    Raises NotTheirs where that team is going itself, or others are going into this one.
    """
    going = session.scalars(select(Team).where(Team.handover.is_not(null()))).all()
    into_this = any((other.handover or {}).get("to") == team.id for other in going)
    if team in going or into_this or (to and (to.id == team.id or to in going)):
        raise NotTheirs
    for kind in (Account, AccountAddress, Macro):
        session.execute(
            update_rows(kind).where(kind.team_id == team.id).values(team_id=to.id if to else None)
        )
    handover.dissolve(team, to, by)


# ---------------------------------------------------------------------------------- a team's mail


def mail_accounts() -> Sequence[Account]:
    """Everything customers write to, with its addresses and teams."""
    query = select(Account).options(
        selectinload(Account.addresses).joinedload(AccountAddress.team), joinedload(Account.team)
    )
    return session.scalars(query.order_by(Account.name, Account.id)).all()


def mail_of_teams() -> dict[int, list[str]]:
    """The addresses whose mail comes to a team, by its id."""
    found: dict[int, list[str]] = {}
    for account in mail_accounts():
        for row in account.addresses:
            team = row.team_id or account.team_id
            if team:
                found.setdefault(team, []).append(row.address)
    return found


def set_mail(team: Team, accounts: Collection[int], addresses: Collection[int], by: Agent) -> None:
    """New conversations of these accounts, and those to these further addresses, belong to the team.

    What was the team's and is not named belongs to everybody from now on, or as its account does. What is
    there already stays where it is.
    """
    for account in mail_accounts():
        _give(account, account.id in accounts, team, by, account=account.id)
        for address in account.addresses:
            if address.address != account.address.lower():
                _give(address, address.id in addresses, team, by, address=address.id)
    session.flush()


def _give(what: Account | AccountAddress, theirs: bool, team: Team, by: Agent, **named: int) -> None:
    wanted = team.id if theirs else None if what.team_id == team.id else what.team_id
    if what.team_id != wanted:
        kind = "account_changed" if isinstance(what, Account) else "address_changed"
        audit.record(kind, by, **named, team=[what.team_id, wanted])
        what.team_id = wanted
