"""Statements that are said for every mail: put into words once, then handed to the driver with their values.

By SQLAlchemy's own way each costs ten times what SQLite needs to run it. Values and answers are converted by
their columns' types all the same, errors are SQLAlchemy's, and who listens to a connection hears them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
Values = Mapping[str, Any]
_Convert = Callable[[Any], Any]


def run(connection: Connection, statement: Any, values: Values | Sequence[Values]) -> Sequence[Row]:
    """Its rows; none for one that is said once for each of several values. None is NULL, for JSON as well.

    One with ``IN`` and a list that is bound goes SQLAlchemy's way: its words differ each time. Raises what
    ``connection.execute`` does.
    """
    many = not isinstance(values, Mapping)
    each = [values] if isinstance(values, Mapping) else values
    words = _words(statement, connection.dialect, tuple(each[0]), many)
    if words is None:
        found = connection.execute(statement, values)
        return [tuple(row) for row in found] if found.returns_rows else ()
    bound = [words.bound(one) for one in each]
    given = bound if many else bound[0]
    if _is_heard(connection):
        answer = connection.exec_driver_sql(words.text, given)
        return () if many or not answer.returns_rows else words.read([tuple(row) for row in answer])
    cursor = connection.connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(words.text, given)
        return () if many or cursor.description is None else words.read(cursor.fetchall())
    except connection.dialect.loaded_dbapi.Error as problem:
        _fail(connection, cursor, problem)
    finally:
        cursor.close()


def _is_heard(connection: Connection) -> bool:
    listeners = connection.dispatch
    return bool(listeners.before_cursor_execute) or bool(listeners.after_cursor_execute)


def _fail(connection: Connection, cursor: Any, problem: Exception) -> NoReturn:
    """As SQLAlchemy does: its own error, and a connection that is lost is used no more."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(problem, connection.connection.driver_connection, cursor)  # type: ignore[arg-type]
    raised = DBAPIError.instance(
        None,
        None,
        problem,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
    if lost:
        connection.invalidate(problem)
    raise raised from problem


@dataclass(frozen=True, slots=True)
class _Words:
    """A statement as one kind of driver takes it."""

    text: str
    names: tuple[str, ...]
    """Of its values, in their order in the text."""
    others: dict[str, Any]
    """What they are where nothing is said."""
    made: tuple[tuple[str, Callable[[Any], Any]], ...]
    """Those that are made anew then, by a column's default."""
    converted: tuple[tuple[str, _Convert], ...]
    """Which of them the driver wants in another form than ours."""
    positional: bool
    read_by: tuple[tuple[int, _Convert], ...]
    """Which columns of its rows the driver gives in another form than ours."""

    def bound(self, values: Values) -> Any:
        said = {**self.others, **values}
        for name, make in self.made:
            said[name] = make(None)
        for name, convert in self.converted:
            if (value := said[name]) is not None:
                said[name] = convert(value)
        return tuple([said[name] for name in self.names]) if self.positional else said

    def read(self, rows: Sequence[Row]) -> Sequence[Row]:
        if not self.read_by:
            return rows
        found = [list(row) for row in rows]
        for row in found:
            for place, convert in self.read_by:
                row[place] = convert(row[place])
        return [tuple(row) for row in found]


@lru_cache(maxsize=1_000)
def _words(statement: Any, dialect: Dialect, keys: tuple[str, ...], many: bool) -> _Words | None:
    said = statement.compile(dialect=dialect, column_keys=list(keys), for_executemany=many)
    binds = {name: bind for bind, name in said.bind_names.items()}
    if any(bind.expanding for bind in binds.values()):
        return None
    defaults = {column.key: column.default for column in (*said.insert_prefetch, *said.update_prefetch)}
    fixed = {name: default.arg for name, default in defaults.items() if not default.is_callable}
    converters = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()
    }
    columns = getattr(statement, "exported_columns", ())
    readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    return _Words(
        text=str(said),
        names=tuple(said.positiontup or binds),
        others=said.construct_params(dict.fromkeys(keys), _check=False) | fixed,
        made=tuple((name, default.arg) for name, default in defaults.items() if default.is_callable),
        converted=tuple((name, convert) for name, convert in converters.items() if convert),
        positional=said.positional,
        read_by=tuple((place, read) for place, read in enumerate(readers) if read),
    )
