"""Every table row by row: summed up, and copied between two databases of whatever kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    ForeignKeyConstraint,
    MetaData,
    Table,
    Text,
    cast,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint
from sqlalchemy.types import UserDefinedType

from inbox import db, models  # the tables
from inbox.backup import Refused
from inbox.db import Base

BATCH = 500

Key = list[Any]
"""A row's primary key: where a copy goes on."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table holds, the same for the same rows in any order and in any database."""

    rows: int
    sha256: str


class Verbatim(UserDefinedType[str]):
    """PostgreSQL's JSON as the text it is kept as. Read as values, NULL and ``null`` would be the same."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "JSON"

    def column_expression(self, column: Any) -> Any:
        return cast(column, Text())

    def bind_expression(self, bindvalue: Any) -> Any:
        return cast(bindvalue, postgresql.JSON())

    def bind_processor(self, _dialect: Any) -> None:
        return None


@cache
def tables(kind: str) -> dict[str, Table]:
    """By name, as they are copied in a database of this kind."""
    assert models
    copy = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.tables.values():
        table.to_metadata(copy)
    for table in copy.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = Verbatim() if kind == "postgresql" else Text()
    return dict(sorted(copy.tables.items()))


def of(connection: Connection) -> dict[str, Table]:
    return tables(connection.dialect.name)


@contextmanager
def reading(engine: Engine, **options: str) -> Iterator[Connection]:
    """A connection in a transaction that only reads, and does not keep writers waiting."""
    with engine.execution_options(**options).connect() as connection:
        with db.reading():
            connection.begin()
        yield connection


# --------------------------------------------------------------------------------------------- compare


def sums(connection: Connection) -> dict[str, Sum]:
    return {name: _sum(connection, table) for name, table in of(connection).items()}


def _sum(connection: Connection, table: Table) -> Sum:
    """Row hashes are added up, so that no two databases need to sort alike."""
    rows, total = 0, 0
    columns = sorted(table.columns, key=lambda column: column.name)
    for row in connection.execute(select(*columns), execution_options={"yield_per": 1000}):
        line = json.dumps([_plain(value) for value in row])
        total += int.from_bytes(hashlib.sha256(line.encode()).digest())
        rows += 1
    return Sum(rows, f"{total % 2**256:064x}")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def compare(wanted: dict[str, Sum], found: dict[str, Sum]) -> None:
    """Raises Refused with the first table that is not the same."""
    for name, there in wanted.items():
        here = found.get(name, Sum(0, ""))
        if here.rows != there.rows:
            raise Refused(f"the table {name} has {here.rows} rows instead of {there.rows}")
        if here.sha256 != there.sha256:
            raise Refused(f"the table {name} differs in what its rows say")


# ------------------------------------------------------------------------------------------------ copy


def copied(source: Connection, target: Connection, name: str, after: Key | None = None) -> Iterator[Key]:
    """Copy a table in batches by primary key; yields the last key of each, for the caller to commit."""
    ours, theirs = of(source)[name], of(target)[name]
    key: Sequence[Column[Any]] = list(ours.primary_key)
    while True:
        query = select(ours).order_by(*key).limit(BATCH)
        if after is not None:
            last = (literal(value, column.type) for value, column in zip(after, key, strict=True))
            query = query.where(tuple_(*key) > tuple_(*last))
        rows = [dict(row) for row in source.execute(query).mappings()]
        if not rows:
            return
        target.execute(theirs.insert(), rows)
        after = [rows[-1][column.name] for column in key]
        yield after


def copy_all(source: Connection, target: Connection) -> None:
    """Everything at once, into tables that are there and empty; the caller commits."""
    for name in of(source):
        for _ in copied(source, target, name):
            pass
    give_numbers(target, numbers(source))


@contextmanager
def in_any_order(target: Connection) -> Iterator[None]:
    """Foreign keys may point at rows that come later; at the end all of them hold. Raises Refused."""
    if target.dialect.name == "sqlite":
        raw: Any = target.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # before the transaction begins: inside, it is ignored
        yield
        if lost := target.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise Refused(f"a row of {lost[0]} points at one of {lost[2]} that is not there")
        return
    for constraint in _foreign_keys():
        target.exec_driver_sql(
            f'ALTER TABLE "{constraint.table.name}" DROP CONSTRAINT IF EXISTS "{_name(target, constraint)}"'
        )
    yield
    for constraint in _foreign_keys():
        target.execute(AddConstraint(constraint))


def _foreign_keys() -> list[ForeignKeyConstraint]:
    found = [fk for table in tables("postgresql").values() for fk in table.foreign_key_constraints]
    return sorted(found, key=lambda fk: (fk.table.name, fk.column_keys))


def _name(target: Connection, constraint: ForeignKeyConstraint) -> str:
    name = target.dialect.identifier_preparer.format_constraint(constraint)
    assert name
    return name.strip('"')


# --------------------------------------------------------------------------------------------- numbers


def numbers(connection: Connection) -> dict[str, int]:
    """The last number each table gave to a row; one of a row that is gone is never given again."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence")).all()
        return {name: seq for name, seq in rows if name in of(connection)}
    given = {}
    for name, sequence in _sequences(connection).items():
        asked = f"SELECT last_value, is_called FROM {sequence}"  # noqa: S608 (as PostgreSQL names it)
        last, used = connection.exec_driver_sql(asked).one()
        given[name] = last if used else 0
    return given


def give_numbers(connection: Connection, given: dict[str, int]) -> None:
    """Go on from these, or from the highest that is there."""
    if connection.dialect.name == "sqlite":
        for name, table in of(connection).items():
            if table.dialect_options["sqlite"]["autoincrement"] and given.get(name):
                values = {"name": name, "seq": max(given[name], _highest(connection, table))}
                connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
                connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :seq)"), values)
        return
    for name, sequence in _sequences(connection).items():
        if last := max(given.get(name, 0), _highest(connection, of(connection)[name])):
            connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def _sequences(connection: Connection) -> dict[str, str]:
    found = {}
    for name, table in of(connection).items():
        if "id" in table.columns and (
            sequence := connection.scalar(text("SELECT pg_get_serial_sequence(:t, 'id')"), {"t": f'"{name}"'})
        ):
            found[name] = sequence
    return found


def _highest(connection: Connection, table: Table) -> int:
    column = table.c.id
    return connection.scalar(select(column).order_by(column.desc()).limit(1)) or 0
