"""Who answers together, and therefore who sees what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Short

if TYPE_CHECKING:
    from inbox.models.agent import Agent

membership = Table(
    "membership",
    Base.metadata,
    Column("team_id", ForeignKey("team.id", ondelete="CASCADE"), primary_key=True),
    Column("agent_id", ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Team(Base):
    __tablename__ = "team"

    id: Mapped[Id]
    name: Mapped[Short] = mapped_column(unique=True)
    created_at: Mapped[Created]

    members: Mapped[list[Agent]] = relationship(
        secondary=membership, back_populates="teams", order_by="Agent.name"
    )
