"""Making sure that what is gone is gone: files nobody needs, and the traces a database keeps of old rows.

A row that lets go of a file writes its name down (``doom``) in the same transaction; the sweep removes it
once no other row needs it. Both wait a little, for somebody may be storing the same bytes at this moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inbox import files
from inbox.db import dialect, engine, now, reading, session, writing
from inbox.models import DoomedFile, Installation
from inbox.privacy import fields

log = structlog.get_logger("privacy")

GRACE = timedelta(minutes=2)
"""Longer than any transaction that stores a file: what was touched lately is left for later."""

SOON = 256 * 2**20
"""Bytes. A SQLite file up to this size is compacted at once, which takes a second or two; a larger one at
night, because whoever writes has to wait."""
NIGHT = range(2, 5)

_DOOMED = cast(Table, DoomedFile.__table__)
BATCH = 200


# --------------------------------------------------------------------------------------------- files


def doom(names: Iterable[str | None]) -> int:
    """Let go of these files; returns how many. Commits are the caller's."""
    wanted = sorted({name for name in names if name})
    if wanted:
        insert: Any = postgres_insert if dialect() == "postgresql" else sqlite_insert
        moment = now()
        rows = [{"name": name, "at": moment} for name in wanted]
        session.execute(insert(_DOOMED).on_conflict_do_nothing(), rows)
    return len(wanted)


def sweep() -> int:
    """Remove the files that no row needs any more; how many went."""
    with reading():
        before = now() - GRACE
        query = (
            select(DoomedFile.name).where(DoomedFile.at <= before).order_by(DoomedFile.at, DoomedFile.name)
        )
        waiting = session.scalars(query.limit(BATCH)).all()
    return sum(_removed(name) for name in waiting)


def _removed(name: str) -> bool:
    with writing():
        needed = _is_needed(name)
        gone = needed or files.remove(name, GRACE)
        if gone:
            session.execute(_DOOMED.delete().where(_DOOMED.c.name == name))
    return gone and not needed


def _is_needed(name: str) -> bool:
    return any(
        session.scalar(select(column).where(column == name).limit(1)) is not None for column in fields.files()
    )


def waits(until: datetime) -> bool:
    """Whether files that were let go of by then are still to be removed."""
    return session.scalar(select(DoomedFile.name).where(DoomedFile.at <= until).limit(1)) is not None


# ------------------------------------------------------------------------------------------ database


def may_compact() -> bool:
    """Now, or only when the company sleeps."""
    if dialect() == "postgresql":
        return True
    path = Path(engine().url.database or "")
    return not path.exists() or path.stat().st_size <= SOON or is_night()


def is_night() -> bool:
    return now().astimezone(ZoneInfo(Installation.current().zone)).hour in NIGHT


def compact() -> bool:
    """Leave no trace of removed rows behind, outside any transaction; False if others were in the way.

    SQLite: the index in one piece without what was deleted (FTS5 ``optimize``), the file written anew
    (``VACUUM``), the write-ahead log emptied. PostgreSQL: its own ``VACUUM``, which frees the space of dead
    rows for others; what its files hold until then is for its administrator (``docs/privacy.md``).
    """
    session.remove()
    raw = engine().raw_connection()
    try:
        return _vacuum_postgres(raw) if dialect() == "postgresql" else _vacuum_sqlite(raw)
    except Exception as problem:
        log.info("compact_later", problem=type(problem).__name__)
        return False
    finally:
        raw.invalidate()  # it was told things no other user of it expects
        raw.close()


def _vacuum_sqlite(raw: Any) -> bool:
    cursor = raw.cursor()
    for statement in (
        "PRAGMA query_only=OFF",
        "PRAGMA busy_timeout=5000",
        "INSERT INTO ticket_text(ticket_text) VALUES ('optimize')",
        "VACUUM",
    ):
        cursor.execute(statement)
    busy, _pages, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _vacuum_postgres(raw: Any) -> bool:
    raw.driver_connection.autocommit = True
    cursor = raw.cursor()
    for name in [*(name for name, each in fields.MAP.items() if each.whose != "house"), "ticket_text"]:
        cursor.execute(f'VACUUM "{name}"')
    return True
