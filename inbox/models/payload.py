"""The bytes of something received, kept before anybody is told "received"."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Sha256, Short, one_of

if TYPE_CHECKING:
    from inbox.models.account import Account

KNOWN = "We have this message already."
"""The reason of a payload that brought what another one had brought."""

STATES = ("new", "parsed", "failed", "ignored", "held")
"""``held``: one sender sent so many at once that a person decides whether to take them in."""


class Payload(Base):
    __tablename__ = "payload"
    __table_args__ = (
        one_of("state", STATES),
        Index("ix_payload_state", "state", "leased_until"),
        Index("ix_payload_source", "account_id", "source", unique=True),
        Index("ix_payload_sender", "account_id", "sender", "created_at"),
        Index("ix_payload_held", "state", "account_id", "sender"),
        Index("ix_payload_sha256", "sha256"),
    )

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    sha256: Mapped[Sha256]
    size: Mapped[int]
    recipients: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Envelope recipients, for mail: what the sender's server was told, whatever the headers say."""
    source: Mapped[str | None] = mapped_column(String(255))
    """Where it was fetched: ``INBOX/<UIDVALIDITY>/<UID>`` for IMAP. One place is taken in once."""
    unfetched: Mapped[bool] = mapped_column(default=False)
    """Its bytes are only what could be fetched, headers at best; the whole takes their place."""
    sender: Mapped[Short]
    """Whose flood it would belong to: an address, ``@domain`` for machines, ``list:id`` for lists."""
    released: Mapped[bool] = mapped_column(default=False)
    """Somebody decided to take it in although it was held: it waits for its turn."""
    imported: Mapped[bool] = mapped_column(default=False)
    """Older mail, brought in on request: nobody is notified and nothing is acknowledged."""
    state: Mapped[str] = mapped_column(String(16), default="new")
    reason: Mapped[Short]
    """Why it was not taken in: a sentence to translate, with ``%(detail)s`` in it."""
    reason_detail: Mapped[Short]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    created_at: Mapped[Created]

    account: Mapped[Account] = relationship()
