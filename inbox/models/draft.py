"""What an agent has written and not sent: per ticket one of each kind, and new conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, one_of

if TYPE_CHECKING:
    from inbox.models.attachment import Attachment


KINDS = ("reply", "note", "forward", "new")


class Draft(Base):
    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("agent_id", "ticket_id", "kind"), one_of("kind", KINDS))

    id: Mapped[Id]
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    """Empty for the beginning of a new conversation."""
    kind: Mapped[str] = mapped_column(String(8))
    html: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(String(998), default="")
    recipients: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What stands in its fields, as typed: ``{"to": "…", "cc": "…", "bcc": "…", "from": address id}``."""
    updated_at: Mapped[Created]

    files: Mapped[list[Attachment]] = relationship(order_by="Attachment.id")
