"""What a house wants to know of its customers besides: a contract's number, a birthday, a shop's address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Short, one_of

KINDS = ("text", "number", "date", "yes_no", "choice", "link")


class CustomerField(Base):
    __tablename__ = "customer_field"
    __table_args__ = (one_of("kind", KINDS), CheckConstraint("name <> ''", name="has_a_name"))

    id: Mapped[Id]
    name: Mapped[Short]
    kind: Mapped[str] = mapped_column(String(16), default="text")
    """It stays as it is: values of one kind mean nothing as another."""
    choices: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of a choice."""
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]
    """It is asked no more; what is known stays."""
    created_at: Mapped[Created]


class CustomerValue(Base):
    """What is known of one customer."""

    __tablename__ = "customer_value"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), primary_key=True)
    field_id: Mapped[int] = mapped_column(
        ForeignKey("customer_field.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    value: Mapped[str] = mapped_column(String(2000))
    """As its kind writes it: ``1234.5``, ``2026-03-09``, ``yes``."""

    field: Mapped[CustomerField] = relationship(viewonly=True)
