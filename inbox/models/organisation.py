"""Where customers belong: a company, a school, a shop."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Short


class Organisation(Base):
    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("tier IN ('', 'standard', 'vip')", name="tier"),)

    id: Mapped[Id]
    name: Mapped[Short]
    tier: Mapped[str] = mapped_column(String(16), default="")
    """What a customer who joins becomes; empty: they stay what they are."""
    note: Mapped[str] = mapped_column(String, default="")
    """What colleagues should know of it; it never leaves the house."""
    created_at: Mapped[Created]

    domains: Mapped[list[OrganisationDomain]] = relationship(
        order_by="OrganisationDomain.domain", cascade="all, delete-orphan", passive_deletes=True
    )


class OrganisationDomain(Base):
    """Who writes from it for the first time belongs to the organisation."""

    __tablename__ = "organisation_domain"

    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
