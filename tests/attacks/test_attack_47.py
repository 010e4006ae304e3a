"""Attack 47: the audit trail is tampered with: rows are changed, removed or added, or the chain made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, text, update
from sqlalchemy.exc import DBAPIError

from inbox import db
from inbox.audit import seal
from inbox.models import Event, Seal
from tests.emptying import without_guards

BEFORE = timedelta(minutes=5)


@pytest.fixture
def chain(database: Connection, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """Nine events under three seals."""
    monkeypatch.setattr(seal, "MOST", 3)
    for number in range(9):
        db.session.add(
            Event(kind="company_changed", data={"company": ["a", str(number)]}, at=db.now() - BEFORE)
        )
        db.session.flush()
    db.session.commit()
    assert seal.sweep() == 3 and seal.verify().is_whole
    return database


def ids(connection: Connection) -> list[int]:
    return [number for (number,) in connection.execute(text("SELECT id FROM event ORDER BY id"))]


STATEMENTS: tuple[Callable[[int], str], ...] = (
    lambda n: f"UPDATE event SET kind = 'x' WHERE id = {n}",
    lambda n: f"DELETE FROM event WHERE id = {n}",
    lambda _n: "UPDATE event SET agent_id = NULL",
    lambda _n: "UPDATE seal SET digest = 'x'",
    lambda _n: "DELETE FROM seal",
)


@pytest.mark.parametrize("statement", range(len(STATEMENTS)))
def test_attack_47_the_database_refuses_to_rewrite_what_happened(chain: Connection, statement: int) -> None:
    number = ids(chain)[4]
    with pytest.raises(DBAPIError, match="the history is kept as it is"), chain.begin_nested():
        chain.execute(text(STATEMENTS[statement](number)))
    assert seal.verify().is_whole


def test_attack_47_neither_the_session_nor_a_replacement_gets_round_it(chain: Connection) -> None:
    number = ids(chain)[4]
    for statement in (update(Event).values(kind="x"), delete(Event).where(Event.id == number)):
        with pytest.raises(DBAPIError, match="the history is kept"), chain.begin_nested():
            chain.execute(statement)
    values = f"({number}, 'x', '{{}}', 0, '2026-01-01 00:00:00')"
    into = "event (id, kind, data, version, at) VALUES"
    replace = (
        f"INSERT OR REPLACE INTO {into} {values}"
        if chain.dialect.name == "sqlite"
        else f"INSERT INTO {into} {values} ON CONFLICT (id) DO UPDATE SET kind = 'x'"
    )
    with pytest.raises(DBAPIError, match="the history is kept"), chain.begin_nested():
        chain.exec_driver_sql(replace)
    if chain.dialect.name == "postgresql":
        with pytest.raises(DBAPIError, match="the history is kept"), chain.begin_nested():
            chain.execute(text("TRUNCATE event CASCADE"))
    assert seal.verify().is_whole


@contextmanager
def owning(connection: Connection) -> Iterator[None]:
    """Somebody who owns the database does what they like."""
    db.session.remove()
    with without_guards(connection):
        yield
    db.session.remove()


TAMPERED: dict[str, tuple[str, str]] = {
    "changed": ("UPDATE event SET data = '{}' WHERE id = {n}", "one was changed"),
    "whose": ("UPDATE event SET customer_id = 7 WHERE id = {n}", "one was changed"),
    "when": ("UPDATE event SET at = '2020-01-01 00:00:00' WHERE id = {n}", "one was changed"),
    "removed": ("DELETE FROM event WHERE id = {n}", "{n} gone"),
    "seal changed": ("UPDATE seal SET digest = 'x' WHERE id = {s}", "one was changed, or the seal was"),
    "seal removed": ("DELETE FROM seal WHERE id = {s}", ""),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_attack_47_who_owns_the_database_is_found_out(chain: Connection, how: str) -> None:
    statement, said = TAMPERED[how]
    number, middle = ids(chain)[4], [one.id for one in db.session.query(Seal).order_by(Seal.id)][1]
    fill = {"{n}": str(number), "{s}": str(middle)}
    for place, value in fill.items():
        statement, said = statement.replace(place, value), said.replace(place, value)
    with owning(chain):
        chain.exec_driver_sql(statement)
    report = seal.verify()
    assert not report.is_whole
    assert said in str(report.wrong[0])
    first = report.wrong[0]
    assert first.after_id < number <= first.to_id, "it says near where"


def test_attack_47_an_event_that_is_slipped_in_is_named(chain: Connection) -> None:
    there = ids(chain)
    db.session.add(Event(id=there[-1] + 2, kind="company_changed", at=db.now() - BEFORE))
    db.session.commit()
    assert seal.make()
    forged = there[-1] + 1
    # no guard has to be taken away: a number that is missing is free
    db.session.add(Event(id=forged, kind="company_changed", at=db.now() - 2 * BEFORE))
    db.session.commit()
    report = seal.verify()
    assert [one.added for one in report.wrong] == [(forged,)]


def test_attack_47_a_chain_made_anew_does_not_lead_to_the_head_that_was_kept(chain: Connection) -> None:
    kept = seal.last()
    assert kept
    head = kept.digest
    with owning(chain):
        chain.execute(text("DELETE FROM seal"))
        chain.exec_driver_sql(f"UPDATE event SET data = '{{}}' WHERE id = {ids(chain)[4]}")
    assert seal.sweep() == 3
    assert seal.verify().is_whole, "it agrees with itself"
    assert not seal.verify(head).is_whole, "and not with what was kept elsewhere"


def test_attack_47_an_end_that_is_cut_off_is_found_by_the_head(chain: Connection) -> None:
    kept = seal.last()
    assert kept
    head, after = kept.digest, kept.after_id
    with owning(chain):
        chain.exec_driver_sql(f"DELETE FROM seal WHERE after_id = {after}")
        chain.exec_driver_sql(f"DELETE FROM event WHERE id > {after}")
    assert seal.verify().is_whole and not seal.verify(head).is_whole
