"""Connections to SQLite and to PostgreSQL, and what each is told when a transaction begins."""

from __future__ import annotations

import json
import sqlite3 as system_sqlite
import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError

from inbox import statements
from inbox.turns import Turns

SAFE_SQLITE = (3, 51, 3)
"""Older ones can corrupt a WAL database that several connections write (SQLite's 3.51.3 changelog)."""

BUSY_SECONDS = 10.0
LONGEST_PAUSE = 0.01
"""Seconds between two looks whether SQLite is free."""

TRUSTED_SECONDS = 1.0
"""A connection to PostgreSQL that was used so lately is not asked whether it is still there, only looked at:
a mail needs five, one after the other."""


class UnsafeSqlite(RuntimeError):
    """No SQLite at hand is safe for several processes; the text says what to do."""


READ = ("query_only=ON",)
WRITE = ("query_only=OFF", "synchronous=FULL")
CLAIM = ("query_only=OFF", "synchronous=NORMAL")
"""The kinds of transaction, as SQLite is told; see ``reading``, ``writing`` and
``claiming`` of ``inbox.db``."""

kind_now: ContextVar[tuple[str, ...]] = ContextVar("kind", default=WRITE)


def sqlite_module() -> Any:
    """The newest SQLite at hand: the system's if it is safe under WAL, else the one in ``pysqlite3``."""
    if system_sqlite.sqlite_version_info >= SAFE_SQLITE:
        return system_sqlite
    try:
        import pysqlite3.dbapi2 as packaged
    except ImportError:
        packaged = system_sqlite
    if packaged.sqlite_version_info < SAFE_SQLITE:
        raise UnsafeSqlite(
            f"SQLite {packaged.sqlite_version} can corrupt a database that several processes write: use a "
            "Python with SQLite 3.51.3 or newer, or PostgreSQL (database.url)"
        )
    return packaged


def make(url: str, **options: Any) -> Engine:
    if url.startswith("sqlite"):
        return _sqlite_engine(url, **options)
    return _postgres_engine(url, **options)


_BEGIN, _BEGIN_TO_WRITE = text("BEGIN"), text("BEGIN IMMEDIATE")


def _unpacked(stored: str | bytes) -> Any:
    """A JSON column. Most of ours hold nothing, which needs no parser."""
    if stored in ("{}", b"{}"):
        return {}
    return [] if stored in ("[]", b"[]") else json.loads(stored)


def _sqlite_engine(url: str, **options: Any) -> Engine:
    # timeout=0: under gevent a wait inside SQLite would stop every greenlet; _patiently waits instead
    engine = create_engine(
        url,
        module=sqlite_module(),
        connect_args={"timeout": 0},
        hide_parameters=True,
        json_deserializer=_unpacked,
        **options,
    )

    path = Path(engine.url.database or ":memory:")
    turns = None if path.name == ":memory:" else Turns(path.parent)

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=0",
            "foreign_keys=ON",
            "synchronous=FULL",
            "temp_store=MEMORY",
            "cache_size=-16000",
            "journal_mode=WAL",
            # a mail writes some seventy pages: by default every fourteenth would wait for a copy of all
            "wal_autocheckpoint=4000",
        ):  # the first look at the file may find another opening it
            _patiently(partial(connection.execute, f"PRAGMA {pragma}"))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind = kind_now.get()
        if connection.info.get("kind") is not kind:  # it stays as it was told last
            cursor = connection.connection.cursor()
            for pragma in kind:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
            connection.info["kind"] = kind
        if kind is READ:
            statements.run(connection, _BEGIN, {})
        else:
            if turns:
                turns.give_way()
            _patiently(partial(statements.run, connection, _BEGIN_TO_WRITE, {}), turns)

    return engine


def _patiently(run: Callable[[], Any], turns: Turns | None = None) -> Any:
    """Run a statement that may find the database locked, letting others run while we wait."""
    deadline = time.monotonic() + BUSY_SECONDS
    pause = 0.001
    with ExitStack() as waiting:
        while True:
            try:
                return run()
            except Exception as problem:
                if "locked" not in str(problem) and "busy" not in str(problem):
                    raise
                if time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
            if turns and pause == LONGEST_PAUSE and turns.wait(waiting):
                turns = None  # it is said


def _postgres_engine(url: str, **options: Any) -> Engine:
    from psycopg.pq import TransactionStatus  # a house on SQLite does without it

    engine = create_engine(
        url,
        hide_parameters=True,
        json_deserializer=_unpacked,
        # the connection that was used last is used next: it knows most of what will be asked
        **{"pool_size": 10, "max_overflow": 20, "pool_use_lifo": True, **options},
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        # what we ask is small and stands in indexes: compiling it costs more than it saves, so does starting
        # processes that share the work, and a plan that reads a whole table because disks once had arms to
        # move is a page that nobody waits for
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")
            cursor.execute("SET max_parallel_workers_per_gather = 0")
            cursor.execute("SET random_page_cost = 1.1")
        connection.commit()

    @event.listens_for(engine, "checkin")
    def _used(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _is_there(connection: Any, record: Any, _fairy: Any) -> None:
        try:
            if time.monotonic() - record.info.get("used", 0.0) > TRUSTED_SECONDS:
                engine.dialect.do_ping(connection)
            else:  # a server that went has said so: its last words, and the end of them
                connection.pgconn.consume_input()
                connection.pgconn.consume_input()
        except Exception as problem:
            raise DisconnectionError from problem  # it is replaced by a new one

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind, driver = kind_now.get(), cast(Any, connection.connection.dbapi_connection)
        if driver.read_only is not (kind is READ):
            driver.read_only = kind is READ  # said with the BEGIN that it sends
        if kind is CLAIM:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    @event.listens_for(engine, "rollback")
    def _end_reading(connection: Connection) -> None:
        """What only read has nothing to undo; and with a rollback the driver forgets all that it prepared, so
        that PostgreSQL would plan every statement anew, which takes longer than answering it.
        """
        if connection.invalidated:
            return  # it was lost, and with it whatever was to be undone
        driver = cast(Any, connection.connection.dbapi_connection)
        if driver.read_only and driver.info.transaction_status == TransactionStatus.INTRANS:
            driver.commit()

    return engine
