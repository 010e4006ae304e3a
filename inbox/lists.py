"""The views of the inbox: what stands in them, in which order, and how many."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from inbox import attention
from inbox.access import counted_for, visible_to
from inbox.db import session
from inbox.models import Agent, Identity, Tally, Ticket
from inbox.models.tally import NOBODY
from inbox.models.ticket import stands
from inbox.notices import bell

VIEWS = ("mine", "unassigned", "open", "resolved", "spam")
PAGE = 50
_CURSOR = re.compile(r"(\d{1,11})\.(\d{6})_(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a view, and where the next ones begin."""

    tickets: Sequence[Ticket]
    next: str | None


def page(agent: Agent, view: str, before: str | None = None, limit: int = PAGE) -> Page:
    """The newest rows of a view, or those after a former page's ``next``."""
    query = _of(agent, view).order_by(Ticket.active_at.desc(), Ticket.id.desc()).limit(limit + 1)
    if before and (cursor := _cursor(before)):
        at, ticket_id = cursor
        query = query.where(or_(Ticket.active_at < at, and_(Ticket.active_at == at, Ticket.id < ticket_id)))
    tickets = list(session.scalars(query))
    more = len(tickets) > limit
    tickets = tickets[:limit]
    return Page(tickets, _cursor_of(tickets[-1]) if more else None)


def rows(agent: Agent, view: str, ids: Collection[int]) -> tuple[Sequence[Ticket], list[int]]:
    """Of these tickets, those that stand in the view now, newest first; and the ids of those that do not."""
    wanted = list(ids)[:200]
    query = _of(agent, view).where(Ticket.id.in_(wanted)).order_by(Ticket.active_at.desc(), Ticket.id.desc())
    tickets = list(session.scalars(query))
    here = {ticket.id for ticket in tickets}
    return tickets, [ticket_id for ticket_id in wanted if ticket_id not in here]


def counts(agent: Agent) -> dict[str, int]:
    """How many stand in each view: read from kept counts, not counted. And how many ``notices`` are new, up
    to a hundred, which every page shows as well.
    """
    open_, done = Tally.state == "open", Tally.state == "done"
    sums = [
        func.coalesce(func.sum(Tally.n).filter(which), 0)
        for which in (
            and_(open_, Tally.assignee_id == agent.id),
            and_(open_, Tally.assignee_id == NOBODY),
            open_,
            done,
            Tally.state == "spam",
        )
    ]
    query = select(*sums, attention.counted(agent), bell.counted(agent)).where(counted_for(agent))
    names = (*VIEWS, "attention", "notices")
    return {name: int(n) for name, n in zip(names, session.execute(query).one(), strict=True)}


def _of(agent: Agent, view: str) -> Select[Ticket]:
    return (
        select(Ticket)
        .where(visible_to(agent), _belongs(agent, view))
        .options(
            joinedload(Ticket.identity).joinedload(Identity.customer),
            joinedload(Ticket.assignee),
            joinedload(Ticket.account),
        )
    )


def _belongs(agent: Agent, view: str) -> ColumnElement[bool]:
    open_ = stands("open")
    if view == "mine":
        return and_(open_, Ticket.assignee_id == agent.id)
    if view == "unassigned":
        return and_(open_, Ticket.assignee_id.is_(None))
    if view == "open":
        return open_
    if view == "resolved":
        return stands("done")
    if view == "spam":
        return stands("spam")
    raise KeyError(view)


def _cursor_of(ticket: Ticket) -> str:
    at = ticket.active_at
    return f"{int(at.replace(microsecond=0).timestamp())}.{at.microsecond:06d}_{ticket.id}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    found = _CURSOR.fullmatch(text)
    if not found:
        return None
    seconds, micros, ticket_id = map(int, found.groups())
    # by parts: a float has no room for microseconds and would repeat or skip a row
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros), ticket_id
