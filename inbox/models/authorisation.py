"""An account's permission from its provider (OAuth 2, RFC 6749). Tokens are sealed (``inbox.vault``)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Created, Short, one_of

STATES = ("ok", "withdrawn")


class Authorisation(Base):
    __tablename__ = "authorisation"
    __table_args__ = (one_of("state", STATES),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    """``google`` or ``microsoft``."""
    access_token: Mapped[str] = mapped_column(default="")
    refresh_token: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    """When somebody must sign in anew, where the provider says so."""
    state: Mapped[str] = mapped_column(String(16), default="ok")
    reason: Mapped[Short]
    """What the provider said when it withdrew it."""
    leased_until: Mapped[datetime | None]
    """Until then one process is getting new tokens, and the others wait for them."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="SET NULL"))
    created_at: Mapped[Created]
