"""How far we have read at a provider. It moves in the transaction that keeps what was read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base


class Cursor(Base):
    __tablename__ = "cursor"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(1000), primary_key=True)
    """A folder, for mail: with all those it stands in, so it may be long."""
    value: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The channel's own: for IMAP UIDVALIDITY, the highest UID taken, and when the mailbox was connected."""
    moved_at: Mapped[datetime | None]
