"""Who answers together, and therefore who sees what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Short

if TYPE_CHECKING:
    from inbox.models.agent import Agent

RIGHTS = ("customers", "figures", "export")
"""What a team can allow its agents beyond answering: changing who customers are, seeing the figures of
everybody, and taking data out of the house."""

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
    rights: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Which of ``RIGHTS`` its agents have."""
    handover: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Where its tickets go while it is being dissolved; empty: it is not."""
    created_at: Mapped[Created]

    members: Mapped[list[Agent]] = relationship(
        secondary=membership, back_populates="teams", order_by="Agent.name"
    )
