"""Row F16: a migration that is killed, and a Prosa that is older than its database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, inspect, text
from sqlalchemy.engine import make_url

from inbox import cli, db, engines, migrate
from inbox.doctor import database
from inbox.models import Agent
from tests.conftest import DATABASES, POSTGRES, _server

ROOT = Path(__file__).resolve().parent.parent

KILLED = """
import os, signal, sys
from sqlalchemy import event
from inbox import db, migrate
engine = db.connect(sys.argv[1])
seen = []
@event.listens_for(engine, "after_cursor_execute")
def count(connection, cursor, statement, *_):
    seen.append(statement.lstrip()[:6].upper() in ("CREATE", "ALTER "))
    if sum(seen) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
migrate.upgrade()
"""
"""Ends itself in the middle: after so many statements that change the schema."""


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of its own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'prosa.db'}"
        return
    name = f"prosa_migrate_{os.getpid()}"
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.execute(text(f'CREATE DATABASE "{name}"'))
    yield make_url(POSTGRES).set(drivername="postgresql+psycopg", database=name).render_as_string(False)
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[], Engine]]:
    made: list[Engine] = []

    def make() -> Engine:
        made.append(engines.make(url))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def tables(engine: Engine) -> set[str]:
    with db.reading(), engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def test_f16_a_migration_that_is_killed_midway_leaves_nothing_half_done(
    url: str, opened: Callable[[], Engine]
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, url, "60"], cwd=ROOT, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    engine = opened()
    assert migrate.current(engine) is None and tables(engine) <= {"alembic_version"}
    migrate.upgrade(engine)
    assert migrate.current(engine) == migrate.head()
    assert {"ticket", "message", "connection"} <= tables(engine)


@pytest.fixture
def newer(opened: Callable[[], Engine]) -> Engine:
    """A database that a later version has had."""
    engine = opened()
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
        connection.commit()
    return engine


def test_f16_an_older_prosa_refuses_a_newer_database_and_changes_nothing(newer: Engine) -> None:
    with pytest.raises(migrate.TooNew, match=r"9999.*a newer one.*Nothing was changed"):
        migrate.upgrade(newer)
    assert tables(newer) == {"alembic_version"} and migrate.current(newer) == "9999"


def test_f16_it_is_said_in_one_line_and_by_the_doctor(
    newer: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "connect", lambda: None)
    monkeypatch.setattr(db, "engine", lambda: newer)
    assert cli.run(["migrate"]) == 1
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1 and "9999" in said and "restore the backup" in said
    monkeypatch.setattr(database, "engine", lambda: newer)
    found = database.migrations()
    assert found.level == "problem" and "newer" in found.said and "restore" in found.mend


def test_f16_a_database_that_is_being_moved_into_is_not_started(opened: Callable[[], Engine]) -> None:
    engine = opened()
    with engine.connect() as connection:
        connection.execute(text(f"CREATE TABLE {migrate.MOVING} (name varchar)"))
        connection.commit()
    with pytest.raises(migrate.Unfinished, match="inbox move"):
        migrate.upgrade(engine)
    assert tables(engine) == {migrate.MOVING}


def test_the_names_of_the_files_are_the_whole_history_in_order() -> None:
    history = ScriptDirectory.from_config(migrate.configuration()).walk_revisions()
    assert migrate.known() == [script.revision for script in history][::-1]


MIGRATED_AGAIN = """
import sys
from inbox import cli
assert cli.run(["migrate", "--setup-link"]) == 0
print(*sorted({"alembic.command", "inbox.models", "inbox.setup"} & sys.modules.keys()))
"""


def test_a_start_that_finds_everything_done_imports_little(
    url: str, opened: Callable[[], Engine], tmp_path: Path
) -> None:
    """Every start of Prosa waits for it, and nearly every one finds it so."""
    engine = opened()
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(insert(Agent).values(name="Ada", email="ada@barro.example", password_hash="x"))
    here = {"PROSA__DATA__DIR": str(tmp_path), "PROSA__DATABASE__URL": url}
    done = subprocess.run(
        [sys.executable, "-c", MIGRATED_AGAIN],
        cwd=ROOT, env=os.environ | here, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
