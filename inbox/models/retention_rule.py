"""How long something is kept. Where there is no rule, it is kept."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Created, Id, one_of

KINDS = ("spam", "done", "raw", "files", "left_out")
"""Conversations that are spam, and those that are resolved or closed; the mails as they came and left; the
files of conversations that are done; what came in and was no conversation."""

_EVERY = text("account_id IS NULL")
_ONE = text("account_id IS NOT NULL")


class RetentionRule(Base):
    __tablename__ = "retention_rule"
    __table_args__ = (
        one_of("kind", KINDS),
        CheckConstraint("days >= 1", name="a_day_at_least"),
        Index("ix_retention_rule_every", "kind", unique=True, sqlite_where=_EVERY, postgresql_where=_EVERY),
        Index(
            "ix_retention_rule_one",
            "kind",
            "account_id",
            unique=True,
            sqlite_where=_ONE,
            postgresql_where=_ONE,
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    """Only what belongs to this account, instead of the rule for all; empty: for all that have none."""
    days: Mapped[int]
    changed_at: Mapped[Created]
