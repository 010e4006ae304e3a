"""A file that came or goes with a message, or waits in a draft."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Sha256, Short

if TYPE_CHECKING:
    from inbox.models.message import Message


class Attachment(Base):
    __tablename__ = "attachment"

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(String(43), unique=True, default=lambda: secrets.token_urlsafe(24))
    """192 random bits for its address; whoever asks must also be allowed to see the ticket."""
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("draft.id", ondelete="CASCADE"), index=True)
    address_id: Mapped[int | None] = mapped_column(
        ForeignKey("account_address.id", ondelete="CASCADE"), index=True
    )
    """It stands in the signature of one of our addresses; what is sent carries a copy."""
    filename: Mapped[Short]
    content_type: Mapped[Short]
    size: Mapped[int]
    """Bytes."""
    sha256: Mapped[Sha256] = mapped_column(index=True)
    """Empty once its time was over: then only that there was a file is known."""
    inline: Mapped[bool] = mapped_column(default=False)
    content_id: Mapped[Short]
    linked_until: Mapped[datetime | None]
    """It was too large for the mail, which carries a link to it that works until then."""
    created_at: Mapped[Created]

    message: Mapped[Message | None] = relationship(back_populates="attachments")
