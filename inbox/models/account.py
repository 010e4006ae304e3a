"""One connected channel account: the support@ mailbox, later the shop's Telegram bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Address, Created, Id, Short

if TYPE_CHECKING:
    from inbox.models.attachment import Attachment
    from inbox.models.team import Team


class Account(Base):
    __tablename__ = "account"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[Short]
    address: Mapped[Address]
    """What customers write to, and what our answers come from."""
    settings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """The channel's fields; those marked secret are encrypted (``inbox.secrets``)."""
    active: Mapped[bool] = mapped_column(default=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), index=True)
    """New tickets of this account belong to this team; to everybody where it is empty."""
    created_at: Mapped[Created]

    team: Mapped[Team | None] = relationship()
    addresses: Mapped[list[AccountAddress]] = relationship(
        back_populates="account", cascade="all, delete-orphan", order_by="AccountAddress.id"
    )

    def is_list(self, list_id: str) -> bool:
        """Whether that is a group address of ours, such as a Google Group: people write to it (RFC 2919)."""
        return any(row.address.replace("@", ".") == list_id.lower() for row in self.addresses)


class AccountAddress(Base):
    """An address, lower-cased, whose mail belongs to the account. One address has one account."""

    __tablename__ = "account_address"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    address: Mapped[Address] = mapped_column(unique=True)
    name: Mapped[Short]
    """What customers see beside it; empty: the account's name."""
    signature: Mapped[str] = mapped_column(default="")
    """Cleaned HTML under what we write from this address, its pictures as ``cid:``."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), index=True)
    """New tickets that came to this address belong to this team; empty: the account's."""

    team: Mapped[Team | None] = relationship()
    pictures: Mapped[list[Attachment]] = relationship(cascade="all, delete-orphan", order_by="Attachment.id")
    """Those in the signature, and those somebody is about to put there."""
    account: Mapped[Account] = relationship(back_populates="addresses")
