"""A restored copy keeps still: it neither fetches nor sends until an admin says that it is the one in use.

The original may still run beside it, or may have sent since what was waiting when the backup was made. That
it was restored and that it was released are events, so the history says who did it and when.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, select, update

from inbox import audit, live
from inbox.channels import N_
from inbox.db import now, plain, session, written
from inbox.models import Agent, Event, Handling, Memo, Message, Push
from inbox.models import memo as memos
from inbox.models.message import PENDING

RESTORED, RELEASED = "restored", "released"

MAY_HAVE_LEFT = N_("It waited when the backup was made and may have left since: look before you send it.")
HOLDS = N_("It waits: this is a restored copy, and an admin has not released it yet.")


def begin(made_at: datetime) -> int:
    """This database was restored from a backup of that moment; returns how many messages are held.

    What waited to be sent fails with its reason, for a person to decide. What reactions had not looked at
    yet they never will: whatever they would send, the original has sent.
    """
    held = session.execute(
        update(Message)
        .where(Message.state.in_(PENDING))
        .values(
            state="failed",
            failure=MAY_HAVE_LEFT,
            failure_detail="",
            lease=None,
            leased_until=None,
            put_aside=False,
        )
    ).rowcount  # type: ignore[attr-defined]
    session.execute(
        update(Memo)
        .where(Memo.state.in_(memos.PENDING))
        .values(state="failed", failure=MAY_HAVE_LEFT, failure_detail="", text="", html="", lease=None)
    )
    session.execute(delete(Push))  # what is news there is none here
    session.execute(
        update(Handling).where(Handling.handled_at.is_(None)).values(handled_at=now(), failure=RESTORED)
    )
    audit.record(RESTORED, None, by="cli", made_at=made_at.isoformat(), held=held)
    return int(held)


def is_held() -> bool:
    return bool(plain(_HELD, {})[0][0])


def held_since() -> datetime | None:
    """When it was restored; empty if it was not, or is released."""
    return restored_at() if is_held() else None


def restored_at() -> datetime | None:
    return session.scalar(select(Event.at).where(Event.id == _newest(RESTORED)))


def was_before(message: Message, since: datetime | None) -> bool:
    """Whether the original may have answered this one: it was written before ``since``, when the copy was
    made."""
    return since is not None and min(message.written_at or message.created_at, message.created_at) < since


def release(by: Agent | None) -> None:
    """Fetch and send again. ``by`` is empty on the command line."""
    session.flush()
    if is_held():
        told: dict[str, Any] = {} if by else {"by": "cli"}
        audit.record(RELEASED, by, **told)
        live.attention()


def counted() -> ColumnElement[int]:
    """1 while it is held, as a part of another query."""
    return case((_held(), 1), else_=0)


def _held() -> ColumnElement[bool]:
    return func.coalesce(_newest(RESTORED), 0) > func.coalesce(_newest(RELEASED), 0)


def _newest(kind: str) -> ColumnElement[int]:
    # a sum: PostgreSQL would else walk every event backwards to find one of a rare kind
    return select(func.max(Event.id + 0)).where(Event.kind == written(kind)).scalar_subquery()


_HELD = select(_held())  # asked for every mail: put into words once
