"""Handing over: what somebody had open who no longer answers, and the conversations of a team that ends.

Who takes over stands on the agent or team itself. The work is done a batch at a time, each in a transaction
of its own and with an event on every ticket, so ten thousand of them hold nobody up, and after a crash it
goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, null, select, update
from sqlalchemy.orm import aliased

from inbox import access, audit, live, queue, tickets
from inbox.db import after_commit, reading, session, writing
from inbox.models import Agent, Draft, Message, Team, Ticket
from inbox.models.ticket import stands
from inbox.tickets import scheduled

BATCH = 100


@dataclass(frozen=True, slots=True)
class Load:
    """What an agent has open."""

    tickets: int
    scheduled: int
    """Replies that are to leave later."""
    drafts: int

    @property
    def is_empty(self) -> bool:
        return not (self.tickets or self.scheduled or self.drafts)


def load_of(agent: Agent) -> Load:
    counts = (
        select(func.count()).select_from(Ticket).where(*_theirs(agent)),
        select(func.count()).select_from(Message).where(*_scheduled(agent)),
        select(func.count()).select_from(Draft).where(Draft.agent_id == agent.id),
    )
    row = session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    return Load(*row)


def begin(agent: Agent, to: Agent | None, by: Agent, *, hold: bool = False) -> None:
    """Give what is open to a colleague, or back to the teams it belongs to. With ``hold`` the scheduled
    replies wait for a person, else they leave at their time. The first batch is done here.
    """
    agent.handover = {"to": to.id if to else None, "by": by.id, "hold": hold}
    session.flush()
    if _agent_step(agent):
        queue.later("reactions", agents_work, agent.id)


def dissolve(team: Team, to: Team | None, by: Agent) -> None:
    """Give the team's conversations to another team, or to everybody; then the team is gone. From now on it
    allows nothing."""
    team.handover, team.rights = {"to": to.id if to else None, "by": by.id}, []
    session.flush()
    if _team_step(team):
        queue.later("reactions", teams_work, team.id)


def agents_work(agent_id: int) -> None:
    """Go on with an agent's, until it is done."""
    while _one_batch(Agent, agent_id, _agent_step):
        pass


def teams_work(team_id: int) -> None:
    while _one_batch(Team, team_id, _team_step):
        pass


def sweep() -> None:
    """Ring for what a lost bell or a crash left behind."""
    with reading():
        agents = session.scalars(select(Agent.id).where(Agent.handover.is_not(null()))).all()
        teams = session.scalars(select(Team.id).where(Team.handover.is_not(null()))).all()
    for agent_id in agents:
        queue.ring("reactions", agents_work, agent_id)
    for team_id in teams:
        queue.ring("reactions", teams_work, team_id)


def _one_batch(kind: Any, row_id: int, step: Callable[[Any], bool]) -> bool:
    """Whether there is more to do. Of two who ring at the same time, one does it."""
    mine = (kind.id == row_id, kind.handover.is_not(null()))
    with writing():
        row = session.scalar(select(kind).where(*mine).with_for_update(skip_locked=True))
        return row is not None and step(row)


def _agent_step(agent: Agent) -> bool:
    order = agent.handover or {}
    to, by = _still_answers(order.get("to")), session.get(Agent, order.get("by") or 0)
    todo = session.scalars(select(Ticket).where(*_theirs(agent)).order_by(Ticket.id).limit(BATCH)).all()
    for ticket in todo:
        tickets.assign(ticket, to, by, handed_over=True)
    held = _hold(agent, by) if order.get("hold") else 0
    if len(todo) == BATCH or held == BATCH:
        return True
    if to:
        _pass_drafts_on(agent, to)
    agent.handover = None
    session.flush()
    return False


def _still_answers(agent_id: int | None) -> Agent | None:
    """Whoever was named may have left in the meantime."""
    agent = session.get(Agent, agent_id) if agent_id else None
    return agent if agent and agent.can_answer else None


def _theirs(agent: Agent) -> tuple[Any, ...]:
    return (Ticket.assignee_id == agent.id, stands("open"))


def _scheduled(agent: Agent) -> tuple[Any, ...]:
    return (Message.author_id == agent.id, *scheduled.WAITING)


def _hold(agent: Agent, by: Agent | None) -> int:
    waiting = select(Message).where(*_scheduled(agent)).order_by(Message.id).limit(BATCH)
    messages = session.scalars(waiting).all()
    for message in messages:
        scheduled.hold(message, by)
    return len(messages)


def _pass_drafts_on(agent: Agent, to: Agent) -> None:
    """What was begun goes along, where the colleague sees the conversation and has begun nothing there."""
    own = aliased(Draft)
    taken = select(own.id).where(
        own.agent_id == to.id, own.ticket_id == Draft.ticket_id, own.kind == Draft.kind
    )
    seen = select(Ticket.id).where(access.visible_to(to))
    session.execute(
        update(Draft)
        .where(
            Draft.agent_id == agent.id,
            Draft.ticket_id.is_(None) | Draft.ticket_id.in_(seen),
            ~taken.exists(),
        )
        .values(agent_id=to.id)
        .execution_options(synchronize_session=False)
    )


def _team_step(team: Team) -> bool:
    order = team.handover or {}
    to, by = session.get(Team, order.get("to") or 0), session.get(Agent, order.get("by") or 0)
    todo = select(Ticket).where(Ticket.team_id == team.id).order_by(Ticket.id).limit(BATCH)
    found = session.scalars(todo).all()
    for ticket in found:
        tickets.move(ticket, to, by)
    if len(found) == BATCH:
        return True
    rooms = {f"agent:{agent.id}" for agent in team.members}
    audit.record("team_removed", by, team=team.id, to=to.id if to else None)
    session.delete(team)
    session.flush()
    after_commit(lambda: live.tell("rewatch", {}, rooms))
    return False
