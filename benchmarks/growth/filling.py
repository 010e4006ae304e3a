"""Filling a house of so many tickets with the world of the demo, and keeping it for the next run."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.databases import POSTGRES
from benchmarks.growth import subjects
from benchmarks.growth.house import Filled, opened
from inbox import demo, migrate

SEED = 7
UNTIL = datetime(2026, 11, 2, 12, tzinfo=UTC)
"""The world's last moment: a house that is kept is the same tomorrow."""


@contextmanager
def filled(kind: str, size: int, folder: Path, *, keep: bool) -> Iterator[Filled]:
    """Ready to be asked: one that was kept, or filled now. Raises ConnectionError without a server."""
    own = folder / f"{kind}-{size}"
    house = Filled(kind, size, _url(kind, size, own), own)
    note = own / "filled.json"
    if not note.exists() or json.loads(note.read_text()) != _what(size) or not _is_there(house):
        own.mkdir(parents=True, exist_ok=True)
        note.unlink(missing_ok=True)
        _remove(house)
        began = time.perf_counter()
        _fill(house)
        note.write_text(json.dumps(_what(size)))
        print(f"{size:,} tickets written in {time.perf_counter() - began:.0f} s", flush=True)
    try:
        yield house
    finally:
        if not keep:
            _remove(house)


def _url(kind: str, size: int, own: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{own / 'prosa.db'}"
    address = make_url(POSTGRES).set(drivername="postgresql+psycopg", database=f"prosa_growth_{size}")
    return address.render_as_string(hide_password=False)


def _what(size: int) -> dict[str, Any]:
    """What a house that is kept was made of: another world or another schema fills it anew."""
    world = hashlib.sha256()
    for path in sorted(Path(demo.__file__).parent.rglob("*")):
        if path.suffix in (".py", ".toml"):
            world.update(path.read_bytes())
    return {"size": size, "world": world.hexdigest(), "schema": migrate.head()}


def _fill(house: Filled) -> None:
    if house.kind == "postgresql":
        with _server() as server:
            server.execute(text(f'CREATE DATABASE "{_name(house)}"'))
    with opened(house):
        migrate.upgrade()
        demo.build(house.size, SEED, UNTIL)
        subjects.top_up()
    if house.kind == "postgresql":
        _tidy(house)


def _tidy(house: Filled) -> None:
    """What PostgreSQL does by itself in a house that was not filled in minutes."""
    server = create_engine(house.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text("VACUUM (ANALYZE)"))


def _name(house: Filled) -> str:
    return make_url(house.url).database or ""


def _is_there(house: Filled) -> bool:
    if house.kind == "sqlite":
        return Path(_name(house)).exists()
    with _server() as server:
        there = text("SELECT count(*) FROM pg_database WHERE datname = :name")
        return bool(server.scalar(there, {"name": _name(house)}))


def _remove(house: Filled) -> None:
    if house.kind == "sqlite":
        for path in house.folder.glob("prosa.db*"):
            path.unlink()
        return
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{_name(house)}" WITH (FORCE)'))


@contextmanager
def _server() -> Iterator[Any]:
    address = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    server = create_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        connection = server.connect()
    except OperationalError as problem:
        raise ConnectionError(f"no PostgreSQL at {address.host}") from problem
    with connection:
        yield connection
