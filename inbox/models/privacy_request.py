"""What a person asked of their data, a copy of it or that it goes, and how far that has come.

One that erased stays as the tombstone: when, by whose word, how much, and by which digests the person is
known again if an older backup brings them back. Nothing in it says who they were.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import NEVER_REUSED, Created, Id, Short, one_of

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.customer import Customer

KINDS = ("export", "erasure")
LAWS = ("lgpd", "gdpr")
PROOFS = ("answered", "called", "signed", "in_person", "replayed")
"""How we know that it is they who ask: they answered a mail of ours from their address, we called them back
on a number we had, a signed or official document, in person; ``replayed``: they were erased before, and a
backup brought them back."""
STATES = ("waiting", "approved", "running", "done", "refused", "withdrawn", "failed")
UNDER_WAY = ("waiting", "approved", "running")

_UNDER_WAY = text("state IN ('waiting', 'approved', 'running')")


class PrivacyRequest(Base):
    __tablename__ = "privacy_request"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("law", LAWS),
        one_of("proof", PROOFS),
        one_of("state", STATES),
        CheckConstraint("(file_sha256 IS NULL) OR kind = 'export'", name="only_an_export_is_a_file"),
        Index(
            "ix_privacy_request_one_at_a_time",
            "customer_id",
            "kind",
            unique=True,
            sqlite_where=_UNDER_WAY,
            postgresql_where=_UNDER_WAY,
        ),
        Index("ix_privacy_request_state", "state", "retry_at"),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(8))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    law: Mapped[str] = mapped_column(String(8), default="lgpd")
    """Which one sets the time: fifteen days (LGPD art. 19, II) or a month (GDPR art. 12(3))."""
    asked_at: Mapped[Created]
    """When the person asked: the clock begins there."""
    due_at: Mapped[datetime]
    proof: Mapped[str] = mapped_column(String(16))
    """How whoever asked was found to be who they say (LGPD art. 18 § 3, GDPR art. 12(6))."""
    note: Mapped[str] = mapped_column(String(1000), default="")
    """What a colleague wrote down about that. It goes with the person."""
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """Who took it down; empty for what was erased before and came back with a backup."""
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    """Who approved or refused it: somebody else, unless nobody else could."""
    decided_at: Mapped[datetime | None]
    lease: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    retry_at: Mapped[Created]
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[Short]
    """Why it failed or waits: the name of a reason, as in ``privacy.WAITS``."""
    progress: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """``{"step": "tickets", "after": 12, "done": 3, "total": 9}``: where it goes on."""
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """How much was given or erased, by what it was."""
    scratch: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What an erasure still looks for, addresses among it. Empty before it ends."""
    digests: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of an erasure: a keyed digest (HMAC-SHA256) of each address, by which a backup's person is known."""
    token: Mapped[str] = mapped_column(String(43), unique=True, default=lambda: secrets.token_urlsafe(24))
    """192 random bits for the address of its file; whoever asks must also be allowed to have it."""
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    file_size: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None]
    """When the file goes."""
    finished_at: Mapped[datetime | None]
    created_at: Mapped[Created]

    customer: Mapped[Customer] = relationship()
    by: Mapped[Agent | None] = relationship(foreign_keys=by_id)
    decided_by: Mapped[Agent | None] = relationship(foreign_keys=decided_by_id)

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY
