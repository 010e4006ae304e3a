"""Whether anybody has moved in. Asked at every start, so it knows no tables and imports next to nothing."""

from sqlalchemy import text

from inbox.db import session


def is_settled() -> bool:
    """Whether somebody can sign in already."""
    query = text("SELECT 1 FROM agent WHERE active AND password_hash <> '' LIMIT 1")
    return session.scalar(query) is not None
