"""That we answered an address automatically: what the cap on such answers counts."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Address, Created, Id


class Acknowledgement(Base):
    __tablename__ = "acknowledgement"
    __table_args__ = (
        Index("ix_acknowledgement_address_at", "address", "at"),
        Index("ix_acknowledgement_account_at", "account_id", "at"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    address: Mapped[Address]
    at: Mapped[Created]
