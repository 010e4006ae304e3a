"""Who may send what now: one sender a message, the first written first, and no faster than the provider
lets us.

An account that waits is not rung for, so ten thousand messages that wait cost nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, literal, or_, select, update

from inbox import connections, quarantine
from inbox.channels import N_
from inbox.config import settings
from inbox.db import Instant, now, reading, session, writing
from inbox.models import Account, Connection, Message

CLAIMABLE = ("queued", "unconfirmed")
ALLOWS = N_("It waits: your provider allows %(detail)s mails an hour.")

HOUR = timedelta(hours=1)
LONGEST_WAIT = timedelta(hours=2)
"""No pause of an account is so far off: one that is was written by a clock that was wrong."""

SPREAD = 0.2
"""Pauses are longer or shorter by so much of them, lest all that failed together tries together."""

SLACK = timedelta(minutes=1)
"""So much may the clocks of two machines differ."""

BELLS = 50
"""Of one account in one sweep."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That this sender has the message in hand; the lease proves it when it is done."""

    message_id: int
    account_id: int
    lease: str
    attempts: int
    """This one included."""
    refused: Mapping[str, Any]
    """Who has been refused while others got it, as in ``Message.refused``."""


def claim(message_id: int) -> Claim | None:
    """Take what is next in the account this message belongs to: that is it, unless an older one waits."""
    with writing():
        account = session.scalar(
            select(Account)
            .join(Message, Message.account_id == Account.id)
            .where(Message.id == message_id)
            .with_for_update(of=Account, key_share=True)  # senders of one account decide one after another
        )
        if account is None or quarantine.is_held() or _pause_of(account.id) or _used_up(account):
            return None
        query = select(Message.id, Message.attempts, Message.refused)
        oldest = session.execute(
            query.where(*due(), Message.account_id == account.id).order_by(Message.id).limit(1)
        ).first()
        if oldest is None:
            return None
        lease = secrets.token_hex(16)
        until = now() + timedelta(seconds=settings().outbox.lease_seconds)
        session.execute(
            update(Message)
            .where(Message.id == oldest.id)
            .values(state="sending", lease=lease, leased_until=until, attempts=oldest.attempts + 1)
        )
        return Claim(oldest.id, account.id, lease, oldest.attempts + 1, oldest.refused)


def due() -> tuple[Any, ...]:
    """What may leave now."""
    return (
        Message.state.in_(CLAIMABLE),
        or_(Message.not_before.is_(None), Message.not_before <= now()),
    )


def next_due() -> Sequence[int]:
    """The first few of every account that may send."""
    if quarantine.is_held():
        return []
    waiting = session.scalars(
        select(Message.account_id).where(*due(), Message.account_id.not_in(_paused())).distinct()
    ).all()
    found: list[int] = []
    for account_id in waiting:
        query = select(Message.id).where(*due(), Message.account_id == account_id)
        found += session.scalars(query.order_by(Message.id).limit(BELLS))
    return found


def pause(attempts: int) -> timedelta:
    """Between what has failed so often and its next try, ever longer; at first it is the undo window."""
    if not attempts:
        return timedelta(seconds=settings().outbox.undo_seconds)
    return timedelta(seconds=min(30 * 2 ** (attempts - 1), 3600))


def set_right() -> None:
    """What a clock that was ahead put off for longer than any pause of ours begins its pause now.

    It does not leave at once: whoever wrote it may still take it back. What has a moment of its own
    (``send_at``) waits for that.
    """
    lost = (
        Message.state == "queued",
        Message.send_at.is_(None),
        Message.not_before > now() + SLACK,  # of many that wait, an index finds these few
        Message.not_before > after_pause(Message.attempts, 1 + SPREAD, SLACK),
    )
    with reading():
        found = session.scalar(select(Message.id).where(*lost).limit(1))
    if found:
        with writing():
            session.execute(update(Message).where(*lost).values(not_before=after_pause(Message.attempts)))


def after_pause(
    attempts: SQLColumnExpression[int], times: float = 1.0, more: timedelta = timedelta()
) -> ColumnElement[datetime]:
    """When a pause that began now would be over, of what was tried so often."""
    moment, most = now(), settings().outbox.attempts
    ends = [literal(moment + pause(n) * times + more, Instant()) for n in range(most + 1)]
    return case(dict(enumerate(ends)), value=attempts, else_=ends[-1])


def stuck() -> Sequence[int]:
    """What was being sent when its sender died."""
    return session.scalars(select(Message.id).where(*_abandoned())).all()


def doubt(message_id: int) -> None:
    """Nobody knows whether it left."""
    with writing():
        session.execute(
            update(Message)
            .where(Message.id == message_id, *_abandoned())
            .values(state="unconfirmed", lease=None, leased_until=None)
        )


def unexplained() -> Sequence[int]:
    """What waits for its account and does not say so yet."""
    query = select(Message.id).where(*due(), Message.failure == "")
    if not quarantine.is_held():
        query = query.where(Message.account_id.in_(_paused()))
    return session.scalars(query.order_by(Message.id).limit(BELLS)).all()


def explain(account_id: int, reason: str, detail: str) -> None:
    """Everything of the account that is due waits for the same reason."""
    session.execute(
        update(Message)
        .where(*due(), Message.account_id == account_id)
        .values(failure=reason[:255], failure_detail=detail[:255])
    )


def reason_of(account_id: int) -> tuple[str, str]:
    """Why the others of the account wait."""
    if quarantine.is_held():
        return quarantine.HOLDS, ""
    found = session.execute(
        select(Message.failure, Message.failure_detail)
        .where(*due(), Message.account_id == account_id, Message.failure != "")
        .order_by(Message.id)
        .limit(1)
    ).first()
    return (found[0], found[1]) if found else ("", "")


def _abandoned() -> tuple[Any, ...]:
    """Its lease is over, or so far off that a wrong clock wrote it."""
    moment = now()
    over = moment + 2 * timedelta(seconds=settings().outbox.lease_seconds)
    return (Message.state == "sending", or_(Message.leased_until < moment, Message.leased_until > over))


def _paused() -> Any:
    moment = now()
    return select(Connection.account_id).where(
        Connection.direction == "out",
        Connection.paused_until > moment,
        Connection.paused_until < moment + LONGEST_WAIT,
    )


def _pause_of(account_id: int) -> datetime | None:
    until = connections.pause_of(account_id, "out")
    return until if until and until < now() + LONGEST_WAIT else None


def _used_up(account: Account) -> bool:
    """Whether the account has sent what its provider allows in an hour; then it waits for the next place."""
    limit = int(account.settings.get("hourly_limit") or 0)
    if limit <= 0:
        return False
    moment = now()
    # a clock that went back leaves some in the future: they do not count, lest nothing leaves until then
    sent = select(Message.sent_at).where(
        Message.account_id == account.id,
        Message.sent_via == "smtp",
        Message.sent_at > moment - HOUR,
        Message.sent_at <= moment,
    )
    leaving = select(func.count()).where(Message.account_id == account.id, Message.state == "sending")
    places = limit - (session.scalar(leaving) or 0)
    if places > 0:
        first = session.scalar(sent.order_by(Message.sent_at.desc()).offset(places - 1).limit(1))
        if first is None:
            return False
        seconds = (first + HOUR - moment).total_seconds()
    else:
        seconds = 60.0
    connections.paused(account.id, max(seconds, 1.0))
    explain(account.id, ALLOWS, str(limit))
    return True
