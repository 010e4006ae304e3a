"""The centre: what one has been told, what is new in it, and what was read or put away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, true, update
from sqlalchemy.orm import joinedload

from inbox import access
from inbox.db import now, reading, session, writing
from inbox.models import Agent, Digest, Identity, Notice, Ticket
from inbox.notices.telling import nudge

PAGE = 40
KEPT = timedelta(days=90)
BATCH = 2_000

FILTERS = ("all", "unread", "mentions")


@dataclass(frozen=True, slots=True)
class Page:
    notices: Sequence[Notice]
    before: str
    """Where the next page begins; empty at the end."""


def page(agent: Agent, which: str = "all", before: str = "") -> Page:
    """The newest first, of what this person may see *now*; ``before`` is where the last page ended."""
    query = (
        select(Notice)
        .join(Notice.ticket)
        .where(_mine(agent), Notice.done_at.is_(None), access.visible_to(agent), _filtered(which))
        .options(
            joinedload(Notice.actor),
            joinedload(Notice.ticket).joinedload(Ticket.identity).joinedload(Identity.customer),
        )
        .order_by(Notice.at.desc(), Notice.id.desc())
        .limit(PAGE + 1)
    )
    if place := _place(before):
        at, last = place
        query = query.where(or_(Notice.at < at, and_(Notice.at == at, Notice.id < last)))
    found = session.scalars(query).all()
    shown = found[:PAGE]
    return Page(shown, f"{shown[-1].at.timestamp():.6f}_{shown[-1].id}" if len(found) > PAGE else "")


def _mine(agent: Agent) -> ColumnElement[bool]:
    return and_(Notice.agent_id == agent.id, Notice.shown)


def _filtered(which: str) -> ColumnElement[bool]:
    if which == "unread":
        return Notice.read_at.is_(None)
    return Notice.kind == "mention" if which == "mentions" else true()


def _place(text: str) -> tuple[datetime, int] | None:
    stamp, _, number = text.partition("_")
    try:
        at = datetime.fromtimestamp(float(stamp), now().tzinfo)
        return (at, int(number)) if 0 < int(number) < 2**31 else None
    except (ValueError, OverflowError, OSError):
        return None


def one(agent: Agent, notice_id: int) -> Notice | None:
    """Theirs, and on a ticket they may see."""
    query = select(Notice).join(Notice.ticket).where(Notice.id == notice_id, access.visible_to(agent))
    return session.scalar(query.where(_mine(agent)))


# ----------------------------------------------------------------------------------- read and done


def opened(agent: Agent, ticket: Ticket) -> int:
    """They have it before them: what they were told of it is read, in every browser. How many that was."""
    return _read(agent, Notice.ticket_id == ticket.id)


def read_all(agent: Agent) -> int:
    return _read(agent, true())


def _read(agent: Agent, which: ColumnElement[bool]) -> int:
    theirs = select(Notice.id).where(Notice.agent_id == agent.id, Notice.read_at.is_(None), which)
    done = session.execute(
        update(Notice)
        # in the order in which whoever tells of several tickets at once has them as well
        .where(Notice.id.in_(theirs.order_by(Notice.id).with_for_update()))
        .values(read_at=now())
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if done:
        nudge([agent.id])
    return int(done)


def put_away(notice: Notice) -> None:
    notice.done_at = now()
    notice.read_at = notice.read_at or notice.done_at
    session.flush()
    nudge([notice.agent_id])


def put_back(notice: Notice) -> None:
    """It stays read: another one may be counting by now."""
    notice.done_at = None
    session.flush()
    nudge([notice.agent_id])


# ------------------------------------------------------------------------------------------- sweep


def prune() -> int:
    """Forget what is older than ninety days, in small steps."""
    gone = 0
    while ids := _old():
        with writing():
            session.execute(delete(Notice).where(Notice.id.in_(ids)))
        gone += len(ids)
    with writing():
        session.execute(delete(Digest).where(Digest.at < now() - KEPT))
    return gone


def _old() -> Sequence[int]:
    with reading():
        return session.scalars(select(Notice.id).where(Notice.at < now() - KEPT).limit(BATCH)).all()
