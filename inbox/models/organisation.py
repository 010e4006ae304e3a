"""Where customers belong: a company, a school, a shop."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from inbox.db import Base
from inbox.models.columns import Created, Id, Short


class Organisation(Base):
    __tablename__ = "organisation"

    id: Mapped[Id]
    name: Mapped[Short]
    domain: Mapped[str | None] = mapped_column(String(255), unique=True)
    created_at: Mapped[Created]
