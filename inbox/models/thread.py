"""One conversation as the provider sees it; it points at the ticket that continues it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id

if TYPE_CHECKING:
    from inbox.models.account import Account, AccountAddress
    from inbox.models.ticket import Ticket


class Thread(Base):
    __tablename__ = "thread"
    __table_args__ = (UniqueConstraint("account_id", "external_id"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(255))
    """A chat id, a channel id; for mail the external id of the message that began it."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="SET NULL"), index=True)
    address_id: Mapped[int | None] = mapped_column(
        ForeignKey("account_address.id", ondelete="SET NULL"), index=True
    )
    """Which of our addresses the customer wrote to: answers come from it."""
    created_at: Mapped[Created]

    account: Mapped[Account] = relationship()
    address: Mapped[AccountAddress | None] = relationship()
    ticket: Mapped[Ticket | None] = relationship()
