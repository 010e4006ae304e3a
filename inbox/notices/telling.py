"""Telling people: one notice a person, ticket and kind until it is read; more of the same counts up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from inbox import access, live, presence
from inbox.db import after_commit, alone, now, session
from inbox.models import Agent, Notice, Ticket
from inbox.notices import choices, push
from inbox.notices.choices import NOTHING_CHOSEN, Choice


def tell(
    ticket: Ticket,
    kinds: Mapping[int, str],
    *,
    actor: int | None = None,
    message: int | None = None,
    at: datetime | None = None,
) -> list[Notice]:
    """Tell these people (by id, each with the kind of news) what happened on a ticket.

    Whoever did it is not told, nor who may not see the ticket, nor who has it before them at this moment.
    Whoever wants to hear of it nowhere has no row.
    """
    alone(f"notices {ticket.id}")  # two events of a ticket at once would each find no notice to count up
    told = []
    people = _who(ticket, set(kinds) - {actor})
    chosen, unread = choices.of_all(people), _unread(ticket, people)
    for agent in people:
        choice, kind = chosen.get(agent.id, NOTHING_CHOSEN), kinds[agent.id]
        if any(choice.wants(kind, way) for way in ("app", "push", "mail")):
            notice = _keep(unread.get((agent.id, kind)), agent, ticket, kind, choice)
            notice.actor_id, notice.at = actor, at or now()
            notice.message_id = notice.message_id or message
            told.append(notice)
    session.flush()
    for notice in told:
        if chosen.get(notice.agent_id, NOTHING_CHOSEN).wants(notice.kind, "push"):
            push.queue(notice)
    nudge(notice.agent_id for notice in told if notice.shown)
    return told


def _who(ticket: Ticket, ids: set[int]) -> Sequence[Agent]:
    """Those of them who work here, may see it, and do not look at it anyway."""
    ids -= presence.looking(ticket.id) if ids else set()
    if not ids:
        return []
    query = select(Agent).where(Agent.id.in_(ids), Agent.active).order_by(Agent.id)
    people = session.scalars(query).all()
    seeing = access.who_sees(ticket.id, people)
    return [agent for agent in people if agent.id in seeing]


def _unread(ticket: Ticket, people: Sequence[Agent]) -> dict[tuple[int, str], Notice]:
    """What these people were told of it and have not read yet, by agent and kind, asked once for all."""
    if not people:
        return {}
    which = (Notice.ticket_id == ticket.id, Notice.read_at.is_(None))
    rows = session.scalars(select(Notice).where(*which, Notice.agent_id.in_([one.id for one in people])))
    return {(notice.agent_id, notice.kind): notice for notice in rows}


def _keep(notice: Notice | None, agent: Agent, ticket: Ticket, kind: str, choice: Choice) -> Notice:
    """The one they have not read yet, counted up; else a new one."""
    if notice is None:
        notice = Notice(agent_id=agent.id, ticket_id=ticket.id, kind=kind, count=1)
        session.add(notice)
    else:
        notice.count += 1
    notice.shown, notice.mailed = choice.wants(kind, "app"), choice.wants(kind, "mail")
    notice.digest_at = notice.pushed_at = None  # there is news in it again
    return notice


def settled(ticket: Ticket, kind: str) -> None:
    """It needs nobody any more: what of this kind nobody has read yet counts as read."""
    rows = session.scalars(
        update(Notice)
        .where(Notice.ticket_id == ticket.id, Notice.kind == kind, Notice.read_at.is_(None))
        .values(read_at=now())
        .returning(Notice.agent_id)
        .execution_options(synchronize_session=False)
    ).all()
    nudge(rows)


def nudge(agent_ids: Iterable[int]) -> None:
    """After commit, say to their screens that the bell has changed; of what, they ask."""
    rooms = {f"agent:{agent_id}" for agent_id in agent_ids}
    if rooms:
        after_commit(lambda: live.tell("noticed", {}, rooms))
