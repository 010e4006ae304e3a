"""Row F25: SQLite is moved to PostgreSQL; interrupted and repeated, counts and checksums are equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from inbox import db, migrate, search
from inbox.backup import Refused, tables
from inbox.backup.move import move
from inbox.models import Agent, Message, Ticket
from tests.backup.conftest import Furnish, Place, write
from tests.conftest import HAS_POSTGRES

pytestmark = pytest.mark.skipif(not HAS_POSTGRES, reason="no PostgreSQL at its standard port")


@pytest.fixture
def source(furnish: Furnish, monkeypatch: pytest.MonkeyPatch) -> Place:
    """With a number that was given to a row that is gone, a link forwards, and text in every alphabet."""
    monkeypatch.setattr(tables, "BATCH", 2)
    shop = furnish("sqlite")
    for number in (2, 3, 4):
        write(number)
    with db.writing() as session:
        session.get_one(Ticket, 1).continues_id = 3
        session.execute(text("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'ticket'"))
        session.execute(
            text("INSERT INTO spam_word VALUES ('a', 1, 0), ('Z', 1, 0), ('ä', 1, 0), ('你', 1, 0)")
        )
        session.get_one(Message, 1).text = "\U0001f33b 'quoted' \\ \t\r\n\x01 ﷽"
    return shop


@pytest.fixture
def target(source: Place, new_place: Callable[[str], Place]) -> Iterator[Place]:
    place = new_place("postgresql")
    place.data = source.data
    yield place


def entered(place: Place) -> Place:
    place.enter()
    return place


def test_f25_a_move_that_is_interrupted_goes_on_and_is_equal(
    source: Place, target: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut off after every few batches, wherever that is, until it is through."""
    real, batches, restarts = tables.copied, 0, 0

    def cut_off(*arguments: Any) -> Iterator[Any]:
        nonlocal batches
        for key in real(*arguments):
            batches += 1
            if batches % 7 == 0:
                raise KeyboardInterrupt
            yield key

    monkeypatch.setattr(tables, "copied", cut_off)
    while True:
        source.enter()
        try:
            compared = move(target.url)
            break
        except KeyboardInterrupt:
            restarts += 1
            assert restarts < 30
            entered(target)
            with pytest.raises(migrate.Unfinished, match="not finished"):
                migrate.upgrade()
    assert restarts >= 3
    there = entered(source).sums()
    assert entered(target).sums() == there == compared
    assert sum(table.rows for table in there.values()) > 20
    with db.reading():
        ada = db.session.get_one(Agent, 1)
        assert [ticket.id for ticket in search.find(ada, "acai zoe3")] == [3]
        assert db.session.get_one(Ticket, 1).continues_id == 3
    write(5)
    assert target.scalar("SELECT max(id) FROM ticket") == 41, "a number that was given is never given again"
    assert target.scalar("SELECT to_regclass('moving') IS NULL") and target.stored()
    with pytest.raises(IntegrityError), db.writing() as session:
        session.execute(text("UPDATE ticket SET continues_id = 999"))
    foreign = target.scalar("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")
    assert isinstance(foreign, int) and foreign >= len(tables._foreign_keys())


def test_f25_a_source_that_changed_meanwhile_is_noticed(
    source: Place, target: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tables.sums

    def interrupted(_connection: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tables, "sums", interrupted)
    with pytest.raises(KeyboardInterrupt):
        move(target.url)
    monkeypatch.setattr(tables, "sums", real)
    source.enter()
    with db.writing() as session:
        session.get_one(Ticket, 2).subject = "Changed"
    with pytest.raises(Refused, match="the table ticket differs"):
        move(target.url)


def test_f25_a_database_that_is_in_use_is_left_alone(source: Place, furnish: Furnish) -> None:
    other = furnish("postgresql")
    before = other.sums()
    source.enter()
    with pytest.raises(Refused, match="is not empty"):
        move(other.url)
    assert entered(other).sums() == before


def test_f25_what_does_not_fit_says_what_and_keeps_the_rest(source: Place, target: Place) -> None:
    with db.writing() as session:
        session.get_one(Ticket, 2).snippet = "x" * 300  # SQLite does not count letters
    with pytest.raises(Refused, match=r"the table ticket: .*too long.*repeat"):
        move(target.url)
    source.enter()
    with db.writing() as session:
        session.get_one(Ticket, 2).snippet = "x"
    move(target.url)
    assert entered(source).sums() == entered(target).sums()


def test_every_table_that_migrations_make_is_copied(source: Place) -> None:
    """One that is written by hand, as the full text index, is built anew; there is no other."""
    assert source.engine
    made = {name for name in inspect(source.engine).get_table_names() if not name.startswith("ticket_text")}
    assert made == {*tables.tables("sqlite"), "alembic_version"}


@pytest.mark.parametrize(("url", "said"), [("sqlite:////tmp/x.db", "goes to PostgreSQL")])
def test_a_move_goes_from_sqlite_to_postgresql_only(
    source: Place, target: Place, url: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        move(url)
    entered(target)
    with pytest.raises(Refused, match="PostgreSQL already"):
        move(target.url)


def test_nothing_moves_under_a_running_prosa(source: Place, target: Place) -> None:
    from inbox.up import take_lock

    with take_lock(source.data), pytest.raises(Refused, match="already running"):
        move(target.url)


def test_a_server_that_does_not_answer_is_one_line(source: Place) -> None:
    with pytest.raises(Refused, match="PostgreSQL says") as refused:
        move("postgresql://nobody@127.0.0.1:1/x")
    assert len(str(refused.value).splitlines()) == 1
