"""What figures are counted from: one narrow row for each thing that happened, credited where it happened.

Facts are worked out from a ticket's events and messages (``inbox.figures.history``) and kept beside them by
a sweep (``inbox.figures.keeping``); they can be thrown away and made anew at any time. They hold ids, moments
and numbers only.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Id, one_of

KINDS = ("opened", "received", "replied", "first", "resolved", "open", "asked")
"""A conversation came, the customer wrote, we replied, we replied for the first time, it was resolved; it
stood open from ``at`` until ``until``; its customer was asked how it was."""

FOREVER = 2**40
"""``until`` of what is still open."""

STANDING = "until IS NOT NULL"

ASKED = ("team_id", "agent_id", "account_id", "ticket_id")
"""In both indexes, so that no question has to look at the rows themselves."""


class Fact(Base):
    __tablename__ = "fact"
    __table_args__ = (
        one_of("kind", KINDS),
        CheckConstraint("(kind = 'open') = (until IS NOT NULL)", name="what_is_open_has_an_end"),
        Index("ix_fact_kind_at", "kind", "at", *ASKED, "value"),
        Index(
            "ix_fact_standing",
            *("until", "at", *ASKED),
            sqlite_where=text(STANDING),
            postgresql_where=text(STANDING),
        ),
    )

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    at: Mapped[int] = mapped_column(BigInteger)
    """Whole seconds since 1970, UTC: days are cut from it in any zone by plain arithmetic."""
    until: Mapped[int | None] = mapped_column(BigInteger)
    """Of ``open``: when it ended, or ``FOREVER``."""
    team_id: Mapped[int] = mapped_column(default=0)
    """0 is no team; as with ``agent_id``, no foreign key: a fact stays when its team is gone."""
    agent_id: Mapped[int] = mapped_column(default=0)
    account_id: Mapped[int] = mapped_column(default=0)
    value: Mapped[int | None]
    """Of ``first`` and ``resolved`` how many seconds it took; of ``asked`` the score that was given."""
