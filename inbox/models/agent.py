"""Who answers, and where they are signed in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import NEVER_REUSED, Address, Created, Id, Sha256, Short, one_of
from inbox.models.team import membership

if TYPE_CHECKING:
    from inbox.models.team import Team

ROLES = ("admin", "supervisor", "agent", "light")
"""An admin sees and sets everything; a supervisor sees everything; an agent answers for their teams; a light
agent reads with their teams and writes notes for colleagues, never to customers."""

WITH_ALL_RIGHTS = ("admin", "supervisor")


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
    invited_at: Mapped[datetime | None]
    """When the last invitation was made; it stays when that is accepted or withdrawn."""
    invited_until: Mapped[datetime | None]
    photo_token: Mapped[str | None] = mapped_column(String(43))
    """Its address, new with every photo (192 random bits); empty where there is none."""
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(default="")
    """Cleaned HTML without pictures; it stands above that of the address they write from."""
    hours: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """When they work, as ``sla.hours.read`` knows it, in their zone; empty: they did not say."""
    tell_sign_ins: Mapped[bool] = mapped_column(default=True)
    """Write to them when somebody signs in as them from a browser they never used."""
    second_factor_since: Mapped[datetime | None]
    """Since when signing in also asks for a code; empty: it does not."""
    handover: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Who gets their work while that is handed over, as ``inbox.handover`` reads it; empty: nothing is."""
    created_at: Mapped[Created]

    teams: Mapped[list[Team]] = relationship(
        secondary=membership, back_populates="members", order_by="Team.name"
    )

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_supervisor(self) -> bool:
        """Looks after other people's work; an admin does too."""
        return self.role in WITH_ALL_RIGHTS

    @property
    def sees_everything(self) -> bool:
        return self.is_supervisor

    @property
    def may_write(self) -> bool:
        """Answers customers and changes tickets. Who may not can read, and write notes."""
        return self.role != "light"

    @property
    def can_answer(self) -> bool:
        """Works here, has come in, and answers customers: whom tickets can be given to."""
        return self.active and bool(self.password_hash) and self.may_write

    @property
    def is_invited(self) -> bool:
        """Has not come in yet."""
        return not self.password_hash

    def may(self, right: str) -> bool:
        """Whether they have one of ``team.RIGHTS``, by their role or by any of their teams."""
        if self.is_supervisor or not self.may_write:
            return self.is_supervisor
        return any(right in team.rights for team in self.teams)

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
    __table_args__ = (NEVER_REUSED,)  # sockets, and the audit, know it by its number

    id: Mapped[Id]
    token_hash: Mapped[Sha256] = mapped_column(unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    browser: Mapped[Short]
    ip: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[Created]
    seen_at: Mapped[Created]
    expires_at: Mapped[datetime]

    agent: Mapped[Agent] = relationship()
