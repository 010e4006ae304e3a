"""A browser that wants to be told, and what is on its way there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Short, one_of

if TYPE_CHECKING:
    from inbox.models.agent import Agent, SignIn
    from inbox.models.notice import Notice

STATES = ("queued", "sending")


class Subscription(Base):
    """One browser's address at its push service (RFC 8030). It ends with the sign-in that it was made in."""

    __tablename__ = "subscription"

    id: Mapped[Id]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    sign_in_id: Mapped[int] = mapped_column(ForeignKey("sign_in.id", ondelete="CASCADE"), index=True)
    endpoint: Mapped[str] = mapped_column(String(2048))
    endpoint_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of it: an address belongs to one person, the last who was signed in there."""
    p256dh: Mapped[str] = mapped_column(String(88))
    """The browser's public key, as base64url without padding (RFC 8291, 3.1)."""
    auth: Mapped[str] = mapped_column(String(24))
    """Its authentication secret, so as well (RFC 8291, 3.2)."""
    browser: Mapped[Short]
    created_at: Mapped[Created]
    told_at: Mapped[datetime | None]
    """When its push service last took something."""

    agent: Mapped[Agent] = relationship()
    sign_in: Mapped[SignIn] = relationship()


class Push(Base):
    """A notice on its way to a browser. The row is gone once the push service has it, or it is too late."""

    __tablename__ = "push"
    __table_args__ = (
        one_of("state", STATES),
        UniqueConstraint("subscription_id", "notice_id"),
        Index("ix_push_state_not_before", "state", "not_before"),
    )

    id: Mapped[Id]
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id", ondelete="CASCADE"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"), index=True)
    """Empty for a trial."""
    state: Mapped[str] = mapped_column(String(8), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[Created]
    lease: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    created_at: Mapped[Created]

    subscription: Mapped[Subscription] = relationship()
    notice: Mapped[Notice | None] = relationship()
