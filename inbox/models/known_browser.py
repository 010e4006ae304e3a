"""A browser in which somebody signed in before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Created, Id, Sha256, Short


class KnownBrowser(Base):
    """Of one agent. It signs nobody in: their password is asked, and the code unless it is trusted."""

    __tablename__ = "known_browser"

    id: Mapped[Id]
    token_hash: Mapped[Sha256] = mapped_column(unique=True)
    """Of a cookie that outlives the sign-in; a new one with every sign-in."""
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    browser: Mapped[Short]
    ip: Mapped[str] = mapped_column(String(64), default="")
    trusted_until: Mapped[datetime | None]
    """Until then the second factor is not asked for here."""
    created_at: Mapped[Created]
    seen_at: Mapped[Created]
