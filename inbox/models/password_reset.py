"""A wish for a new password, and the link that grants it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.agent import Agent
from inbox.models.columns import Address, Created, Id, Sha256


class PasswordReset(Base):
    """First what somebody typed, whoever that is; the worker makes it a link or throws it away."""

    __tablename__ = "password_reset"

    id: Mapped[Id]
    address: Mapped[Address]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[Sha256 | None] = mapped_column(unique=True)
    """Of the link's token; empty until the link was made."""
    expires_at: Mapped[datetime]
    created_at: Mapped[Created]

    agent: Mapped[Agent | None] = relationship()
