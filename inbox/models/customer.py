"""A person we answer, whatever they write from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Short, one_of

if TYPE_CHECKING:
    from inbox.models.identity import Identity
    from inbox.models.organisation import Organisation

TIERS = ("standard", "vip")


class Customer(Base):
    __tablename__ = "customer"
    __table_args__ = (one_of("tier", TIERS),)

    id: Mapped[Id]
    name: Mapped[Short]
    tier: Mapped[str] = mapped_column(String(16), default="standard")
    language: Mapped[str | None] = mapped_column(String(8))
    zone: Mapped[str | None] = mapped_column(String(64))
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[Created]

    organisation: Mapped[Organisation | None] = relationship()
    identities: Mapped[list[Identity]] = relationship(back_populates="customer", order_by="Identity.id")
