"""Whom an event concerns: each person gets one notice of it, for the most telling of the reasons.

Older mail that is imported, spam, and a restored copy tell nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import bindparam, select

from inbox import quarantine
from inbox.db import plain, session
from inbox.models import Agent, Event, Message, Ticket
from inbox.models.agent import WITH_ALL_RIGHTS
from inbox.models.notice import KINDS
from inbox.models.team import membership
from inbox.notices import following, telling

Whom = dict[int, str]
"""People by their ids, each with the kind of news it is to them."""


class Said(NamedTuple):
    """What a message tells of itself."""

    id: int
    author_id: int | None
    imported: bool


class Case(NamedTuple):
    """One event, what it is about as that stands now, and who is in a team."""

    event: Event
    ticket: Ticket
    message: Said | None
    team: Callable[[int | None], Iterable[int]]


def notify(events: Sequence[Event]) -> None:
    """Tell everybody whom these concern; forget what they settle."""
    tickets = _tickets(events)
    if not tickets or quarantine.is_held():
        return
    messages, team = _messages(events), cache(_team)
    news: list[telling.News] = []
    for event in events:
        if ticket := tickets.get(event.ticket_id or 0):
            if event.kind in SETTLES:
                telling.tell(*news)  # what it settles was told before
                news.clear()
                telling.settled(ticket, "unassigned")
            news += _news(Case(event, ticket, messages.get(event.message_id or 0), team))
    telling.tell(*news)


def _news(case: Case) -> list[telling.News]:
    event, ticket, message, _team = case
    whom = WHOM.get(event.kind)
    if whom is None or ticket.status == "spam" or (message is not None and message.imported):
        return []
    kinds = whom(case)
    about = message.id if message else None  # it may be taken back by now
    return [telling.News(ticket.id, kinds, event.agent_id, about, event.at)] if kinds else []


def _tickets(events: Sequence[Event]) -> dict[int, Ticket]:
    numbers = {one.ticket_id for one in events if one.ticket_id}
    return {one.id: one for one in session.scalars(_TICKETS, {"ids": numbers})} if numbers else {}


def _messages(events: Sequence[Event]) -> dict[int, Said]:
    numbers = {one.message_id for one in events if one.message_id}
    return {row[0]: Said(*row) for row in plain(_MESSAGES, {"ids": numbers})} if numbers else {}


# what is asked of every mail is put into words once
_TICKETS = select(Ticket).where(Ticket.id.in_(bindparam("ids", expanding=True)))
_MESSAGES = select(Message.id, Message.author_id, Message.imported).where(
    Message.id.in_(bindparam("ids", expanding=True))
)


# -------------------------------------------------------------------------------------- who and why


def _assigned(case: Case) -> Whom:
    event, ticket, *_ = case
    kind = "handed_over" if event.data.get("handed_over") else "assigned"
    return _all(kind, [event.data.get("to")]) if event.data.get("to") == ticket.assignee_id else {}


def _received(case: Case) -> Whom:
    """A new conversation is the team's, and whoever was given it meanwhile was told so; what goes on is
    whose it is, or who answered last."""
    event, ticket, *_ = case
    if event.data.get("opened"):
        return _all("unassigned", case.team(ticket.team_id)) if ticket.assignee_id is None else {}
    if event.data.get("automated"):
        return {}
    mine = [ticket.assignee_id] if ticket.assignee_id else _last_answerer(ticket)
    return _all("message", [*mine, *following.followers(ticket)])


def _moved(case: Case) -> Whom:
    """To another team it is new, as long as nobody has it."""
    ticket = case.ticket
    nobodys = ticket.is_open and ticket.assignee_id is None
    return _all("unassigned", case.team(ticket.team_id)) if nobodys else {}


def _noted(case: Case) -> Whom:
    event, ticket, *_ = case
    concerned = {ticket.assignee_id, *_writers(ticket), *following.followers(ticket)}
    return _most_telling(_all("mention", event.data.get("mentions", ())), _all("note", concerned))


def _failed(case: Case) -> Whom:
    """What is only delayed may still arrive."""
    late = case.event.data.get("action") == "delayed"
    return _all("failed", [case.message.author_id]) if case.message and not late else {}


def _stopped(case: Case) -> Whom:
    return _all("stopped", [case.message.author_id]) if case.message else {}


def _low(case: Case) -> Whom:
    """Once, where it is looked after: the old ticket only points there."""
    if "in" in case.event.data:
        return {}
    supervisors = select(Agent.id).where(Agent.role.in_(WITH_ALL_RIGHTS), Agent.active)
    return _all("rating", session.scalars(supervisors))


WHOM: dict[str, Callable[[Case], Whom]] = {
    "assigned": _assigned,
    "message_received": _received,
    "moved": _moved,
    "note_written": _noted,
    "reply_failed": _failed,
    "bounced": _failed,
    "reply_stopped": _stopped,
    "low_score": _low,
}

SETTLES = ("assigned", "resolved", "spam_marked", "moved")
"""After these nobody need look for who takes it, or somebody else has to."""


# ------------------------------------------------------------------------------------------- people


def _all(kind: str, people: Iterable[int | None]) -> Whom:
    return {agent_id: kind for agent_id in people if agent_id}


def _most_telling(*reasons: Whom) -> Whom:
    """Of several reasons the first in ``KINDS``."""
    found: Whom = {}
    for whom in reasons:
        for agent_id, kind in whom.items():
            found[agent_id] = min(found.get(agent_id, kind), kind, key=KINDS.index)
    return found


def _team(team_id: int | None) -> Iterable[int]:
    """Who is in it; of what belongs to everybody, those who are in no team."""
    if team_id is not None:
        return session.scalars(select(membership.c.agent_id).where(membership.c.team_id == team_id)).all()
    placed = select(membership.c.agent_id)
    return session.scalars(select(Agent.id).where(Agent.active, Agent.id.not_in(placed))).all()


def _writers(ticket: Ticket) -> Iterable[int]:
    """Who of us ever wrote in it."""
    which = (Message.ticket_id == ticket.id, Message.author_id.is_not(None))
    return [one for one in session.scalars(select(Message.author_id).where(*which).distinct()) if one]


def _last_answerer(ticket: Ticket) -> list[int]:
    which = (Message.ticket_id == ticket.id, Message.kind == "reply", Message.author_id.is_not(None))
    last = session.scalar(select(Message.author_id).where(*which).order_by(Message.id.desc()).limit(1))
    return [last] if last else []
