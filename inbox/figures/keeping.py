"""Facts are kept beside their tickets, by a sweep and not by the verbs: taking in mail costs nothing more.

Which tickets to look at needs no cursor over ids, which PostgreSQL commits out of order: every verb raises
``ticket.version``, and a ticket whose ``figured`` is another version is behind. A partial index finds those.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, delete, func, insert, select, text, update

from inbox.db import reading, session, writing
from inbox.figures.history import STEPS, Asked, History, Row, Said, Step, facts
from inbox.models import Answer, Event, Fact, Message, Survey, Ticket
from inbox.models.ticket import BEHIND

BATCH = 100
"""Tickets a transaction: their rows are locked as long as it lasts."""

PATIENCE = 1.0
"""Seconds a sweep goes on; the timetable has other lines."""

_FACT = cast(Table, Fact.__table__)
_TICKET = cast(Table, Ticket.__table__)


class Kept(NamedTuple):
    id: int
    row: Row


def behind() -> int:
    """How many tickets changed and are not counted as they are now."""
    return session.scalar(select(func.count()).select_from(Ticket).where(text(BEHIND))) or 0


def sweep() -> int:
    """Work out what changed; returns how many tickets that were. What is left waits for the next sweep."""
    with reading():
        if session.scalar(select(Ticket.id).where(text(BEHIND)).limit(1)) is None:
            return 0
    done, enough = 0, time.monotonic() + PATIENCE
    while time.monotonic() < enough:
        with writing():
            found = catch_up()
        done += found
        if found < BATCH:
            break
    return done


def catch_up(most: int = BATCH) -> int:
    """Bring the facts of some tickets up to date, in this transaction; returns of how many.

    A ticket that somebody changes in this moment is locked, and left for the next time.
    """
    rows = session.execute(
        select(Ticket.id, Ticket.version, *_COLUMNS)
        .where(text(BEHIND))
        .order_by(Ticket.id)
        .limit(most)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    if rows:
        histories = {row.id: _bare(row) for row in rows}
        _fill(histories)
        _change(histories)
        _note(rows)
    return len(rows)


_COLUMNS = (Ticket.status, Ticket.team_id, Ticket.assignee_id, Ticket.account_id, Ticket.created_at)


def _bare(row: Any) -> History:
    return History(row.status, row.team_id, row.assignee_id, row.account_id, row.created_at)


def _fill(histories: Mapping[int, History]) -> None:
    """What happened to them: three questions for all."""
    ids = list(histories)
    for event in session.execute(
        select(Event.ticket_id, Event.at, Event.kind, Event.agent_id, Event.data)
        .where(Event.ticket_id.in_(ids), Event.kind.in_(STEPS))
        .order_by(Event.id)
    ):
        data = event.data or {}
        step = Step(event.at, event.kind, event.agent_id, data.get("before"), data.get("to"))
        histories[event.ticket_id].steps.append(step)
    for message in session.execute(
        select(Message.ticket_id, *_OF_A_MESSAGE)
        .where(Message.ticket_id.in_(ids), Message.kind != "note")
        .order_by(Message.id)
    ):
        histories[message.ticket_id].said.append(_said(message))
    for survey in session.execute(
        select(Survey.ticket_id, Survey.sent_at, Survey.agent_id, Answer.score)
        .outerjoin(Survey.answer)
        .where(Survey.ticket_id.in_(ids), Survey.sent_at.is_not(None))
        .order_by(Survey.id)
    ):
        histories[survey.ticket_id].asked.append(Asked(survey.sent_at, survey.agent_id, survey.score))


_OF_A_MESSAGE = (
    Message.kind, Message.state, Message.created_at, Message.sent_at, Message.author_id, Message.automated,
    Message.forward, Message.third_party, Message.imported,
)  # fmt: skip


def _said(message: Any) -> Said:
    """What a machine wrote, theirs or ours, went to or came from somebody else, or never arrived, is shown to
    nobody as work."""
    ours = message.kind == "reply"
    if ours:
        counts = message.author_id is not None and message.state == "sent" and not message.forward
    else:
        counts = not message.third_party
    at = message.sent_at if ours and message.sent_at else message.created_at
    counts = counts and not (message.automated or message.imported)
    return Said(message.kind, at, message.author_id, counts, message.imported)


def _change(histories: Mapping[int, History]) -> None:
    """Only what differs is written."""
    kept: dict[int, list[Kept]] = defaultdict(list)
    columns = [getattr(_FACT.c, name) for name in _NAMES]
    for ticket_id, fact_id, *values in session.execute(
        select(_FACT.c.ticket_id, _FACT.c.id, *columns).where(_FACT.c.ticket_id.in_(list(histories)))
    ):
        kept[ticket_id].append(Kept(fact_id, Row(*values)))
    new, gone = [], []
    for ticket_id, history in histories.items():
        wanted = Counter(facts(history))
        gone += _without(kept[ticket_id], wanted)
        new += [{"ticket_id": ticket_id, **_as_columns(row)} for row in wanted.elements()]
    if gone:
        session.execute(delete(Fact).where(Fact.id.in_(gone)).execution_options(synchronize_session=False))
    if new:
        session.execute(insert(_FACT), new)


_NAMES = ("kind", "at", "until", "team_id", "agent_id", "account_id", "value")


def _as_columns(row: Row) -> dict[str, Any]:
    return dict(zip(_NAMES, row, strict=True))


def _without(kept: Iterable[Kept], wanted: Counter[Row]) -> list[int]:
    """The ids of rows that are wanted no more; those that are, are taken from ``wanted``."""
    gone = []
    for fact in kept:
        if wanted[fact.row] > 0:
            wanted[fact.row] -= 1
        else:
            gone.append(fact.id)
    return gone


def _note(rows: Sequence[Any]) -> None:
    session.execute(
        update(_TICKET).where(_TICKET.c.id == bindparam("of")).values(figured=bindparam("seen")),
        [{"of": row.id, "seen": row.version} for row in rows],
    )
