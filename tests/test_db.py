"""Transactions: readers cannot write, writers queue up, and bells ring only after a commit."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from sqlalchemy import JSON, Engine, text
from sqlalchemy.exc import DBAPIError

from inbox import db, engines, turns
from inbox.models import Team
from tests.conftest import NO_POSTGRES, POSTGRES


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


def test_who_has_waited_to_write_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who writes again and again lets go, as often as somebody waits, and only then."""
    slept: list[float] = []
    monkeypatch.setattr(turns.time, "sleep", slept.append)
    engine = engines.make(f"sqlite:///{tmp_path / 'one.db'}")
    waits = threading.Event()
    in_turn = turns.Turns(tmp_path)
    with engine.begin():
        assert not slept and not in_turn.is_waited_for()

        def write() -> None:
            with engine.begin():
                waits.set()

        patient = threading.Thread(target=write)
        monkeypatch.setattr(engines, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _s: None))
        patient.start()
        while not in_turn.is_waited_for():
            assert patient.is_alive() and not waits.is_set()
        in_turn.give_way()
        assert slept == [turns.LET_GO]
    patient.join()
    assert waits.is_set() and not in_turn.is_waited_for()
    engine.dispose()


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


def test_postgresql_knows_again_what_readers_asked(fresh: Engine) -> None:
    """A rollback would have it forget what it prepared. One that wrote is still undone."""
    if fresh.dialect.name != "postgresql":
        return
    for _ in range(12):
        with db.reading():
            assert db.session.scalar(text("SELECT count(*) FROM team")) == 0
            prepared = db.session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
    assert prepared
    with pytest.raises(ZeroDivisionError), db.writing() as session:
        session.add(Team(name="No"))
        session.flush()
        raise ZeroDivisionError
    with pytest.raises(DBAPIError), db.reading():
        db.session.execute(text("SELECT 1 / 0"))
    with db.reading():
        assert db.session.scalar(text("SELECT count(*) FROM team")) == 0


def test_sqlite_keeps_its_promises(tmp_path: Path) -> None:
    engine = engines.make(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.connect() as connection:
        for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == wanted
        assert engines.sqlite_module().sqlite_version_info >= engines.SAFE_SQLITE
    engine.dispose()


def test_a_long_log_of_sqlite_is_copied_seldom_and_does_not_grow_for_ever(tmp_path: Path) -> None:
    """A thousand pages are the default of SQLite, and four thousand ours."""
    engine, log = engines.make(f"sqlite:///{tmp_path / 'x.db'}"), tmp_path / "x.db-wal"
    pages: list[int] = []
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE much (it BLOB)")
        connection.commit()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        for _ in range(20):
            connection.exec_driver_sql("INSERT INTO much VALUES (zeroblob(?))", (300 * size,))
            connection.commit()
            pages.append(log.stat().st_size // size)
    engine.dispose()
    assert 3000 < max(pages) < 5000 and pages[-1] == pages[-4]


def read(said: str) -> Any:
    """What a column gives in which this stands."""
    kind = "json" if db.dialect() == "postgresql" else "text"
    with db.reading():
        return db.session.scalar(text(f"SELECT CAST(:it AS {kind}) AS it").columns(it=JSON), {"it": said})


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was given to the parser."""
    asked: list[Any] = []

    def loads(said: str | bytes) -> Any:
        asked.append(said)
        return json.loads(said)

    monkeypatch.setattr(engines, "json", SimpleNamespace(loads=loads))
    return asked


@pytest.mark.parametrize(("said", "value"), [("{}", {}), ("[]", [])])
def test_empty_json_needs_no_parser_and_is_nobody_elses(
    fresh: Engine, parsed: list[Any], said: str, value: Any
) -> None:
    first = read(said)
    assert first == value and type(first) is type(value)
    assert read(said) is not first
    assert not parsed


@pytest.mark.parametrize("value", [{"a": [1]}, [None], None, "[]", 0, " {} "])
def test_all_other_json_is_parsed(fresh: Engine, parsed: list[Any], value: Any) -> None:
    assert read(json.dumps(value)) == value
    assert len(parsed) == 1


@NO_POSTGRES
def test_postgresql_plans_for_small_questions_whatever_its_server_is_set_to() -> None:
    careless = {"options": "-c jit=on -c random_page_cost=4 -c max_parallel_workers_per_gather=2"}
    url = POSTGRES.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = engines.make(url, connect_args=careless)
    with engine.connect() as connection:
        for _ in range(2):  # also after the first transaction was taken back
            assert connection.exec_driver_sql("SHOW jit").scalar() == "off"
            assert connection.exec_driver_sql("SHOW max_parallel_workers_per_gather").scalar() == "0"
            assert connection.exec_driver_sql("SHOW random_page_cost").scalar() == "1.1"
            connection.rollback()
    engine.dispose()


@pytest.fixture
def own() -> Iterator[Engine]:
    """Connections of our own to PostgreSQL, used within the last second all the time."""
    engine = engines.make(POSTGRES.replace("postgresql://", "postgresql+psycopg://", 1))
    db.bind(engine)
    yield engine
    db.session.remove()
    engine.dispose()


def pid() -> int:
    return db.session.scalars(text("SELECT pg_backend_pid()")).one()


def end(backend: int) -> None:
    """As a restart of the server does with a connection."""
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s, 10000)", [backend])


@NO_POSTGRES
def test_a_connection_that_was_lost_since_is_replaced(own: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "TRUSTED_SECONDS", 3600.0)
    with db.reading():
        lost = pid()
    end(lost)
    with db.writing():
        assert pid() != lost


@NO_POSTGRES
@pytest.mark.parametrize("transaction", [db.reading, db.writing])
def test_a_connection_that_is_lost_in_the_middle_costs_one_transaction(own: Engine, transaction: Any) -> None:
    with pytest.raises(DBAPIError) as raised, transaction():
        end(lost := pid())
        pid()
    assert raised.value.connection_invalidated
    with transaction():
        assert pid() != lost


@NO_POSTGRES
def test_the_connection_that_was_used_last_is_used_next(own: Engine) -> None:
    with db.reading(), db.beside(read_only=True) as other:
        first, second = pid(), other.scalars(text("SELECT pg_backend_pid()")).one()
    assert first != second
    with db.reading():
        assert pid() == first  # it was given back after the other


@NO_POSTGRES
def test_what_is_planned_anew_is_so_until_the_transaction_ends(own: Engine) -> None:
    mode = text("SHOW plan_cache_mode")
    with db.reading():
        db.plan_anew()
        assert db.session.scalar(mode) == "force_custom_plan"
    with db.reading():
        assert db.session.scalar(mode) == "auto"
