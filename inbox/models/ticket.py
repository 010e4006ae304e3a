"""One matter of one customer, with messages from any channel."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    TextClause,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import NEVER_REUSED, Created, Id, Short, one_of
from inbox.models.tag import tagging

if TYPE_CHECKING:
    from inbox.models.account import Account
    from inbox.models.agent import Agent
    from inbox.models.customer import Customer
    from inbox.models.hold import Hold
    from inbox.models.identity import Identity
    from inbox.models.notice import Following
    from inbox.models.tag import Tag
    from inbox.models.team import Team
    from inbox.models.topic import Topic

STATUSES = ("new", "open", "pending", "on_hold", "resolved", "closed", "spam")
OPEN = ("new", "open", "pending", "on_hold")
DONE = ("resolved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
HANDLERS = ("people", "bot")

STANDS = {"open": f"status IN {OPEN}", "done": f"status IN {DONE}", "spam": "status = 'spam'"}
"""Which tickets are open, done and spam. Written out and never bound: a database uses an index over a part
of the rows only where it reads the same words."""

MINE = f"assignee_id IS NOT NULL AND {STANDS['open']}"
MINE_DONE = f"assignee_id IS NOT NULL AND {STANDS['done']}"
NOBODYS = f"assignee_id IS NULL AND {STANDS['open']}"

TEAM = "coalesce(team_id, 0)"
"""Its team, or nought: what belongs to no team is read in an index's order like what belongs to one. (To
PostgreSQL ``IS NULL`` is no value, so the order behind it is none.)"""

BEHIND = "figured <> version"
"""It changed since its facts were worked out. The index over these holds a handful."""


def stands(state: str) -> ColumnElement[bool]:
    """The predicate over ``Ticket`` that lists are drawn by: it is ``open``, ``done`` or ``spam``."""
    # of no type: SQLAlchemy asks SQLite whether a boolean "= 1", in which no index is known again
    return literal_column(f"ticket.{STANDS[state]}")


def in_team(team: Any) -> ColumnElement[bool]:
    """The predicate over ``Ticket``: it belongs to the team of this number, or to none if that is nought."""
    return literal_column(TEAM.replace("team_id", "ticket.team_id"), Integer) == team


def _partly(name: str, *columns: str | TextClause, where: str) -> Index:
    """An index over the rows that match."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Ticket(Base):
    __tablename__ = "ticket"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("priority", PRIORITIES),
        one_of("handled_by", HANDLERS),
        _partly("ix_ticket_open", "active_at", "id", where=STANDS["open"]),
        _partly("ix_ticket_done", "active_at", "id", where=STANDS["done"]),
        _partly("ix_ticket_spam", "active_at", "id", where=STANDS["spam"]),
        _partly("ix_ticket_mine", "assignee_id", "active_at", "id", where=MINE),
        _partly("ix_ticket_nobodys", "active_at", "id", where=NOBODYS),
        _partly("ix_ticket_mine_done", "assignee_id", "active_at", "id", where=MINE_DONE),
        _partly("ix_ticket_team_open", text(TEAM), "active_at", "id", where=STANDS["open"]),
        _partly("ix_ticket_team_done", text(TEAM), "active_at", "id", where=STANDS["done"]),
        _partly("ix_ticket_behind", "id", where=BEHIND),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    """Also its number: what people call it."""
    subject: Mapped[str] = mapped_column(String(998), default="")
    status: Mapped[str] = mapped_column(String(16), default="new", active_history=True)
    priority: Mapped[str] = mapped_column(String(16), default="normal")
    handled_by: Mapped[str] = mapped_column(String(16), default="people")
    language: Mapped[str | None] = mapped_column(String(8))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"), active_history=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True, active_history=True)
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id"), index=True)
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    """The ticket this one goes on from: too old to reopen, or quoted by a stranger."""
    version: Mapped[int] = mapped_column(default=0)
    """Bumped by every verb: the cursor of live updates."""
    figured: Mapped[int] = mapped_column(default=0)
    """The version whose facts are kept (``models.fact``)."""
    message_count: Mapped[int] = mapped_column(default=0)
    snippet: Mapped[str] = mapped_column(String(200), default="")
    spam_reason: Mapped[Short]
    """Why it is among spam: ``headers sender words rspamd spamassassin agent``."""
    words_learnt: Mapped[str] = mapped_column(String(8), default="")
    """As what its words were counted (``SpamWord``): ``spam``, ``good``, or empty."""
    waiting_since: Mapped[datetime | None]
    """When the customer began to wait for our next word; empty once we answered."""
    snoozed_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]
    """When its words went, by an erasure or because their time was over; numbers and moments stay."""
    active_at: Mapped[Created]
    """When somebody last wrote: what lists are sorted by."""
    created_at: Mapped[Created]

    identity: Mapped[Identity] = relationship()
    account: Mapped[Account] = relationship()
    assignee: Mapped[Agent | None] = relationship()
    team: Mapped[Team | None] = relationship()
    topic: Mapped[Topic | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=tagging, order_by="Tag.name")
    hold: Mapped[Hold | None] = relationship(
        primaryjoin="and_(Hold.ticket_id == Ticket.id, Hold.lifted_at.is_(None))",
        viewonly=True,
        uselist=False,
    )
    """The legal hold that stands on it; one on its customer counts as well (``privacy.holds.over``)."""
    following: Mapped[list[Following]] = relationship(viewonly=True)

    @property
    def customer(self) -> Customer:
        return self.identity.customer

    @property
    def is_open(self) -> bool:
        return self.status in OPEN
