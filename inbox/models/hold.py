"""Legal hold: what must be kept whatever the law of forgetting says, because another law needs it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.customer import Customer
    from inbox.models.ticket import Ticket

_STANDS = text("lifted_at IS NULL")


class Hold(Base):
    """On a customer, with all their tickets, or on one ticket (LGPD art. 16, I and art. 7, VI; GDPR art.
    17(3)(b) and (e)).
    """

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("(customer_id IS NULL) <> (ticket_id IS NULL)", name="on_one_thing"),
        CheckConstraint("reason <> '' OR lifted_at IS NOT NULL", name="for_a_reason"),
        Index("ix_hold_customer", "customer_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("ix_hold_ticket", "ticket_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[Id]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    reason: Mapped[str] = mapped_column(String(500))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    set_at: Mapped[Created]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    lifted_at: Mapped[datetime | None]

    customer: Mapped[Customer | None] = relationship()
    ticket: Mapped[Ticket | None] = relationship()
    by: Mapped[Agent | None] = relationship(foreign_keys=by_id)
    lifted_by: Mapped[Agent | None] = relationship(foreign_keys=lifted_by_id)
