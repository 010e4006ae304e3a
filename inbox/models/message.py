"""What somebody wrote: a customer's message, our reply, or a note between us."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import NEVER_REUSED, Created, Id, Short, one_of

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.attachment import Attachment
    from inbox.models.identity import Identity
    from inbox.models.payload import Payload
    from inbox.models.thread import Thread
    from inbox.models.ticket import Ticket

KINDS = ("customer", "reply", "note")
STATES = ("received", "queued", "sending", "sent", "failed", "unconfirmed")
PENDING = ("queued", "sending", "unconfirmed")

_HAS_RAW = text("raw_sha256 IS NOT NULL")
NOT_SENT = "state = 'failed' AND NOT put_aside"
"""It did not leave or arrive, and nobody said that it may stay so: a handful among all, counted on every
page."""


class Message(Base):
    __tablename__ = "message"
    __table_args__ = (
        one_of("kind", KINDS),
        one_of("state", STATES),
        CheckConstraint("(kind = 'customer') = (identity_id IS NOT NULL)", name="customer_has_identity"),
        CheckConstraint("kind <> 'note' OR state = 'received'", name="a_note_is_never_sent"),
        UniqueConstraint("account_id", "external_id"),
        UniqueConstraint("author_id", "idempotency_key"),
        Index("ix_message_ticket", "ticket_id", "id"),
        Index("ix_message_state_not_before", "state", "not_before"),
        Index("ix_message_account_sent", "account_id", "sent_at"),
        Index(
            "ix_message_not_sent", "state", "id", sqlite_where=text(NOT_SENT), postgresql_where=text(NOT_SENT)
        ),
        Index("ix_message_raw", "raw_sha256", sqlite_where=_HAS_RAW, postgresql_where=_HAS_RAW),
        NEVER_REUSED,
    )

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("thread.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16), default="received")
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"), index=True)
    """Who wrote it, if a customer did."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"), index=True)
    """Who wrote it, if one of us did."""
    third_party: Mapped[bool] = mapped_column(default=False)
    """Came with a valid token of this ticket, but from somebody who is not part of it."""

    subject: Mapped[str] = mapped_column(String(998), default="")
    text: Mapped[str] = mapped_column(default="")
    """The new text, without what it quotes."""
    quoted_text: Mapped[str] = mapped_column(default="")
    html: Mapped[str | None]
    """Cleaned; shown in a sandboxed frame all the same. Empty for plain text."""
    quoted_html: Mapped[str | None]
    recipients: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """``{"to": [{"name", "address"}], "cc": [...], "bcc": [...], "reply_to": [...]}``"""
    automated: Mapped[str] = mapped_column(String(32), default="")
    """Why we believe a machine wrote it; of ours, ``acknowledgement`` or ``survey``. Empty for a person."""
    trust: Mapped[str] = mapped_column(String(8), default="")
    """Whether the From is true: ``pass``, ``fail``, or empty where nobody we trust checked."""
    checks: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """``{"spf": "pass", "dkim": "pass", "dmarc": "fail", "by": "mx.example"}``, what our own server found."""
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Stable codes of what was odd or special about it, as in ``mail.Mail.notes``: ``from_missing`` …"""
    forward: Mapped[bool] = mapped_column(default=False)
    """Of ours, to somebody else: it is no answer to the customer."""
    forwarded_from: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """``{"name", "address"}`` of who first wrote what was forwarded to us."""
    imported: Mapped[bool] = mapped_column(default=False)
    signature: Mapped[str] = mapped_column(default="")
    """Of ours: the HTML that leaves under it, as it was when it was written."""
    bounces: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Of ours, who did not get it: ``{"address", "action", "status", "diagnostic", "payload_id", "at"}``."""
    refused: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Of ours, whom the provider refused while others got it: ``{address: {"said", "again"}}``; ``again``
    while it is still tried."""
    put_aside: Mapped[bool] = mapped_column(default=False)
    """Of ours, it did not arrive, and somebody decided to leave it so."""

    external_id: Mapped[str | None] = mapped_column(String(255))
    """The provider's name for it. For mail in: Message-ID and a hash of the content."""
    message_id_header: Mapped[str | None] = mapped_column(String(998), index=True)
    """For mail: its Message-ID, which answers refer to."""
    references: Mapped[list[str]] = mapped_column(JSON, default=list)
    payload_id: Mapped[int | None] = mapped_column(ForeignKey("payload.id"), index=True)
    raw_sha256: Mapped[str | None] = mapped_column(String(64))
    """The bytes as they left."""

    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    not_before: Mapped[datetime | None]
    send_at: Mapped[datetime | None]
    """When its writer wants it to leave; empty: now."""
    leased_until: Mapped[datetime | None]
    lease: Mapped[str | None] = mapped_column(String(32))
    """Whose claim holds: a sender that was too slow finds another's here and changes nothing."""
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[Short]
    """Why it did not leave: a sentence to translate, with ``%(detail)s`` in it."""
    failure_detail: Mapped[Short]
    sent_via: Mapped[str | None] = mapped_column(String(16))
    """``smtp``, or ``preview`` where no server is set and it only shows how it would have left."""
    sent_at: Mapped[datetime | None]
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The ticket's status and waiting time before this reply, for taking it back."""

    version: Mapped[int] = mapped_column(default=0)
    """The ticket's version when this message last changed."""
    written_at: Mapped[datetime | None]
    """What the sender's clock said."""
    created_at: Mapped[Created]

    ticket: Mapped[Ticket] = relationship()
    thread: Mapped[Thread | None] = relationship()
    identity: Mapped[Identity | None] = relationship()
    author: Mapped[Agent | None] = relationship()
    payload: Mapped[Payload | None] = relationship()
    attachments: Mapped[list[Attachment]] = relationship(
        back_populates="message", order_by="Attachment.id", foreign_keys="Attachment.message_id"
    )

    @property
    def is_undoable(self) -> bool:
        return self.state == "queued" and self.attempts == 0

    @property
    def is_scheduled(self) -> bool:
        return self.is_undoable and self.send_at is not None
