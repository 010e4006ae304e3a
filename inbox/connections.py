"""How each account stands with its provider: what an admin sees as its health.

Every function changes or reads rows only; commits are the caller's. A direction is ``in`` or ``out``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inbox import live
from inbox.db import dialect, now, session, written
from inbox.models import Account, Connection, Message, Payload
from inbox.models.message import PENDING

LONGEST = 255


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of an account."""

    state: str = "idle"
    """``idle`` until something first happens, then ``ok`` or ``failing``."""
    last_at: datetime | None = None
    """When the last message came in or went out."""
    ok_at: datetime | None = None
    tried_at: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""
    """Why it fails: a sentence to translate, with ``%(detail)s`` in it."""
    detail: str = ""
    paused_until: datetime | None = None
    """In the future, or empty: nothing is tried before."""


@dataclass(frozen=True, slots=True)
class Health:
    """Both directions of an account, and what waits here."""

    incoming: Side = Side()
    outgoing: Side = Side()
    waiting_in: int = 0
    """Kept, and not read yet."""
    waiting_out: int = 0
    """To be sent now, or as soon as the provider lets us; what is scheduled for later does not count."""

    @property
    def last_in(self) -> datetime | None:
        return self.incoming.last_at

    @property
    def last_out(self) -> datetime | None:
        return self.outgoing.last_at

    @property
    def error(self) -> Side | None:
        """What fails; if both do, what comes in, for customers wait behind it."""
        return next((side for side in (self.incoming, self.outgoing) if side.state == "failing"), None)


# ------------------------------------------------------------------------------------------- writing


def ok(account_id: int, direction: str) -> None:
    """It answers, and took our name and password."""
    row = _row(account_id, direction)
    if row.state == "failing":
        live.attention()
    row.state, row.reason, row.reason_detail, row.failing_since = "ok", "", "", None
    row.tried_at = row.ok_at = now()
    row.paused_until = None


def failing(account_id: int, direction: str, reason: str, detail: str = "") -> None:
    """It does not work, and why: a sentence to translate, with ``%(detail)s`` in it."""
    row = _row(account_id, direction)
    if row.state != "failing":
        row.state, row.failing_since = "failing", now()
        live.attention()
    row.reason, row.reason_detail, row.tried_at = reason[:LONGEST], detail[:LONGEST], now()


def paused(account_id: int, seconds: float, direction: str = "out") -> None:
    """The provider wants nothing of us for so long, or its rate is used up. That is no failure."""
    _row(account_id, direction).paused_until = now() + timedelta(seconds=seconds)


def seen(account_id: int, direction: str) -> None:
    """A message came in, or went out."""
    _row(account_id, direction).last_at = now()


def _row(account_id: int, direction: str) -> Connection:
    """Made when it is first asked for; of two processes at once, one makes it."""
    if (row := session.get(Connection, (account_id, direction))) is not None:
        return row
    insert: Any = postgres_insert if dialect() == "postgresql" else sqlite_insert
    values = {"account_id": account_id, "direction": direction, "state": "idle"}
    values |= {"reason": "", "reason_detail": ""}
    session.execute(insert(Connection).values(**values).on_conflict_do_nothing())
    return session.get_one(Connection, (account_id, direction))


# ------------------------------------------------------------------------------------------- reading


def pause_of(account_id: int, direction: str = "out") -> datetime | None:
    """Until when nothing is to be tried; empty if it may be tried now."""
    row = session.get(Connection, (account_id, direction))
    return _future(row.paused_until) if row else None


def health(account: Account) -> Health:
    return healths([account])[account.id]


def healths(accounts: Iterable[Account]) -> dict[int, Health]:
    """Of several accounts at once, by account id: always the same number of queries."""
    ids = [account.id for account in accounts]
    rows = session.scalars(select(Connection).where(Connection.account_id.in_(ids)))
    sides = {(row.account_id, row.direction): _side(row) for row in rows}
    waiting = _waiting(ids)
    return {
        account_id: Health(
            incoming=sides.get((account_id, "in"), Side()),
            outgoing=sides.get((account_id, "out"), Side()),
            waiting_in=waiting.get((account_id, "in"), 0),
            waiting_out=waiting.get((account_id, "out"), 0),
        )
        for account_id in ids
    }


def working(direction: str) -> set[int]:
    """The accounts that were last seen to work."""
    rows = select(Connection.account_id).where(Connection.direction == direction, Connection.state == "ok")
    return set(session.scalars(rows))


def broken() -> list[tuple[Account, Connection]]:
    """Active accounts with the direction that fails, longest first."""
    query = (
        select(Account, Connection)
        .join(Connection, Connection.account_id == Account.id)
        .where(Account.active, Connection.state == "failing")
        .order_by(Connection.failing_since, Account.id)
    )
    return [(account, row) for account, row in session.execute(query)]


def counted() -> ColumnElement[int]:
    """How many ``broken`` would list, as a part of another query."""
    rows = select(func.count()).select_from(Connection).join(Account, Account.id == Connection.account_id)
    return rows.where(Account.active, Connection.state == written("failing")).scalar_subquery()


def _side(row: Connection) -> Side:
    return Side(
        state=row.state,
        last_at=row.last_at,
        ok_at=row.ok_at,
        tried_at=row.tried_at,
        failing_since=row.failing_since,
        reason=row.reason,
        detail=row.reason_detail,
        paused_until=_future(row.paused_until),
    )


def _future(moment: datetime | None) -> datetime | None:
    return moment if moment and moment > now() else None


def _waiting(ids: list[int]) -> dict[tuple[int, str], int]:
    """How many wait, by account and direction."""
    scheduled = case((Message.attempts == 0, Message.send_at), else_=None)
    unread = (
        select(Payload.account_id, literal("in"), func.count())
        .where(Payload.account_id.in_(ids), Payload.state == "new")
        .group_by(Payload.account_id)
    )
    unsent = (
        select(Message.account_id, literal("out"), func.count())
        .where(Message.account_id.in_(ids), Message.state.in_(PENDING))
        .where(or_(scheduled.is_(None), scheduled <= now()))
        .group_by(Message.account_id)
    )
    rows = session.execute(unread.union_all(unsent))
    return {(account_id, direction): n for account_id, direction, n in rows}
