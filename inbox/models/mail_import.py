"""Older mail of an account, brought in on request: how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Created, Id, Short, one_of

STATES = ("waiting", "running", "done", "failed", "stopped")


class MailImport(Base):
    __tablename__ = "mail_import"
    __table_args__ = (one_of("state", STATES),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    folder: Mapped[str] = mapped_column(String(1000))
    since: Mapped[datetime | None]
    """Nothing older than this; empty: everything."""
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    cursor: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Where it goes on after a stop: the channel's own."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    reason: Mapped[Short]
    reason_detail: Mapped[Short]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="SET NULL"))
    created_at: Mapped[Created]
    finished_at: Mapped[datetime | None]
