"""Telling people: one notice a person, ticket and kind until it is read; more of the same counts up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select, update

from inbox import access, live, presence
from inbox.db import after_commit, now, session
from inbox.models import Agent, Notice, Ticket
from inbox.notices import choices, push
from inbox.notices.choices import NOTHING_CHOSEN, Choice


@dataclass(frozen=True, slots=True)
class News:
    """What happened on a ticket: to whom (by id, each with the kind of news), who did it, and where reading
    begins."""

    ticket_id: int
    kinds: Mapping[int, str]
    actor: int | None
    message: int | None
    at: datetime


def tell(*news: News) -> None:
    """Tell people what happened, in this order. Nobody else tells of these tickets meanwhile.

    Whoever did it is not told, nor who may not see the ticket, nor who has it before them at this moment.
    Whoever wants to hear of it nowhere has no row.
    """
    whom = _whom(news)
    agents = {agent_id for _news, agent_id in whom}
    if not agents:
        return
    chosen = choices.of_all(agents)
    unread = _unread({one.ticket_id for one, _agent in whom}, agents)
    told: dict[int, Notice] = {}
    for one, agent_id in whom:
        choice, kind = chosen.get(agent_id, NOTHING_CHOSEN), one.kinds[agent_id]
        if any(choice.wants(kind, way) for way in ("app", "push", "mail")):
            key = (agent_id, one.ticket_id, kind)
            notice = unread[key] = _keep(unread.get(key), key, choice)
            notice.actor_id, notice.at = one.actor, one.at
            notice.message_id = notice.message_id or one.message
            told[id(notice)] = notice
    session.flush()
    _push([one for one in told.values() if chosen.get(one.agent_id, NOTHING_CHOSEN).wants(one.kind, "push")])
    nudge(notice.agent_id for notice in told.values() if notice.shown)


def _whom(news: Sequence[News]) -> list[tuple[News, int]]:
    """Of each those who work here, may see it, and do not look at it anyway."""
    whom = [(one, agent_id) for one in news for agent_id in sorted(set(one.kinds) - {one.actor})]
    if not whom:
        return []
    looking = presence.looking()
    people = session.scalars(_ACTIVE, {"agents": {agent_id for _one, agent_id in whom}}).all()
    seeing = access.who_see({one.ticket_id for one, _agent in whom}, people) - looking
    return [(one, agent_id) for one, agent_id in whom if (one.ticket_id, agent_id) in seeing]


def _unread(tickets: Collection[int], agents: Collection[int]) -> dict[tuple[int, int, str], Notice]:
    """What these people were told of these tickets and have not read yet."""
    rows = session.scalars(_UNREAD, {"tickets": tickets, "agents": agents})
    return {(notice.agent_id, notice.ticket_id, notice.kind): notice for notice in rows}


# what is asked for every mail is put into words once
_AGENTS: BindParameter[int] = bindparam("agents", expanding=True)
_ACTIVE = select(Agent).where(Agent.id.in_(_AGENTS), Agent.active)
_UNREAD = (
    select(Notice)
    .where(
        Notice.ticket_id.in_(bindparam("tickets", expanding=True)),
        Notice.agent_id.in_(_AGENTS),
        Notice.read_at.is_(None),
    )
    # in the order in which whoever reads all of theirs has them as well
    .order_by(Notice.id)
    .with_for_update()
)


def _keep(notice: Notice | None, key: tuple[int, int, str], choice: Choice) -> Notice:
    """The one they have not read yet, counted up; else a new one."""
    agent_id, ticket_id, kind = key
    if notice is None:
        notice = Notice(agent_id=agent_id, ticket_id=ticket_id, kind=kind, count=1)
        session.add(notice)
    else:
        notice.count += 1
    notice.shown, notice.mailed = choice.wants(kind, "app"), choice.wants(kind, "mail")
    notice.digest_at = notice.pushed_at = None  # there is news in it again
    return notice


def _push(notices: Sequence[Notice]) -> None:
    listening = push.may_hear({one.agent_id for one in notices}) if notices else ()
    for notice in notices:
        if notice.agent_id in listening:
            push.queue(notice)


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
