"""What the product does by itself, one file each.

A verb records an Event and, in the same transaction, a Handling for each reaction that is interested.
Claiming them and acting on them are one transaction as well, so a reaction happens once, whatever dies when;
one that fails leaves nothing behind and does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, cast

import structlog
from rq.timeouts import JobTimeoutException
from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    exists,
    func,
    null,
    or_,
    select,
    tuple_,
    update,
)

from inbox import queue
from inbox.db import dialect, now, plain, reading, session, writing
from inbox.models import Event, Handling, Ticket
from inbox.reactions.acknowledge import confirm_requests
from inbox.reactions.good_words import learn_good_words
from inbox.reactions.language import learn_languages
from inbox.reactions.notices import notify
from inbox.reactions.surveys import plan, take_care_of_low

log = structlog.get_logger("reactions")


def _each(look: Callable[[Event], None]) -> Callable[[Sequence[Event]], None]:
    """One after the other: what happens too rarely to be looked at together."""

    def look_at(events: Sequence[Event]) -> None:
        for event in events:
            look(event)

    return look_at


REACTIONS: dict[str, Callable[[Sequence[Event]], None]] = {
    "language": learn_languages,
    "acknowledge": confirm_requests,
    "good_words": _each(learn_good_words),
    "survey": _each(plan),
    "low_score": _each(take_care_of_low),
    "notices": notify,
}
"""By the names that ``models.event.INTERESTED`` uses, in the order in which they look at what happened."""

BY_ITSELF = ("good_words", "low_score")
"""What these count is counted by others as well: with several events they would keep it for too long."""

AHEAD = 32
"""Numbers of events: of those behind one, so many are looked at together. A new conversation makes two."""

FRESH = timedelta(minutes=10)
"""What waits for longer is looked at by itself, for it may be what brought somebody down."""

MOST_ATTEMPTS = 5
PAUSE = timedelta(seconds=30)
WRONG = timedelta(minutes=2)
"""No pause is so long: a moment so far off was written by a clock that was ahead."""

Claimed = dict[str, list[Event]]
"""What is ours to look at: for each reaction events in their order."""


def run(event_id: int) -> None:
    """Let every reaction that has not done so look at this event, and at those right behind it that wait.

    At all of them in one go; where that fails, everything is done anew and each by itself.
    """
    try:
        with writing():
            for name, events in _claim(event_id).items():
                REACTIONS[name](events)
    except JobTimeoutException as problem:
        log.exception("reactions_too_slow", on=event_id)
        _one_by_one(event_id, partial(_postpone, problem=problem))  # nobody would end it a second time
    except Exception as problem:
        log.warning("not_looked_at_together", on=event_id, problem=type(problem).__name__)
        _one_by_one(event_id, _look)


def _one_by_one(event_id: int, do: Callable[[str, Event], None]) -> None:
    with writing():
        for name, events in _claim(event_id).items():
            for event in events:
                do(name, event)


def _look(name: str, event: Event) -> None:
    event_id = event.id
    try:
        with session.begin_nested():
            REACTIONS[name]([event])
    except Exception as problem:
        log.exception("reaction_failed", on=event_id, reaction=name)
        _postpone(name, session.get_one(Event, event_id), problem)


def sweep() -> int:
    """Ring for events whose bell was lost or whose reaction failed a while ago."""
    moment = now()
    with reading():
        waiting = session.scalars(
            select(Handling.event_id)
            .where(Handling.handled_at.is_(None), Handling.attempts < MOST_ATTEMPTS)
            .where(or_(Handling.retry_at < moment - timedelta(seconds=2), Handling.retry_at > moment + WRONG))
            .distinct()
            .order_by(Handling.event_id)
            .limit(queue.room("reactions"))
        ).all()
    slot = str(int(moment.timestamp() // 15))
    for event_id in waiting:
        queue.ring("reactions", run, event_id, again=slot)
    return len(waiting)


# ------------------------------------------------------------------------------------------- claims


def _claim(event_id: int) -> Claimed:
    """What nobody has looked at: of this event all, of those behind it what may be done together. What
    another worker has in hand is left to it.
    """
    moment = now()
    asked = {"first": event_id, "last": event_id + AHEAD - 1, "now": moment, "fresh": moment - FRESH}
    waiting = list(plain(_CLAIM, asked))
    if not waiting:
        return {}
    ids = {number for number, _name in waiting}
    events = session.scalars(_EVENTS, {"ids": ids}).all()
    _have_alone(events)
    claimed = {name: [one for one in events if (one.id, name) in waiting] for name in REACTIONS}
    return {name: ours for name, ours in claimed.items() if ours}


def _have_alone(events: Iterable[Event]) -> None:
    """Their tickets, in the order in which everybody locks several. SQLite has one writer anyway."""
    if dialect() == "postgresql" and (tickets := {one.ticket_id for one in events if one.ticket_id}):
        plain(_ALONE, {"ids": tickets})


def _postpone(name: str, event: Event, problem: Exception) -> None:
    failed = {"failure": type(problem).__name__[:255], "retry_at": now() + PAUSE}
    session.execute(
        update(Handling)
        .where(Handling.event_id == event.id, Handling.reaction == name)
        .values(handled_at=None, **failed)
    )


def _goes_along(row: Any) -> ColumnElement[bool]:
    """Whether it may be done together with others."""
    return and_(
        row.reaction.not_in(BY_ITSELF),
        row.handled_at.is_(None),
        row.attempts == 0,
        row.retry_at > bindparam("fresh"),
    )


# what is said of every event is put into words once
_EVENTS = select(Event).where(Event.id.in_(bindparam("ids", expanding=True))).order_by(Event.id)
_ALONE = (
    select(Ticket.id)
    .where(Ticket.id.in_(bindparam("ids", expanding=True)))
    .order_by(Ticket.id)
    .with_for_update(key_share=True)
)
_ROWS = cast(Table, Handling.__table__)
_HANDLING = _ROWS.c
_FIRST = _ROWS.alias("first").c
_WAITING = (
    select(_HANDLING.event_id, _HANDLING.reaction)
    .where(
        _HANDLING.event_id.between(bindparam("first"), bindparam("last")),
        # said so that no index over all that waits, thousands perhaps, seems better than these few
        func.coalesce(_HANDLING.handled_at, null()).is_(None),
        _HANDLING.attempts < MOST_ATTEMPTS,
        or_(
            _HANDLING.event_id == bindparam("first"),
            # and whoever is rung for what was done meanwhile finds nothing
            and_(
                _goes_along(_HANDLING),
                exists().where(_FIRST.event_id == bindparam("first"), _goes_along(_FIRST)),
            ),
        ),
    )
    .with_for_update(of=_ROWS, skip_locked=True)
)
_CLAIM = (
    update(_ROWS)
    .where(tuple_(_HANDLING.event_id, _HANDLING.reaction).in_(_WAITING))
    .values(handled_at=bindparam("now"), attempts=_HANDLING.attempts + 1, failure="")
    .returning(_HANDLING.event_id, _HANDLING.reaction)
)
