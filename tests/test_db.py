"""Transactions: readers cannot write, writers queue up, and bells ring only after a commit."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from inbox import db
from inbox.models import Team


@pytest.fixture
def fresh(engine: Engine):  # type: ignore[no-untyped-def]
    """The real thing, committed and cleaned up, for what a savepoint cannot show."""
    db.bind(engine, join_transaction_mode="conditional_savepoint")
    yield engine
    with db.writing() as session:
        session.execute(text("DELETE FROM team"))


def test_a_reader_cannot_write(fresh: Engine) -> None:
    with pytest.raises(DBAPIError), db.reading():
        db.session.add(Team(name="No"))
        db.session.flush()
    db.session.rollback()
    with db.writing() as session:
        session.add(Team(name="Yes"))


def test_two_writers_queue_up(fresh: Engine) -> None:
    with db.writing() as session:
        session.add(Team(name="n0"))
    problems: list[BaseException] = []

    def add(number: int) -> None:
        try:
            for turn in range(10):
                with db.writing() as session:
                    session.add(Team(name=f"n{number}-{turn}"))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    with db.reading():
        assert db.session.scalar(text("SELECT count(*) FROM team")) == 41


def test_after_commit_runs_after_the_commit_and_never_for_a_savepoint(fresh: Engine) -> None:
    rung: list[str] = []
    with db.writing() as session:
        db.after_commit(lambda: rung.append("x"))
        with session.begin_nested():
            session.add(Team(name="A"))
        assert rung == []
    assert rung == ["x"]


def test_after_a_rollback_nothing_rings(fresh: Engine) -> None:
    rung: list[str] = []
    with pytest.raises(RuntimeError), db.writing():
        db.after_commit(lambda: rung.append("x"))
        raise RuntimeError
    with db.writing():
        pass
    assert rung == []


def test_a_savepoint_that_is_rolled_back_silences_nothing_before_it(fresh: Engine) -> None:
    rung: list[str] = []
    with db.writing() as session:
        session.add(Team(name="x"))
        db.after_commit(lambda: rung.append("rung"))
        with pytest.raises(DBAPIError), session.begin_nested():
            session.add(Team(name="x"))
    assert rung == ["rung"]


def test_a_bell_that_breaks_does_not_undo_the_commit(fresh: Engine) -> None:
    def broken() -> None:
        raise RuntimeError("no bell")

    with db.writing() as session:
        session.add(Team(name="B"))
        db.after_commit(broken)
    with db.reading():
        assert db.session.scalar(text("SELECT count(*) FROM team WHERE name = 'B'")) == 1


def test_only_a_claim_does_not_wait_for_the_disk(fresh: Engine) -> None:
    asked, waits, waits_not = (
        ("PRAGMA synchronous", 2, 1) if db.dialect() == "sqlite" else ("SHOW synchronous_commit", "on", "off")
    )
    for _ in range(2):  # the same connection, one after the other
        with db.claiming() as session:
            assert session.scalar(text(asked)) == waits_not
        with db.writing() as session:
            assert session.scalar(text(asked)) == waits


def test_sqlite_keeps_its_promises(tmp_path: Path) -> None:
    engine = db.make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == wanted
        assert db.sqlite_module().sqlite_version_info >= db.SAFE_SQLITE
    engine.dispose()
