"""What a ticket is about."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Id, Short


class Topic(Base):
    __tablename__ = "topic"

    id: Mapped[Id]
    name: Mapped[Short] = mapped_column(unique=True)
