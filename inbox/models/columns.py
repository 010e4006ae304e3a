"""Column shapes that several nouns share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import mapped_column

from inbox.db import now

Id = Annotated[int, mapped_column(primary_key=True)]
Created = Annotated[datetime, mapped_column(default=now)]
Short = Annotated[str, mapped_column(String(255), default="")]
Address = Annotated[str, mapped_column(String(320))]
Sha256 = Annotated[str, mapped_column(String(64))]

NEVER_REUSED = {"sqlite_autoincrement": True}
"""A deleted row's number is never given to another (PostgreSQL's sequences do so anyway)."""


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """The database refuses a value that is not in this list."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
