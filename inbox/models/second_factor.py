"""The second factor of signing in: a secret shared with somebody's telephone, and what stands in for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.agent import Agent
from inbox.models.columns import Created, Id, Sha256


class SecondFactor(Base):
    """One an agent. ``Agent.second_factor_since`` says since when it is asked for."""

    __tablename__ = "second_factor"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str]
    """Sealed by ``inbox.vault``: whoever reads the database cannot make codes."""
    last_counter: Mapped[int] = mapped_column(default=0)
    """Which half-minute the last code that was taken belongs to: none is taken twice (RFC 6238, 5.2)."""
    created_at: Mapped[Created]


class BackupCode(Base):
    """One that was not used yet; using it deletes it."""

    __tablename__ = "backup_code"
    __table_args__ = (UniqueConstraint("agent_id", "code_hash"),)

    id: Mapped[Id]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"))
    code_hash: Mapped[Sha256]


class SecondStep(Base):
    """Somebody gave the right password in a browser and owes the code. It opens nothing but that question."""

    __tablename__ = "second_step"

    id: Mapped[Id]
    token_hash: Mapped[Sha256] = mapped_column(unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    created_at: Mapped[Created]

    agent: Mapped[Agent] = relationship()
