"""What a customer said of how it was. What they wrote stands here and in no event."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from inbox.db import Base
from inbox.models.columns import Created, Id

if TYPE_CHECKING:
    from inbox.models.survey import Survey


UNSEEN = "low_at IS NOT NULL AND seen_at IS NULL"
"""Low, and no supervisor has looked at it: a handful among all, and counted on every page."""


class Answer(Base):
    __tablename__ = "answer"
    __table_args__ = (
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        CheckConstraint("seen_at IS NULL OR low_at IS NOT NULL", name="only_a_low_one_is_seen"),
        Index("ix_answer_unseen", "id", sqlite_where=text(UNSEEN), postgresql_where=text(UNSEEN)),
    )

    id: Mapped[Id]
    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), unique=True)
    score: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Of ``feedback.HELPED`` or ``feedback.LACKED``."""
    comment: Mapped[str] = mapped_column(String(4000), default="")
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="SET NULL"), unique=True)
    """The newest event that tells of it: where it stands in the conversation."""
    low_at: Mapped[datetime | None]
    """When it called somebody: once, however often it is changed."""
    seen_at: Mapped[datetime | None]
    """When a supervisor had looked at it."""
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    first_at: Mapped[Created]
    changed_at: Mapped[Created]

    survey: Mapped[Survey] = relationship(back_populates="answer")
