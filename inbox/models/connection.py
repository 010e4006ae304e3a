"""How an account stands with its provider: bringing in, and sending."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Short, one_of

DIRECTIONS = ("in", "out")
STATES = ("idle", "ok", "failing")


class Connection(Base):
    """One row an account and direction, made when something first happens there."""

    __tablename__ = "connection"
    __table_args__ = (one_of("direction", DIRECTIONS), one_of("state", STATES))

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    direction: Mapped[str] = mapped_column(String(4), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="idle")
    reason: Mapped[Short]
    """Why it fails: a sentence to translate, with ``%(detail)s`` in it."""
    reason_detail: Mapped[Short]
    tried_at: Mapped[datetime | None]
    ok_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_at: Mapped[datetime | None]
    """When the last message came in or went out."""
    paused_until: Mapped[datetime | None]
    """The provider asked for a pause, or its rate is used up: nothing is tried before."""
