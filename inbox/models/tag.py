"""A word agents put on tickets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Id, Short

tagging = Table(
    "tagging",
    Base.metadata,
    Column("ticket_id", ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[Id]
    name: Mapped[Short] = mapped_column(unique=True)
    used_at: Mapped[datetime | None]
    """When somebody last put it on a ticket, to the hour."""
    gone_at: Mapped[datetime | None] = mapped_column(index=True)
    """Taken away. The row stays for the history, which names it by its id."""
    into_id: Mapped[int | None] = mapped_column(ForeignKey("tag.id"))
    """The tag that its name stands for now: it was renamed, or merged."""
