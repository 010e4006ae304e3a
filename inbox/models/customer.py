"""A person we answer, whatever they write from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Short, one_of

if TYPE_CHECKING:
    from inbox.models.customer_field import CustomerValue
    from inbox.models.hold import Hold
    from inbox.models.identity import Identity
    from inbox.models.organisation import Organisation

_MERGED = text("merged_into_id IS NOT NULL")

TIERS = ("standard", "vip")


class Customer(Base):
    __tablename__ = "customer"
    __table_args__ = (
        one_of("tier", TIERS),
        Index("ix_customer_activity", "active_at", "id"),
        Index("ix_customer_tier_activity", "tier", "active_at", "id"),
        # not over those who are only themselves: SQLite would look them up in it, and sort them all
        Index("ix_customer_merged", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
    )

    id: Mapped[Id]
    name: Mapped[Short]
    tier: Mapped[str] = mapped_column(String(16), default="standard")
    language: Mapped[str | None] = mapped_column(String(8))
    zone: Mapped[str | None] = mapped_column(String(64))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id", ondelete="SET NULL"), index=True
    )
    note: Mapped[str] = mapped_column(String, default="")
    """What colleagues should know of them; it never leaves the house."""
    version: Mapped[int] = mapped_column(default=0)
    """Bumped whenever somebody changes who they are."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    """Whom they turned out to be. The row stays as it was, so that this can be taken back."""
    active_at: Mapped[datetime | None]
    """When somebody last wrote in a conversation of theirs; empty while there was nothing but spam."""
    created_at: Mapped[Created]

    organisation: Mapped[Organisation | None] = relationship()
    hold: Mapped[Hold | None] = relationship(
        primaryjoin="and_(Hold.customer_id == Customer.id, Hold.lifted_at.is_(None))",
        viewonly=True,
        uselist=False,
    )
    """The legal hold that stands on them."""
    identities: Mapped[list[Identity]] = relationship(
        back_populates="customer",
        order_by="(Identity.home_id.is_not(None), Identity.id)",
        foreign_keys="Identity.customer_id",
    )
    """Their own first, then those of whoever was merged into them."""
    values: Mapped[list[CustomerValue]] = relationship(viewonly=True)
    """What is known of them in fields of the house's own."""
