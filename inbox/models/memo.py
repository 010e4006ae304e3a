"""Mail from the house to one of its own: an invitation, a new password, a digest. No ticket has it."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Address, Created, Id, Short, one_of

if TYPE_CHECKING:
    from inbox.models.agent import Agent

STATES = ("queued", "sending", "sent", "failed")
PENDING = ("queued", "sending")


class Memo(Base):
    __tablename__ = "memo"
    __table_args__ = (
        one_of("state", STATES),
        Index("ix_memo_state_not_before", "state", "not_before"),
        Index("ix_memo_address_created_at", "address", "created_at"),
    )

    id: Mapped[Id]
    address: Mapped[Address]
    """Whom it goes to, lower-cased."""
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="SET NULL"), index=True)
    """Who that is, if they work here: somebody who no longer does gets none."""
    template: Mapped[str] = mapped_column(String(40))
    """What it is about: the name of a file in ``templates/mail/``."""
    language: Mapped[str] = mapped_column(String(8))
    subject: Mapped[Short]
    text: Mapped[str] = mapped_column(default="")
    """What it says, until it has left: its links open doors, so nothing of them is kept."""
    html: Mapped[str] = mapped_column(default="")
    unsubscribe: Mapped[Short]
    """Where a mail program ends mail of this kind by itself (RFC 8058); empty: there is nothing to end."""
    key: Mapped[str] = mapped_column(String(32), unique=True, default=lambda: secrets.token_hex(16))
    """The part of its Message-ID that is ours: it keeps it when it is sent again after a doubt."""
    state: Mapped[str] = mapped_column(String(16), default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[Created]
    lease: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    failure: Mapped[Short]
    """Why it failed or waits: a sentence to translate, with ``%(detail)s`` in it."""
    failure_detail: Mapped[Short]
    sent_via: Mapped[str] = mapped_column(String(16), default="")
    """``smtp``, or ``preview`` where no outgoing server is set."""
    sent_at: Mapped[datetime | None]
    created_at: Mapped[Created]

    agent: Mapped[Agent | None] = relationship()
