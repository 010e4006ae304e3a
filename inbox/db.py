"""The database: one session, three kinds of transaction, and what to do once it is committed.

A request that only reads runs in a read-only transaction, so a GET can change nothing even by mistake.
Everything else takes the write lock at once (``BEGIN IMMEDIATE`` on SQLite), so that two writers queue
up instead of failing half-way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Engine,
    MetaData,
    String,
    TypeDecorator,
    event,
    literal_column,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session, sessionmaker

from inbox import engines, statements
from inbox.engines import CLAIM, READ, WRITE, kind_now

log = structlog.get_logger("db")


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


def now() -> datetime:
    return datetime.now(UTC)


def connect(url: str, **options: Any) -> Engine:
    """Make the engine every session of this process uses."""
    engine = engines.make(url, **options)
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


def plain(statement: Any, values: Any) -> Sequence[tuple[Any, ...]]:
    """Run a statement that is about rows and not about what the session holds (``statements.run``). Nothing
    that waits to be written is written first.
    """
    current = session()
    return statements.run(current.info.get("connection") or current.connection(), statement, values)


def asked(statement: Any, values: Any) -> Sequence[tuple[Any, ...]]:
    """The same for what is read: what waits to be written is written first, as before the session's own."""
    if session.autoflush:
        session.flush()
    return plain(statement, values)


@event.listens_for(_maker, "after_begin")
def _keep_connection(current: Session, _transaction: Any, connection: Connection) -> None:
    current.info["connection"] = connection  # the session takes twenty times as long to look it up


@event.listens_for(_maker, "after_transaction_create")
@event.listens_for(_maker, "after_transaction_end")
def _forget_connection(current: Session, _transaction: Any) -> None:
    current.info.pop(
        "connection", None
    )  # a savepoint is set when the session is asked for it, and not before


def is_alive() -> bool:
    with reading():
        return session.execute(text("SELECT 1")).scalar() == 1


# ------------------------------------------------------------------------------------- transactions


@contextmanager
def reading() -> Iterator[None]:
    """A read-only transaction for what happens inside. What it loaded stays usable afterwards."""
    token = kind_now.set(READ)
    try:
        yield
    finally:
        session.remove()
        kind_now.reset(token)


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
    token = kind_now.set(kind)
    session.remove()
    try:
        yield session()
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.remove()
        kind_now.reset(token)


@contextmanager
def beside(*, read_only: bool = False) -> Iterator[Session]:
    """A transaction next to the caller's, kept whatever becomes of theirs.

    A caller that holds SQLite's write lock would wait for itself: commit first.
    """
    token = kind_now.set(READ if read_only else WRITE)
    own = _maker()
    try:
        with own.begin():
            yield own
    finally:
        own.close()
        kind_now.reset(token)


def alone(name: str) -> None:
    """Have a name to ourselves until we commit: who asks for it next waits. SQLite has one writer anyway."""
    if dialect() == "postgresql":
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        plain(_ALONE, {"number": number})


_ALONE = text("SELECT pg_advisory_xact_lock(:number)")


def plan_anew() -> None:
    """Until we commit, every statement is planned for its own values: what somebody typed is a word of three
    customers or of a hundred thousand. PostgreSQL would settle on one way for all after a statement was asked
    ten times. SQLite always does as we want here.
    """
    if dialect() == "postgresql":
        plain(_ANEW, {})


_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")


def written(value: str) -> ColumnElement[str]:
    """A value of ours in the statement's own words. Where few rows have it, PostgreSQL then counts on a few
    and plans once for all: told it as a value, it would count on the average and plan anew each time. And a
    list of such stands in ``IN`` with the same words each time. Never for what came from outside.
    """
    return literal_column(f"'{value}'", String)


def begin_request(*, read_only: bool) -> None:
    """From here to ``end_request`` every transaction of this request may read, or read and write."""
    session.remove()
    kind_now.set(READ if read_only else WRITE)


def end_request() -> None:
    session.remove()
    kind_now.set(WRITE)


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
