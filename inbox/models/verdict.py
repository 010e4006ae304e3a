"""What the team said of senders and of words: spam, or not."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Address, Created


class Verdict(Base):
    """The last word on one address; it outweighs every guess."""

    __tablename__ = "verdict"

    address: Mapped[Address] = mapped_column(primary_key=True)
    """Lower-cased."""
    spam: Mapped[bool]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id", ondelete="SET NULL"))
    at: Mapped[Created]


class SpamWord(Base):
    """In how many mails called spam, and in how many good ones, a word stood. The empty word counts mails."""

    __tablename__ = "spam_word"

    word: Mapped[str] = mapped_column(String(64), primary_key=True)
    spam: Mapped[int] = mapped_column(default=0)
    good: Mapped[int] = mapped_column(default=0)
