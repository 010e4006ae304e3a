"""What the product does by itself, one file each.

A verb records an Event and, in the same transaction, a Handling for each reaction that is interested.
Claiming them and acting on them are one transaction as well, so a reaction happens once, whatever dies when;
one that fails leaves nothing behind and does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import or_, select, update

from inbox import queue
from inbox.db import now, reading, session, writing
from inbox.models import Event, Handling
from inbox.reactions.acknowledge import confirm_request
from inbox.reactions.good_words import learn_good_words
from inbox.reactions.language import learn_language
from inbox.reactions.notices import notify
from inbox.reactions.surveys import plan, take_care_of_low

log = structlog.get_logger("reactions")

REACTIONS: dict[str, Callable[[Event], None]] = {
    "language": learn_language,
    "acknowledge": confirm_request,
    "good_words": learn_good_words,
    "survey": plan,
    "low_score": take_care_of_low,
    "notices": notify,
}
"""By the names that ``models.event.INTERESTED`` uses, in the order in which they look at an event."""

MOST_ATTEMPTS = 5
PAUSE = timedelta(seconds=30)
WRONG = timedelta(minutes=2)
"""No pause is so long: a moment so far off was written by a clock that was ahead."""


def run(event_id: int) -> None:
    """Let every reaction that has not done so look at this event."""
    with writing():
        names = _claim(event_id)
        event = session.get_one(Event, event_id)
        for name in sorted(names, key=list(REACTIONS).index):
            try:
                with session.begin_nested():
                    REACTIONS[name](event)
            except Exception as problem:
                log.exception("reaction_failed", on=event_id, reaction=name)
                _postpone(event_id, name, problem)


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
            .limit(500)
        ).all()
    slot = str(int(moment.timestamp() // 15))
    for event_id in waiting:
        queue.ring("reactions", run, event_id, again=slot)
    return len(waiting)


def _claim(event_id: int) -> Sequence[str]:
    """The names of those that have not looked at it; whoever asks next waits, and finds none."""
    return session.scalars(
        update(Handling)
        .where(
            Handling.event_id == event_id, Handling.handled_at.is_(None), Handling.attempts < MOST_ATTEMPTS
        )
        .values(handled_at=now(), attempts=Handling.attempts + 1, failure="")
        .returning(Handling.reaction)
        .execution_options(synchronize_session=False)
    ).all()


def _postpone(event_id: int, name: str, problem: Exception) -> None:
    failed = {"failure": type(problem).__name__[:255], "retry_at": now() + PAUSE}
    session.execute(
        update(Handling)
        .where(Handling.event_id == event_id, Handling.reaction == name)
        .values(handled_at=None, **failed)
    )
