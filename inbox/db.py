"""The database: one session, three kinds of transaction, and what to do once it is committed.

A request that only reads runs in a read-only transaction, so a GET can change nothing even by mistake.
Everything else takes the write lock at once (``BEGIN IMMEDIATE`` on SQLite), so that two writers queue
up instead of failing half-way.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3 as system_sqlite
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import CursorResult, DateTime, Engine, MetaData, TypeDecorator, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session, sessionmaker

log = structlog.get_logger("db")

SAFE_SQLITE = (3, 51, 3)
"""Older ones can corrupt a WAL database that several connections write (SQLite's 3.51.3 changelog)."""

BUSY_SECONDS = 10.0


class UnsafeSqlite(RuntimeError):
    """No SQLite at hand is safe for several processes; the text says what to do."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant}


_maker = sessionmaker(autoflush=True, expire_on_commit=False)
session: scoped_session[Session] = scoped_session(_maker)
"""The session of this thread or greenlet. Views and workers commit; verbs never do."""

READ = ("query_only=ON",)
WRITE = ("query_only=OFF", "synchronous=FULL")
CLAIM = ("query_only=OFF", "synchronous=NORMAL")
"""The kinds of transaction, as SQLite is told; see ``reading``, ``writing`` and ``claiming``."""

_kind: ContextVar[tuple[str, ...]] = ContextVar("kind", default=WRITE)


def now() -> datetime:
    return datetime.now(UTC)


# ------------------------------------------------------------------------------------------ engines


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


def make_engine(url: str, **options: Any) -> Engine:
    if url.startswith("sqlite"):
        return _sqlite_engine(url, **options)
    return _postgres_engine(url, **options)


def _unpacked(stored: str | bytes) -> Any:
    """A JSON column. Most of ours hold nothing, which needs no parser."""
    if stored in ("{}", b"{}"):
        return {}
    return [] if stored in ("[]", b"[]") else json.loads(stored)


def _sqlite_engine(url: str, **options: Any) -> Engine:
    # timeout=0: under gevent a wait inside SQLite would stop every greenlet; _begin_immediate waits instead
    engine = create_engine(
        url,
        module=sqlite_module(),
        connect_args={"timeout": 0},
        hide_parameters=True,
        json_deserializer=_unpacked,
        **options,
    )

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
        kind = _kind.get()
        if connection.info.get("kind") is not kind:  # it stays as it was told last
            cursor = connection.connection.cursor()
            for pragma in kind:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
            connection.info["kind"] = kind
        if kind is READ:
            connection.exec_driver_sql("BEGIN")
        else:
            _patiently(lambda: connection.exec_driver_sql("BEGIN IMMEDIATE"))

    return engine


def _patiently(run: Callable[[], Any]) -> Any:
    """Run a statement that may find the database locked, letting others run while we wait."""
    deadline = time.monotonic() + BUSY_SECONDS
    pause = 0.001
    while True:
        try:
            return run()
        except Exception as problem:
            if "locked" not in str(problem) and "busy" not in str(problem):
                raise
            if time.monotonic() > deadline:
                raise
            time.sleep(pause)
            pause = min(pause * 1.5, 0.01)


def _postgres_engine(url: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        json_deserializer=_unpacked,
        **{"pool_size": 10, "max_overflow": 20, **options},
    )

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _record: Any) -> None:
        # what we ask is small and stands in indexes: compiling it costs more than it saves, and a plan that
        # reads a whole table because disks once had arms to move is a page that nobody waits for
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")
            cursor.execute("SET random_page_cost = 1.1")
        connection.commit()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _kind.get() is READ:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        elif _kind.get() is CLAIM:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    return engine


def connect(url: str, **options: Any) -> Engine:
    """Make the engine every session of this process uses."""
    engine = make_engine(url, **options)
    bind(engine)
    return engine


def bind(target: Engine | Connection, **session_options: Any) -> None:
    session.remove()
    _maker.configure(bind=target, **session_options)


def is_bound() -> bool:
    """Whether this process has been told its database."""
    return _maker.kw.get("bind") is not None


def engine() -> Engine:
    bound = _maker.kw["bind"]
    return bound.engine if isinstance(bound, Connection) else bound


def dialect() -> str:
    """``sqlite`` or ``postgresql``."""
    return engine().dialect.name


def plain(statement: Any, values: Any = None) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement that is about rows and not about what the session holds, which costs half as much that
    way. Nothing that waits to be written is written first.
    """
    return session.connection().execute(statement, values)


def is_alive() -> bool:
    with reading():
        return session.execute(text("SELECT 1")).scalar() == 1


# ------------------------------------------------------------------------------------- transactions


@contextmanager
def reading() -> Iterator[None]:
    """A read-only transaction for what happens inside. What it loaded stays usable afterwards."""
    token = _kind.set(READ)
    try:
        yield
    finally:
        session.remove()
        _kind.reset(token)


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction of its own that commits at the end, or leaves nothing behind."""
    with _committing(WRITE) as own:
        yield own


@contextmanager
def claiming() -> Iterator[Session]:
    """The same without waiting for the disk: a power cut may undo it as if it had never been, which is right
    for a claim, as its holder is gone as well.
    """
    with _committing(CLAIM) as own:
        yield own


@contextmanager
def _committing(kind: tuple[str, ...]) -> Iterator[Session]:
    token = _kind.set(kind)
    session.remove()
    try:
        yield session()
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.remove()
        _kind.reset(token)


@contextmanager
def beside(*, read_only: bool = False) -> Iterator[Session]:
    """A transaction next to the caller's, kept whatever becomes of theirs.

    A caller that holds SQLite's write lock would wait for itself: commit first.
    """
    token = _kind.set(READ if read_only else WRITE)
    own = _maker()
    try:
        with own.begin():
            yield own
    finally:
        own.close()
        _kind.reset(token)


def alone(name: str) -> None:
    """Have a name to ourselves until we commit: who asks for it next waits. SQLite has one writer anyway."""
    if dialect() == "postgresql":
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def begin_request(*, read_only: bool) -> None:
    """From here to ``end_request`` every transaction of this request may read, or read and write."""
    session.remove()
    _kind.set(READ if read_only else WRITE)


def end_request() -> None:
    session.remove()
    _kind.set(WRITE)


# -------------------------------------------------------------------------------------- after commit


def after_commit(run: Callable[[], Any]) -> None:
    """Run this once the current transaction is durable; forget it if it is rolled back."""
    session().info.setdefault("after_commit", []).append(run)


@event.listens_for(_maker, "after_commit")
def _run_hooks(current: Session) -> None:
    if current.in_nested_transaction():  # a savepoint was released: nothing is durable yet
        return
    for run in current.info.pop("after_commit", []):
        try:
            run()
        except Exception:
            # the row is committed and a sweep will find it: a bell that fails must not undo that
            log.exception("after_commit_failed", hook=getattr(run, "__qualname__", repr(run)))


@event.listens_for(_maker, "after_soft_rollback")
def _forget_hooks(current: Session, previous: Any) -> None:
    # after a savepoint that was rolled back, what was promised before it still holds
    if not previous.nested and not current.in_nested_transaction():
        current.info.pop("after_commit", None)
