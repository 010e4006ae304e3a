"""Words that are written once and sent often, and what is done to the ticket with them."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id, Sha256, Short, one_of

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.team import Team

LANGUAGES = ("en", "pt", "es", "fr", "de", "it")
"""What a text can be written in: those we recognise in what customers write."""


class Macro(Base):
    __tablename__ = "macro"
    __table_args__ = (
        CheckConstraint("name <> ''", name="has_a_name"),
        CheckConstraint("owner_id IS NULL OR team_id IS NULL", name="a_personal_one_has_no_team"),
        CheckConstraint("use_count >= 0", name="used"),
    )

    id: Mapped[Id]
    name: Mapped[Short]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), index=True)
    """Whose it is, and nobody else's; empty for one that is shared."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), index=True)
    """Of those that are shared: only this team's; everybody's where it is empty."""
    actions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """``[{"do": "tag", "to": "refund"}, …]``, checked by ``inbox.macros``."""
    use_count: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[Created]

    owner: Mapped[Agent | None] = relationship()
    team: Mapped[Team | None] = relationship()
    texts: Mapped[list[MacroText]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="MacroText.id"
    )
    files: Mapped[list[MacroFile]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="MacroFile.id"
    )


class MacroText(Base):
    """What it says in one language: cleaned HTML, with placeholders."""

    __tablename__ = "macro_text"
    __table_args__ = (UniqueConstraint("macro_id", "language"), one_of("language", LANGUAGES))

    id: Mapped[Id]
    macro_id: Mapped[int] = mapped_column(ForeignKey("macro.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(8))
    html: Mapped[str]


class MacroFile(Base):
    """What is attached with it. A reply gets a copy, so that what was sent stays as it was."""

    __tablename__ = "macro_file"

    id: Mapped[Id]
    macro_id: Mapped[int] = mapped_column(ForeignKey("macro.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(43), unique=True, default=lambda: secrets.token_urlsafe(24))
    """192 random bits for its address; whoever asks must also be allowed to see the macro."""
    filename: Mapped[Short]
    content_type: Mapped[Short]
    size: Mapped[int]
    """Bytes."""
    sha256: Mapped[Sha256]
