"""Statements that go to the driver in words that are found once say and hear what SQLAlchemy's way does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, Table, bindparam, event, insert, select
from sqlalchemy.exc import IntegrityError

from inbox import db
from inbox.models import Account, Payload

PAYLOAD: Table = Payload.__table__  # type: ignore[assignment]
AT = datetime(2026, 3, 2, 8, 30, tzinfo=timezone(timedelta(hours=-3)))
ADDED = insert(PAYLOAD).returning(PAYLOAD.c.id)
READ = select(PAYLOAD).where(PAYLOAD.c.id == bindparam("number"))


def row(support: Account, **more: object) -> dict[str, object]:
    sender = {"sender": "ana@x.example", "recipients": ["50% off@x.example"], "imported": True}
    return {"account_id": support.id, "sha256": "a" * 64, "size": 3, "leased_until": AT, **sender, **more}


def test_values_and_rows_have_the_types_of_their_columns(support: Account) -> None:
    [(number,)] = db.plain(ADDED, row(support))
    [plainly] = db.plain(READ, {"number": number})
    assert plainly == tuple(db.session.execute(READ, {"number": number}).one())
    found = dict(zip(PAYLOAD.c.keys(), plainly, strict=True))
    assert found["leased_until"] == AT and found["leased_until"].tzinfo is UTC
    assert found["recipients"] == ["50% off@x.example"] and found["imported"] is True
    assert found["state"] == "new" and found["unfetched"] is False and found["source"] is None
    assert db.now() - found["created_at"] < timedelta(minutes=5)  # a column's default, made anew


def test_one_statement_for_several_values(support: Account) -> None:
    each = [row(support, source=f"INBOX/1/{number}") for number in range(3)]
    assert db.plain(insert(PAYLOAD), each) == ()
    sources = db.session.scalars(select(Payload.source).order_by(Payload.id)).all()
    assert sources == ["INBOX/1/0", "INBOX/1/1", "INBOX/1/2"]


def test_what_the_database_refuses_is_the_error_everybody_knows(support: Account) -> None:
    db.plain(ADDED, row(support, source="INBOX/1/1"))
    with pytest.raises(IntegrityError) as refused, db.session.begin_nested():
        db.plain(ADDED, row(support, source="INBOX/1/1"))
    assert "ana@x.example" not in str(refused.value)
    assert len(db.session.scalars(select(Payload)).all()) == 1


def test_who_listens_hears_it_and_it_is_the_same(support: Account, database: Connection) -> None:
    [(number,)] = db.plain(ADDED, row(support))
    unheard = db.plain(READ, {"number": number})
    said: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *given: said.append(given[2]))
    assert db.plain(READ, {"number": number}) == unheard
    assert len(said) == 1 and said[0].startswith("SELECT payload.id")


def test_a_list_may_be_bound(support: Account) -> None:
    among = select(PAYLOAD.c.id).where(PAYLOAD.c.id.in_(bindparam("numbers", expanding=True)))
    (first,), (second,) = (db.plain(ADDED, row(support, source=name))[0] for name in ("a", "b"))
    assert db.plain(among, {"numbers": []}) == []
    assert db.plain(among, {"numbers": [second]}) == [(second,)]
    assert db.plain(among, {"numbers": [first, second]}) == [(first,), (second,)]


def test_a_transaction_of_its_own_has_a_connection_of_its_own(support: Account, database: Connection) -> None:
    for _ in range(2):
        with db.writing():
            assert db.plain(select(Account.id), {}) == [(support.id,)]
    with pytest.raises(ZeroDivisionError), db.writing():
        db.plain(ADDED, row(support))
        raise ZeroDivisionError
    assert db.session.scalars(select(Payload)).all() == []
