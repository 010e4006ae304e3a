"""Whom an event concerns: each person gets one notice of it, for the most telling of the reasons.

Older mail that is imported, spam, and a restored copy tell nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import select

from inbox import quarantine
from inbox.db import session
from inbox.models import Agent, Event, Message, Ticket
from inbox.models.agent import WITH_ALL_RIGHTS
from inbox.models.notice import KINDS
from inbox.models.team import membership
from inbox.notices import following, telling

Whom = dict[int, str]
"""People by their ids, each with the kind of news it is to them."""


def notify(event: Event) -> None:
    """Tell everybody whom this concerns; forget what it settles."""
    ticket = session.get(Ticket, event.ticket_id) if event.ticket_id else None
    if ticket is None or quarantine.is_held():
        return
    if event.kind in SETTLES:
        telling.settled(ticket, "unassigned")
    whom = WHOM.get(event.kind)
    message = session.get(Message, event.message_id) if event.message_id else None
    if whom is None or ticket.status == "spam" or (message is not None and message.imported):
        return
    kinds = whom(event, ticket, message)
    if kinds:
        about = message.id if message else None  # it may be taken back by now
        telling.tell(ticket, kinds, actor=event.agent_id, message=about, at=event.at)


def _assigned(event: Event, ticket: Ticket, _message: Message | None) -> Whom:
    kind = "handed_over" if event.data.get("handed_over") else "assigned"
    return _all(kind, [event.data.get("to")]) if event.data.get("to") == ticket.assignee_id else {}


def _received(event: Event, ticket: Ticket, _message: Message | None) -> Whom:
    """A new conversation is the team's, and whoever was given it meanwhile was told so; what goes on is
    whose it is, or who answered last."""
    if event.data.get("opened"):
        return _all("unassigned", _team(ticket.team_id)) if ticket.assignee_id is None else {}
    if event.data.get("automated"):
        return {}
    mine = [ticket.assignee_id] if ticket.assignee_id else _last_answerer(ticket)
    return _all("message", [*mine, *following.followers(ticket)])


def _moved(_event: Event, ticket: Ticket, _message: Message | None) -> Whom:
    """To another team it is new, as long as nobody has it."""
    nobodys = ticket.is_open and ticket.assignee_id is None
    return _all("unassigned", _team(ticket.team_id)) if nobodys else {}


def _noted(event: Event, ticket: Ticket, _message: Message | None) -> Whom:
    concerned = {ticket.assignee_id, *_writers(ticket), *following.followers(ticket)}
    return _most_telling(_all("mention", event.data.get("mentions", ())), _all("note", concerned))


def _failed(event: Event, _ticket: Ticket, message: Message | None) -> Whom:
    """What is only delayed may still arrive."""
    late = event.data.get("action") == "delayed"
    return _all("failed", [message.author_id]) if message and not late else {}


def _stopped(_event: Event, _ticket: Ticket, message: Message | None) -> Whom:
    return _all("stopped", [message.author_id]) if message else {}


def _low(event: Event, _ticket: Ticket, _message: Message | None) -> Whom:
    """Once, where it is looked after: the old ticket only points there."""
    if "in" in event.data:
        return {}
    supervisors = select(Agent.id).where(Agent.role.in_(WITH_ALL_RIGHTS), Agent.active)
    return _all("rating", session.scalars(supervisors))


WHOM: dict[str, Callable[[Event, Ticket, Message | None], Whom]] = {
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
