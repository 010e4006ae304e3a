"""Move everything from SQLite to PostgreSQL, in batches that are kept; killed half-way, it goes on there.

A table ``moving`` in the new database remembers how far each table has come, in the transaction of the batch
itself. Nothing starts on a database in which it stands; it goes once everything has been compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from inbox import db, engines, migrate, search
from inbox.backup import Refused, tables
from inbox.backup.make import key_mark
from inbox.backup.tables import Sum
from inbox.config import load, settings
from inbox.migrate import MOVING
from inbox.supervisor import Trouble
from inbox.up import take_lock

REACHED = text(
    f"INSERT INTO {MOVING} VALUES (:name, :key)"  # noqa: S608 (a name of ours)
    " ON CONFLICT (name) DO UPDATE SET last_key = excluded.last_key"
)


def said(problem: DBAPIError) -> str:
    return str(problem.orig).strip().split("\n")[0]


def move(to: str, tell: Callable[[str], None] = lambda _line: None) -> dict[str, Sum]:
    """What every table holds, the same here and there. ``to`` is a postgresql:// URL. Raises Refused.

    The SQLite database is only read, and stays as it is.
    """
    if not settings().database_url.startswith("sqlite"):
        raise Refused("database.url names PostgreSQL already: a move begins at the SQLite database")
    url = load(database={"url": to}).database_url
    if not url.startswith("postgresql"):
        raise Refused("a move goes to PostgreSQL: --to postgresql://user:password@host/name")
    try:
        lock = take_lock(settings().data_dir)
    except Trouble as problem:
        raise Refused(str(problem)) from None
    source, target = engines.make(settings().database_url), engines.make(url)
    try:
        with lock:
            return _move(source, target, tell)
    except DBAPIError as problem:
        raise Refused(f"PostgreSQL says: {said(problem)}; mend that and repeat") from None
    finally:
        source.dispose()
        target.dispose()


def _move(source: Engine, target: Engine, tell: Callable[[str], None]) -> dict[str, Sum]:
    if migrate.current(source) != migrate.head():
        raise Refused("the SQLite database is not up to date: run `python -m inbox migrate` first")
    with tables.reading(source) as theirs:
        _prepare(target, theirs)
        with target.connect() as ours:
            with tables.in_any_order(ours):
                ours.commit()
                _copy(theirs, ours, tell)
            wanted = tables.sums(theirs)
            tables.compare(wanted, tables.sums(ours))
            tables.give_numbers(ours, tables.numbers(theirs))
            tell("building the search index")
            db.bind(ours)
            search.reindex()
            db.session.commit()
            db.session.remove()
            ours.execute(text(f"DROP TABLE {MOVING}"))
            ours.commit()
    return wanted


def _prepare(target: Engine, source: Connection) -> None:
    """Tables that are all empty, or those of a move of this very database that was interrupted."""
    names = inspect(target).get_table_names()
    if MOVING not in names:
        migrate.upgrade(target)
        with target.connect() as ours:
            for name, table in tables.of(ours).items():
                if ours.execute(table.select().limit(1)).first():
                    raise Refused(f"the database is not empty (its table {name} has rows): name a fresh one")
            ours.execute(text(f"CREATE TABLE {MOVING} (name varchar PRIMARY KEY, last_key text NOT NULL)"))
            ours.execute(REACHED, {"name": "", "key": key_mark()})
            ours.commit()
        return
    with target.connect() as ours:
        if _reached(ours, "") != key_mark():
            raise Refused("another installation is being moved into this database: name a fresh one")


def _copy(source: Connection, target: Connection, tell: Callable[[str], None]) -> None:
    for name in tables.of(source):
        after = _reached(target, name)
        tell(f"{name}: going on" if after else name)
        try:
            for key in tables.copied(source, target, name, json.loads(after) if after else None):
                target.execute(REACHED, {"name": name, "key": json.dumps(key)})
                target.commit()
        except DBAPIError as problem:
            raise Refused(
                f"the table {name}: {said(problem)}; mend that and repeat, it goes on there"
            ) from None


def _reached(target: Connection, name: str) -> str | None:
    key = f"SELECT last_key FROM {MOVING} WHERE name = :name"  # noqa: S608
    return target.scalar(text(key), {"name": name})
