"""The one row that says whose installation this is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base, session
from inbox.models.columns import Short


class Installation(Base):
    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    company: Mapped[Short]
    language: Mapped[str] = mapped_column(String(8), default="en")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    public_url: Mapped[Short]
    """Every link we write is built from it, never from a Host header."""
    feedback: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """How customers are asked how it was, as ``feedback.Policy`` reads it; the rest is default."""
    second_factor_required: Mapped[bool] = mapped_column(default=False)
    """Whoever has no second factor sets one up before anything else."""
    setup_token_hash: Mapped[str | None] = mapped_column(String(64))
    set_up_at: Mapped[datetime | None]

    @staticmethod
    def current() -> Installation:
        """The row, made on first use; unsaved if we may only read."""
        return session.get(Installation, 1) or Installation(
            id=1, company="", language="en", zone="UTC", public_url=""
        )
