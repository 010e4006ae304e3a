"""A file whose last row may be gone: it is removed once that is certain."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Created


class DoomedFile(Base):
    """Written in the transaction that takes the bytes from a row, so that a crash forgets none."""

    __tablename__ = "doomed_file"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Its SHA-256. Not called so: this row keeps no file."""
    at: Mapped[Created]
