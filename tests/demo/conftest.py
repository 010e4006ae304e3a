"""Databases of their own: a world is made once, and looked at by many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from inbox import db, demo
from inbox.migrate import upgrade
from tests.conftest import DATABASES, POSTGRES, _server

UNTIL = datetime(2026, 11, 18, 15, 20, tzinfo=UTC)
"""A Wednesday, a little after noon in Recife."""

TICKETS, SEED = 120, 5


@contextmanager
def fresh(kind: str, folder: Path, name: str) -> Iterator[Engine]:
    """A migrated, empty database that this process is connected to, until it is dropped."""
    before = db._maker.kw.get("bind")
    url, base = f"sqlite:///{folder / name}.db", f"prosa_demo_{name}_{os.getpid()}"
    if kind == "postgresql":
        with _server() as server:
            server.execute(text(f'DROP DATABASE IF EXISTS "{base}"'))
            server.execute(text(f'CREATE DATABASE "{base}"'))
        asked = make_url(POSTGRES).set(drivername="postgresql+psycopg", database=base)
        url = asked.render_as_string(False)
    engine = db.connect(url)
    upgrade()
    try:
        yield engine
    finally:
        db.session.remove()
        engine.dispose()
        if kind == "postgresql":
            with _server() as server:
                server.execute(text(f'DROP DATABASE "{base}" WITH (FORCE)'))
        if before is not None:
            db.bind(before)


@pytest.fixture(scope="module", params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def shop(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A small world."""
    with fresh(kind, tmp_path_factory.mktemp("demo"), "shop") as engine:
        demo.build(TICKETS, SEED, UNTIL, password="x")
        yield engine


@pytest.fixture(scope="module")
def dump() -> Callable[[], dict[str, list[tuple[object, ...]]]]:
    """Every row of every table, but for those a start makes by itself."""

    def read() -> dict[str, list[tuple[object, ...]]]:
        with db.reading():
            return {
                name: sorted(map(tuple, db.session.execute(table.select())), key=repr)
                for name, table in db.Base.metadata.tables.items()
            }

    return read
