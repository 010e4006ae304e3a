"""Asking a customer how it was: one for each time a ticket was resolved."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, one_of

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.answer import Answer
    from inbox.models.identity import Identity
    from inbox.models.ticket import Ticket

STATES = ("waiting", "sent", "answered", "skipped")


class Survey(Base):
    __tablename__ = "survey"
    __table_args__ = (
        one_of("state", STATES),
        CheckConstraint("(state = 'skipped') = (reason <> '')", name="skipped_for_a_reason"),
        CheckConstraint("(state IN ('sent', 'answered')) = (sent_at IS NOT NULL)", name="sent_at_a_moment"),
        Index("ix_survey_state_due_at", "state", "due_at"),
        Index("ix_survey_identity_sent_at", "identity_id", "sent_at"),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), unique=True)
    """The resolution it asks about: one is asked about once."""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    """Whom it goes to."""
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"), index=True)
    """Whose answers are rated: who wrote the last one, else who had the ticket, else who resolved it."""
    language: Mapped[str] = mapped_column(String(8), default="")
    """In which it was asked; empty until then."""
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    reason: Mapped[str] = mapped_column(String(16), default="")
    """Why it was skipped: one of ``feedback.WHY_NOT``."""
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(43), unique=True, default=lambda: secrets.token_urlsafe(24))
    """192 random bits for its address, which is all that opens it."""
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"), unique=True)
    """The mail that asked."""
    sent_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    """The customer wants no more of these."""
    created_at: Mapped[Created]

    ticket: Mapped[Ticket] = relationship()
    identity: Mapped[Identity] = relationship()
    agent: Mapped[Agent | None] = relationship()
    answer: Mapped[Answer | None] = relationship(back_populates="survey", passive_deletes=True)
