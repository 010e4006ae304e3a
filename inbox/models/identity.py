"""One address a customer writes from. Tickets belong to it, so merging customers is one update."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Address, Created, Id, Short

if TYPE_CHECKING:
    from inbox.models.customer import Customer


class Identity(Base):
    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("kind", "address"),)

    id: Mapped[Id]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    home_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    """Whose it is again when customers are no longer merged; empty while it is at home."""
    kind: Mapped[str] = mapped_column(String(32))
    address: Mapped[Address]
    """Lower-cased for mail."""
    name: Mapped[Short]
    verified: Mapped[bool] = mapped_column(default=False)
    """Somebody answered from it to a signed address of ours, or the provider vouches for it."""
    bounced_at: Mapped[datetime | None]
    """When mail to it was last returned for good; empty again once somebody writes from it."""
    bounce_reason: Mapped[Short]
    created_at: Mapped[Created]

    customer: Mapped[Customer] = relationship(back_populates="identities", foreign_keys=customer_id)

    @property
    def display_name(self) -> str:
        return self.name or self.customer.name or self.address
