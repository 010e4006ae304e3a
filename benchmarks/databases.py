"""Empty databases to measure in, dropped afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

DATABASES = ("sqlite", "postgresql")
POSTGRES = os.environ.get("PROSA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


class Absent(Exception):
    """There is no server of this kind; the text says where it was looked for."""


@contextmanager
def empty(kind: str, path: Path) -> Iterator[str]:
    """The URL of a database that exists while it is needed: a file at this path, or one on the server."""
    if kind == "sqlite":
        yield f"sqlite:///{path}"
        return
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"prosa_bench_{secrets.token_hex(6)}"
    try:
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    except OperationalError as problem:
        raise Absent(f"no PostgreSQL at {url.host}:{url.port}") from problem
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
