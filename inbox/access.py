"""Who may see which ticket. Pages, search, counts, files and socket rooms all ask here, and only here.

Admins and supervisors see everything; an agent, light or not, sees what belongs to no team, what belongs to
one of their teams, and what is assigned to them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from inbox.db import session
from inbox.models import Agent, Attachment, Customer, Draft, Identity, Message, Organisation, Tally, Ticket
from inbox.models.tally import NOBODY, Place
from inbox.models.team import membership
from inbox.models.ticket import in_team
from inbox.trees import Path, Tree


@cache
def somebody(role: str) -> Agent:
    """An agent of this role, whoever it is: for statements that are made once, and told who ``me`` is (an id)
    when they are asked. Only what follows from the role and the id may be asked of them.
    """
    return Agent(role=role, id=bindparam("me"))


def visible_to(agent: Agent) -> ColumnElement[bool]:
    """The predicate over ``Ticket`` that guards everything an agent can ask for."""
    if agent.sees_everything:
        return true()
    return or_(Ticket.team_id.is_(None), _theirs(agent, Ticket.team_id, Ticket.assignee_id))


MOST_PARTS = 50
"""SQLite takes 500 in one statement, and a search asks for each twice."""


def parts_of(agent: Agent, teams: int, *, own: bool = True) -> list[ColumnElement[bool]]:
    """The same rule in parts, each of which an index has in the order of a list: what belongs to no team, to
    each of so many teams (``teams_of`` says which), and with ``own`` what is assigned to them. Some tickets
    stand in two. Whoever is in very many teams sees most, and the rule is one part.
    """
    if agent.sees_everything or teams > MOST_PARTS:
        return [visible_to(agent)]
    theirs = [in_team(bindparam(f"team_{n}")) for n in range(teams)]
    mine = [Ticket.assignee_id == agent.id] if own else []
    return [in_team(literal_column(str(NOBODY))), *mine, *theirs]


def teams_of(agent: Agent) -> dict[str, int]:
    """Their teams' numbers, by the names that ``parts_of`` knows them by; none for who sees everything."""
    if agent.sees_everything:
        return {}
    numbers = session.scalars(_TEAMS, {"me": agent.id})
    return {f"team_{n}": number for n, number in enumerate(numbers)}


_TEAMS = select(membership.c.team_id).where(membership.c.agent_id == bindparam("me"))


def counted_for(agent: Agent) -> ColumnElement[bool]:
    """The same rule over ``Tally``, where a missing team is ``NOBODY``."""
    if agent.sees_everything:
        return true()
    return or_(Tally.team_id == NOBODY, _theirs(agent, Tally.team_id, Tally.assignee_id))


def customers_visible_to(agent: Agent) -> ColumnElement[bool]:
    """The predicate over ``Customer``: whoever may see one of their tickets, or looks after customers. Who
    turned out to be somebody else is nobody's."""
    themselves = Customer.merged_into_id.is_(None)
    if agent.may("customers"):
        return themselves
    tickets = select(Ticket.id).join(Identity, Identity.id == Ticket.identity_id)
    theirs = tickets.where(Identity.customer_id == Customer.id, visible_to(agent))
    return and_(themselves, theirs.correlate(Customer).exists())


def organisations_visible_to(agent: Agent) -> ColumnElement[bool]:
    """The predicate over ``Organisation``: whoever may see somebody of it."""
    if agent.may("customers"):
        return true()
    members = select(Customer.id).where(Customer.organisation_id == Organisation.id)
    return members.where(customers_visible_to(agent)).correlate(Organisation).exists()


def _theirs(
    agent: Agent, team: InstrumentedAttribute[Any], assignee: InstrumentedAttribute[Any]
) -> ColumnElement[bool]:
    teams = select(membership.c.team_id).where(membership.c.agent_id == agent.id)
    return or_(team.in_(teams), assignee == agent.id)


# --------------------------------------------------------------------------- one thing, or nothing


def ticket(agent: Agent, ticket_id: int, *paths: Path) -> Ticket | None:
    """The ticket if this agent may see it, with what these links lead to. A missing and a forbidden one look
    the same."""
    tree, query = _ticket(agent.role, paths)
    return next(iter(tree.read(query, me=agent.id, ticket=ticket_id)), None)


