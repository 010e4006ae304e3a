"""A house of so many tickets, filled once and kept, and the process that answers for it."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.ingest import POSTGRES
from inbox import config, db, demo, files, migrate

SEED = 7
UNTIL = datetime(2026, 11, 2, 12, tzinfo=UTC)
"""The world's last moment: a house that is kept is the same tomorrow."""

Answer = tuple[float, int, int]
"""Milliseconds, statements, bytes."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with so many tickets, and the folder of its files."""

    kind: str
    size: int
    url: str
    folder: Path


@contextmanager
def filled(kind: str, size: int, folder: Path, *, keep: bool) -> Iterator[Filled]:
    """Ready to be asked: one that was kept, or filled now. Raises ConnectionError where there is no server."""
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


@contextmanager
def opened(house: Filled) -> Iterator[None]:
    """This process's database and files are the house's."""
    os.environ["PROSA__DATA__DIR"] = str(house.folder)
    os.environ["PROSA__REDIS__URL"] = f"unix://{house.folder}/no-valkey.sock"
    config.settings.cache_clear()
    files.use(config.settings().files_url)
    engine = db.connect(house.url)
    try:
        yield
    finally:
        db.session.remove()
        engine.dispose()


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


class Served:
    """The process that answers for a house: it holds the application, and is asked through a pipe."""

    def __init__(self, house: Filled, words: Sequence[str]) -> None:
        self.house = house
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        self.pipe: Connection = ours
        from benchmarks.growth.serving import serve

        self.process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(theirs, house, words), daemon=True
        )

    @property
    def size(self) -> int:
        return self.house.size

    def __enter__(self) -> Self:
        self.process.start()
        self.questions: list[str] = self._said()
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self.process.join(10)
        self.process.kill()

    def ask(self, name: str, number: int) -> Answer:
        self.pipe.send((name, number))
        return self._said()

    def memory(self) -> float:
        """PSS in megabytes."""
        self.pipe.send(("", 0))
        return self._said()

    def _said(self) -> Any:
        """What it answers; EOFError where it ended instead."""
        return self.pipe.recv()
