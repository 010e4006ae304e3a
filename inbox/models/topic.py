"""What a ticket is about. A house has a few, in an order of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Id, Short


class Topic(Base):
    __tablename__ = "topic"

    id: Mapped[Id]
    name: Mapped[Short] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]
    """No longer offered; the tickets that have it keep it."""
    gone_at: Mapped[datetime | None] = mapped_column(index=True)
    """Taken away. The row stays for the history, which names it by its id."""
    into_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"))
    """What its tickets got instead."""
