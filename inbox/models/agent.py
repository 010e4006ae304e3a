"""Who answers, and where they are signed in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Address, Created, Id, Sha256, Short, one_of
from inbox.models.team import membership

if TYPE_CHECKING:
    from inbox.models.team import Team

ROLES = ("admin", "agent")


class Agent(Base):
    __tablename__ = "agent"
    __table_args__ = (one_of("role", ROLES),)

    id: Mapped[Id]
    name: Mapped[Short]
    email: Mapped[Address] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(String(16), default="agent")
    password_hash: Mapped[Short]
    """Argon2id; empty until an invitation is accepted, and nobody can sign in with an empty one."""
    language: Mapped[str] = mapped_column(String(8), default="en")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    single_keys: Mapped[bool] = mapped_column(default=True)
    """Single-key shortcuts can be turned off (WCAG 2.1.4)."""
    active: Mapped[bool] = mapped_column(default=True)
    invite_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    invited_until: Mapped[datetime | None]
    created_at: Mapped[Created]

    teams: Mapped[list[Team]] = relationship(
        secondary=membership, back_populates="members", order_by="Team.name"
    )

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    @property
    def first_name(self) -> str:
        return (self.name.split() or [self.email])[0]


class SignIn(Base):
    """One signed-in browser. Deleting the row signs it out, sockets included."""

    __tablename__ = "sign_in"

    id: Mapped[Id]
    token_hash: Mapped[Sha256] = mapped_column(unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    browser: Mapped[Short]
    ip: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[Created]
    seen_at: Mapped[Created]
    expires_at: Mapped[datetime]

    agent: Mapped[Agent] = relationship()
