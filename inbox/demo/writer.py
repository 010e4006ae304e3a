"""Rows by the thousand, into either database: multi-row inserts on SQLite, COPY on PostgreSQL.

A few rows go in as any others do. For many, what the database keeps beside them (indexes, and on PostgreSQL
foreign keys) is taken off first and made anew at the end, which is several times as fast.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, Table

from inbox.db import Base
from inbox.demo.rows import COLUMNS, SEARCHED, Batch, Row


class Writer(ABC):
    """One connection that writes; ``many`` says that it pays to take the indexes off meanwhile."""

    def __init__(self, engine: Engine, many: bool) -> None:
        self.many = many
        self.raw = engine.raw_connection()
        self.cursor = self.raw.cursor()
        self._made_anew: list[str] = []
        self.prepare()

    def write(self, batch: Batch) -> None:
        """All of it, and forget it."""
        for table in (*COLUMNS, SEARCHED):
            if rows := batch.rows.get(table):
                self.search(rows) if table == SEARCHED else self.insert(table, rows)
        batch.clear()
        if self.many:
            self.raw.commit()
            self.begin()

    def finish(self) -> None:
        """Make anew what was taken off, and let the planner know what there is."""
        for statement in self._made_anew:
            self.cursor.execute(statement)
        self.wind_up()
        self.raw.commit()
        self.analyze()
        self.cursor.close()
        self.raw.close()

    def abandon(self) -> None:
        with suppress(Exception):
            self.raw.rollback()
        self.raw.invalidate()

    @abstractmethod
    def prepare(self) -> None: ...

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def insert(self, table: str, rows: Sequence[Row]) -> None: ...

    @abstractmethod
    def search(self, rows: Sequence[Row]) -> None: ...

    @abstractmethod
    def wind_up(self) -> None: ...

    @abstractmethod
    def analyze(self) -> None: ...


def writer(engine: Engine, many: bool) -> Writer:
    return Postgres(engine, many) if engine.dialect.name == "postgresql" else Sqlite(engine, many)


class Sqlite(Writer):
    def prepare(self) -> None:
        connection: Any = self.raw.driver_connection
        connection.execute("PRAGMA foreign_keys=OFF")
        if self.many:
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA cache_size=-200000")
        self.begin()
        if self.many:
            self._take_off()
            # few large segments of words instead of many small ones
            self.cursor.execute("INSERT INTO ticket_text (ticket_text, rank) VALUES ('hashsize', 67108864)")

    def _take_off(self) -> None:
        found = self.cursor.execute("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index'")
        mine = [row[:2] for row in found.fetchall() if row[1] and row[2] in COLUMNS]
        self._made_anew = [sql for _name, sql in mine]
        for name, _sql in mine:
            self.cursor.execute(f'DROP INDEX "{name}"')
        self._without_trigger()

    def _without_trigger(self) -> None:
        """It looks for a row of the same id before each event, and there is none."""
        for table in ("event", "seal"):
            name = f"{table}_no_replace"
            found = self.cursor.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
            self._made_anew.append(found[0])
            self.cursor.execute(f"DROP TRIGGER {name}")

    def begin(self) -> None:
        self.cursor.execute("BEGIN IMMEDIATE")

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        columns = COLUMNS[table]
        named = ", ".join(f'"{name}"' for name in columns)
        places = ", ".join("?" * len(columns))
        self.cursor.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({places})', rows)  # noqa: S608

    def search(self, rows: Sequence[Row]) -> None:
        said = "INSERT INTO ticket_text (rowid, ticket_id, body) VALUES (?, ?, ?)"
        self.cursor.executemany(said, rows)

    def wind_up(self) -> None:
        if self.many:
            self.cursor.execute("INSERT INTO ticket_text (ticket_text, rank) VALUES ('hashsize', 1048576)")

    def analyze(self) -> None:
        connection: Any = self.raw.driver_connection
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for setting in ("foreign_keys=ON", "synchronous=FULL", "cache_size=-16000"):
            connection.execute(f"PRAGMA {setting}")


class Postgres(Writer):
    def prepare(self) -> None:
        self.cursor.execute("SET LOCAL timezone = 'UTC'")
        self._words()
        if self.many:
            self.cursor.execute("SET maintenance_work_mem = '512MB'")
            self.cursor.execute("SET synchronous_commit = off")
            self._take_off()

    def _words(self) -> None:
        self.cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS words_in (id bigint, ticket_id integer, folded text)"
        )

    def _take_off(self) -> None:
        names = [*COLUMNS, SEARCHED]
        keys = self._asked(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)",
            names,
        )
        indexes = self._asked(
            "SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x "
            "JOIN pg_class i ON i.oid = x.indexrelid LEFT JOIN pg_constraint c ON c.conindid = i.oid "
            "WHERE x.indrelid::regclass::text = ANY(%s) AND c.oid IS NULL",
            names,
        )
        for table, name, _said in keys:
            self.cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _said in indexes:
            self.cursor.execute(f'DROP INDEX "{name}"')
        self._made_anew = [said for _name, said in indexes]
        self._made_anew += [
            f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {said}' for table, name, said in keys
        ]

    def _asked(self, query: str, *values: Any) -> list[Any]:
        self.cursor.execute(query, values)
        return list(self.cursor.fetchall())

    def begin(self) -> None:
        self.cursor.execute("SET LOCAL timezone = 'UTC'")

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        named = ", ".join(f'"{name}"' for name in COLUMNS[table])
        self._copy(f'COPY "{table}" ({named}) FROM STDIN', rows)

    def search(self, rows: Sequence[Row]) -> None:
        self.cursor.execute("TRUNCATE words_in")
        self._copy("COPY words_in FROM STDIN", rows)
        self.cursor.execute(
            "INSERT INTO ticket_text SELECT id, ticket_id, to_tsvector('simple', folded) FROM words_in"
        )

    def _copy(self, said: str, rows: Iterable[Row]) -> None:
        cursor: Any = self.cursor
        with cursor.copy(said) as copy:
            copy.write("".join("\t".join(map(_text, row)) + "\n" for row in rows))

    def wind_up(self) -> None:
        """Numbers that were given out here are not given out again."""
        self.cursor.execute("DROP TABLE words_in")
        for name in Base.metadata.tables:
            if self._asked(
                "SELECT pg_get_serial_sequence(%s, 'id') FROM information_schema.columns "
                "WHERE table_name = %s AND column_name = 'id'",
                name,
                name,
            ) not in ([], [(None,)]):
                self.cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "  # noqa: S608
                    f"COALESCE((SELECT max(id) FROM {name}), 0) + 1, false)"
                )

    def analyze(self) -> None:
        self.cursor.execute("RESET maintenance_work_mem")
        self.cursor.execute("RESET synchronous_commit")
        self.cursor.execute("ANALYZE")
        self.raw.commit()


def _text(value: Any) -> str:
    r"""As COPY reads it: nothing is ``\N``."""
    if value.__class__ is str:
        if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
            value = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
        return value
    return "\\N" if value is None else str(value)


def tables() -> list[Table]:
    """Every table that is filled here, as the models know it."""
    return [Base.metadata.tables[name] for name in COLUMNS]
