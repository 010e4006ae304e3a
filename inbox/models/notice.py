"""What a person is told: that something happened on a ticket, and never in which words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, one_of

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.ticket import Ticket

KINDS = (
    "mention",
    "assigned",
    "handed_over",
    "message",
    "note",
    "unassigned",
    "failed",
    "stopped",
    "rating",
)
"""Of several reasons to tell somebody about one event, the first of these is the one they read."""

WAYS = ("app", "push", "mail")

QUIET = ("never", "times", "work")
DIGESTS = ("off", "hourly", "daily")


class Notice(Base):
    """What happened on one ticket since this person last looked, by kind: more of the same only counts up."""

    __tablename__ = "notice"
    __table_args__ = (
        one_of("kind", KINDS),
        CheckConstraint("count > 0", name="counts_something"),
        Index("ix_notice_agent", "agent_id", "at", "id"),
        Index(
            "uq_notice_unread",
            "agent_id",
            "ticket_id",
            "kind",
            unique=True,
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"))
    """Who is told."""
    kind: Mapped[str] = mapped_column(String(16))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"), index=True)
    """Where to begin reading: the first message it is about."""
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="SET NULL"))
    """Which colleague did it last; empty for a customer, and for the house itself."""
    count: Mapped[int] = mapped_column(default=1)
    shown: Mapped[bool] = mapped_column(default=True)
    """Whether it stands in the centre; some only go to a browser or into a digest."""
    mailed: Mapped[bool] = mapped_column(default=False)
    """Whether it belongs in a digest."""
    at: Mapped[Created]
    """When it last happened."""
    read_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    """When it was put away; it is read then, too."""
    pushed_at: Mapped[datetime | None]
    """When a browser was last told."""
    digest_at: Mapped[datetime | None]
    """When it stood in a digest."""

    agent: Mapped[Agent] = relationship(foreign_keys=[agent_id])
    actor: Mapped[Agent | None] = relationship(foreign_keys=[actor_id])
    ticket: Mapped[Ticket] = relationship()


class NoticeChoice(Base):
    """What one person wants to be told, where and when; whoever has no row has the defaults."""

    __tablename__ = "notice_choice"
    __table_args__ = (
        one_of("quiet", QUIET),
        one_of("digest", DIGESTS),
        CheckConstraint("quiet_from BETWEEN 0 AND 1439", name="quiet_from"),
        CheckConstraint("quiet_until BETWEEN 0 AND 1439", name="quiet_until"),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),
    )

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    ways: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """``{"mention": ["app", "push"], …}``; a kind that is missing has its default."""
    quiet: Mapped[str] = mapped_column(String(8), default="never")
    """When browsers stay silent: never, between two times, or outside their working hours."""
    quiet_from: Mapped[int] = mapped_column(default=1140)
    """Minutes since midnight, in their own zone."""
    quiet_until: Mapped[int] = mapped_column(default=480)
    digest: Mapped[str] = mapped_column(String(8), default="off")
    digest_hour: Mapped[int] = mapped_column(default=8)
    """At which hour the daily one leaves, in their own zone."""


class Following(Base):
    """Somebody wants to hear of a ticket that is not theirs."""

    __tablename__ = "following"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(
        ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[Created]


class Digest(Base):
    """That somebody had the digest of a period, or had nothing to be told in it: it is made once."""

    __tablename__ = "digest"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    period: Mapped[str] = mapped_column(String(16), primary_key=True)
    """``2026-10-02`` in their own zone for a day, ``2026-10-02T14Z`` for an hour."""
    notices: Mapped[int] = mapped_column(default=0)
    at: Mapped[Created] = mapped_column(index=True)
