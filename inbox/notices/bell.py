"""What stands on the bell: how much is new, and on which tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select

from inbox import access
from inbox.db import session
from inbox.models import Agent, Notice

MOST = 100
"""It counts up to here, however much there is: beyond it nobody reads the number."""


@dataclass(frozen=True, slots=True)
class Bell:
    unread: int
    tickets: Sequence[int] | None = None
    """Opening one of these makes something read; None where nobody asked which."""

    @property
    def label(self) -> str:
        return f"{MOST - 1}+" if self.unread >= MOST else str(self.unread or "")


def bell(agent: Agent) -> Bell:
    tickets = session.scalars(_new(agent)).all()
    return Bell(len(tickets), list(dict.fromkeys(tickets)) if len(tickets) < MOST else None)


def counted(agent: Agent) -> ColumnElement[int]:
    """How much is new, as a part of another query."""
    return select(func.count()).select_from(_new(agent).subquery()).scalar_subquery()


def _new(agent: Agent) -> Select[int]:
    """On which tickets, each as often as it is told of, and only what this person may see now."""
    return (
        select(Notice.ticket_id)
        .join(Notice.ticket)
        .where(Notice.agent_id == agent.id, Notice.read_at.is_(None), Notice.shown, access.visible_to(agent))
        .limit(MOST)
    )