@lru_cache(maxsize=64)
def _ticket(role: str, paths: tuple[Path, ...]) -> tuple[Tree[Ticket], Select[Any]]:
    tree = Tree(Ticket, *paths)
    return tree, tree.query(Ticket.id == bindparam("ticket"), visible_to(somebody(role)))


def who_sees(ticket_id: int, agents: Sequence[Agent]) -> set[int]:
    """Which of these agents may see the ticket, by id."""
    return {agent_id for _ticket, agent_id in who_see([ticket_id], agents)}


def who_see(ticket_ids: Collection[int], agents: Sequence[Agent]) -> set[tuple[int, int]]:
    """Which of these tickets and agents belong together, by their ids: the same rule for each, asked at once,
    and not for those who see everything."""
    everything = [agent for agent in agents if agent.sees_everything]
    found = {(ticket_id, agent.id) for ticket_id in ticket_ids for agent in everything}
    others = [agent for agent in agents if not agent.sees_everything]
    for first in range(0, len(others), 100):
        asked = [
            select(Ticket.id, literal(agent.id)).where(Ticket.id.in_(ticket_ids), visible_to(agent))
            for agent in others[first : first + 100]
        ]
        found |= {(ticket_id, agent_id) for ticket_id, agent_id in session.execute(union_all(*asked))}
    return found


def message(agent: Agent, message_id: int, *options: Any) -> Message | None:
    query = select(Message).join(Message.ticket).where(Message.id == message_id, visible_to(agent))
    return session.scalar(query.options(*options))


def attachment(agent: Agent, token: str) -> Attachment | None:
    """A file of a message on a visible ticket, of a draft of their own, or a picture of a signature: that is
    what we show to everybody who gets mail."""
    of_message = select(Message.id).join(Message.ticket).where(visible_to(agent))
    own_draft = select(Draft.id).where(Draft.agent_id == agent.id)
    return session.scalar(
        select(Attachment).where(
            Attachment.token == token,
            or_(
                Attachment.message_id.in_(of_message),
                Attachment.draft_id.in_(own_draft),
                Attachment.address_id.is_not(None),
            ),
        )
    )


def customer(agent: Agent, customer_id: int, *options: Any) -> Customer | None:
    query = select(Customer).where(Customer.id == customer_id, customers_visible_to(agent))
    return session.scalars(query.options(*options)).unique().first()


def organisation(agent: Agent, organisation_id: int, *options: Any) -> Organisation | None:
    query = select(Organisation).where(Organisation.id == organisation_id, organisations_visible_to(agent))
    return session.scalars(query.options(*options)).unique().first()


# --------------------------------------------------------------------------------- socket rooms


VIEW_OF = {"open": "open", "done": "resolved", "spam": "spam"}
"""The view of everything that is counted as this."""

OWN_ROOM = {"open": "mine:{}", "resolved": "done:{}", "spam": "spam:{}"}
"""Where agents hear of what is assigned to them, whatever team it belongs to."""


def rooms_about(place: Place) -> set[str]:
    """The rooms that list a ticket which is counted at this place."""
    view = VIEW_OF[place.state]
    rooms = {f"{view}:all", f"{view}:team:{place.team}"}
    if place.state == "open":
        if place.assignee == NOBODY:
            rooms |= {"unassigned:all", f"unassigned:team:{place.team}"}
        else:
            rooms.add(f"mine:{place.assignee}")
    elif place.assignee != NOBODY:
        rooms.add(f"{place.state}:{place.assignee}")
    return rooms


def rooms_for(agent: Agent, view: str) -> set[str]:
    """The rooms in which this agent hears everything that may stand in a view, and nothing else."""
    if view == "mine":
        return {f"mine:{agent.id}"}
    if view not in ("unassigned", *VIEW_OF.values()):
        return set()
    if agent.sees_everything:
        return {f"{view}:all"}
    own = {OWN_ROOM[view].format(agent.id)} if view in OWN_ROOM else set()
    return own | {f"{view}:team:{team}" for team in (NOBODY, *(t.id for t in agent.teams))}


def count_rooms(agent: Agent) -> set[str]:
    """Where this agent hears that a count they see has changed."""
    if agent.sees_everything:
        return {"counts:all"}
    return {f"counts:agent:{agent.id}"} | {
        f"counts:team:{team}" for team in (NOBODY, *(t.id for t in agent.teams))
    }


def count_rooms_about(place: Place) -> set[str]:
    return {"counts:all", f"counts:team:{place.team}", f"counts:agent:{place.assignee}"}
