"""That two customers turned out to be one, and what it takes to say that they are not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.customer import Customer

_STANDS = text("undone_at IS NULL")


class Merge(Base):
    """Where each identity came from stands on the identity (``home_id``), and what the merged one
    was on their own row. So a merge keeps only what it changed of who was kept."""

    __tablename__ = "merge"
    __table_args__ = (
        CheckConstraint("kept_id <> merged_id", name="two_customers"),
        Index("ix_merge_standing", "merged_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[Id]
    kept_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="SET NULL"))
    changed: Mapped[dict[str, list[Any]]] = mapped_column(JSON, default=dict)
    """What it changed of the one that was kept: ``{"name": [before, after]}``. Empty once it is undone."""
    at: Mapped[Created]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="SET NULL"))

    kept: Mapped[Customer] = relationship(foreign_keys=kept_id)
    merged: Mapped[Customer] = relationship(foreign_keys=merged_id)
    by: Mapped[Agent | None] = relationship(foreign_keys=by_id)
