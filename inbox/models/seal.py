"""A link of the chain that makes rewritten history plain: what the events were (``audit.seal``)."""

from __future__ import annotations

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import NEVER_REUSED, Created, Id


class Seal(Base):
    __tablename__ = "seal"
    __table_args__ = NEVER_REUSED

    id: Mapped[Id]
    after_id: Mapped[int] = mapped_column(unique=True)
    """It covers the events behind this one, so that two seals never begin at the same place."""
    to_id: Mapped[int]
    n: Mapped[int]
    """How many events it covers, late ones included."""
    gaps: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    """Ids in between that no event had, as ``[first, last]``: rolled back, or not committed yet."""
    late: Mapped[list[int]] = mapped_column(JSON, default=list)
    """Ids in the gaps of earlier seals that were committed after those were made."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over the digest before it and everything it covers, in hexadecimal."""
    made_at: Mapped[Created]
