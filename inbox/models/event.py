"""Anything that happened. The timeline, the audit trail and every figure are read from here.

Ids and values only, never what people wrote: so erasing a person and keeping an unchanged history can
both be had. The database refuses to change or delete one, so what it points at may be gone.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id

if TYPE_CHECKING:
    from inbox.models.agent import Agent


BY_SOMEBODY = text("agent_id IS NOT NULL")


class Event(Base):
    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_ticket", "ticket_id", "id"),
        Index("ix_event_kind", "kind", "id"),
        Index("ix_event_agent", "agent_id", "id", sqlite_where=BY_SOMEBODY, postgresql_where=BY_SOMEBODY),
        Index("ix_event_at", "at"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(40))
    ticket_id: Mapped[int | None]
    message_id: Mapped[int | None]
    customer_id: Mapped[int | None] = mapped_column(index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """Who did it; empty when the product did it by itself or a customer did."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(default=0)
    at: Mapped[Created]

    agent: Mapped[Agent | None] = relationship()


class Handling(Base):
    """That a reaction is to look at an event, and whether it has.

    A row an event and reaction, made in the event's own transaction and claimed by UPDATE. A cursor over
    event ids would skip some: PostgreSQL commits ids out of order.
    """

    __tablename__ = "handling"
    __table_args__ = (Index("ix_handling_open", "handled_at", "retry_at"),)

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), primary_key=True)
    reaction: Mapped[str] = mapped_column(String(40), primary_key=True)
    handled_at: Mapped[datetime | None]
    retry_at: Mapped[Created]
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str] = mapped_column(String(255), default="")

    event: Mapped[Event] = relationship()


INTERESTED: dict[str, tuple[str, ...]] = {
    "assigned": ("notices",),
    "bounced": ("notices",),
    "low_score": ("notices",),
    "message_received": ("language", "acknowledge", "notices"),
    "moved": ("notices",),
    "note_written": ("notices",),
    "rated": ("low_score",),
    "reply_failed": ("notices",),
    "reply_stopped": ("notices",),
    "reply_written": ("good_words",),
    "resolved": ("survey", "notices"),
    "spam_marked": ("notices",),
}
"""Which reactions look at which kind of event. One list, so that it can be read; a test keeps it true."""
