"""Maintained counts behind the views: how many tickets a team and an assignee have, open, done and spam.

Kept by a hook on flush, so that no verb can forget; read with the same rule of who may see what.
A count is a sum over a few dozen rows instead of a scan over every ticket.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, Connection, case, delete, event, func, inspect, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import LoaderCallableStatus, Mapped, Session, mapped_column

from inbox import statements
from inbox.db import Base, dialect, session
from inbox.models.ticket import DONE, OPEN, Ticket

STATES = {**dict.fromkeys(OPEN, "open"), **dict.fromkeys(DONE, "done"), "spam": "spam"}
"""As what a ticket of each status is counted."""

NOBODY = 0
"""In place of a missing team or assignee: a key may not be empty."""


class Tally(Base):
    __tablename__ = "tally"
    __table_args__ = (CheckConstraint("state IN ('open', 'done', 'spam')", name="state"),)

    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    assignee_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(default=0)


class Place(NamedTuple):
    """Where a ticket is counted."""

    team: int
    assignee: int
    state: str


def place(team_id: int | None, assignee_id: int | None, status: str | None) -> Place:
    return Place(team_id or NOBODY, assignee_id or NOBODY, STATES.get(status or "new", "open"))


def _before(ticket: Ticket) -> Place:
    """Where the database counts it until this flush. (The columns keep their history: ``active_history``.)"""
    state = inspect(ticket)

    def old(name: str) -> Any:
        value = state.committed_state.get(name, getattr(ticket, name))
        return None if isinstance(value, LoaderCallableStatus) else value  # never set: empty in the row

    return place(old("team_id"), old("assignee_id"), old("status"))


@event.listens_for(Session, "after_flush")
def _count(current: Session, _context: Any) -> None:
    moves: Counter[Place] = Counter()
    for ticket in (*current.new, *current.dirty):
        if not isinstance(ticket, Ticket):
            continue
        before = None if ticket in current.new else _before(ticket)
        after = place(ticket.team_id, ticket.assignee_id, ticket.status)
        if before != after:
            moves[after] += 1
            if before:
                moves[before] -= 1
    moves.subtract(_before(ticket) for ticket in current.deleted if isinstance(ticket, Ticket))
    _move(current.connection(), moves)


def begun(connection: Connection, tickets: Iterable[Ticket]) -> None:
    """Count tickets whose rows were written beside the session."""
    _move(connection, Counter(place(one.team_id, one.assignee_id, one.status) for one in tickets))


def _move(connection: Connection, moves: Counter[Place]) -> None:
    # one order for everybody, so that two transactions never wait for each other
    for spot in sorted(moves):
        if moves[spot]:
            row = {"team_id": spot.team, "assignee_id": spot.assignee, "state": spot.state, "n": moves[spot]}
            statements.run(connection, _added(dialect()), row)


@cache
def _added(to: str) -> Any:
    table: Any = Tally.__table__
    row = postgres_insert(table) if to == "postgresql" else sqlite_insert(table)
    more = {"n": table.c.n + row.excluded.n}
    return row.on_conflict_do_update(index_elements=["team_id", "assignee_id", "state"], set_=more)


def _counted() -> Counter[Place]:
    state = case(STATES, value=Ticket.status)
    team, assignee = func.coalesce(Ticket.team_id, NOBODY), func.coalesce(Ticket.assignee_id, NOBODY)
    rows = session.execute(select(team, assignee, state, func.count()).group_by(team, assignee, state))
    return Counter({Place(team, assignee, state): n for team, assignee, state, n in rows})


def drift() -> dict[Place, int]:
    """By how much each kept count differs from a real one. Empty is right."""
    kept = Counter({Place(t.team_id, t.assignee_id, t.state): t.n for t in session.scalars(select(Tally))})
    real = _counted()
    return {spot: kept[spot] - real[spot] for spot in kept | real if kept[spot] != real[spot]}


def recount() -> int:
    """Count everything anew; returns how many kept counts were wrong."""
    wrong = len(drift())
    session.execute(delete(Tally))
    session.add_all(
        Tally(team_id=spot.team, assignee_id=spot.assignee, state=spot.state, n=n)
        for spot, n in _counted().items()
    )
    session.flush()
    return wrong
