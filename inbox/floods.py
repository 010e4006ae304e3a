"""Mail bombs and list storms: what one sender sends too fast is kept aside, unopened, for a person to decide.

Counted by sender and account over ten minutes: a list is one sender, and so is a domain whose machines write.
While a storm goes on all of it is held; when it has calmed down its sender is heard again by itself. It is
counted where mail is kept, so that what is held never stands in a queue before the mail of others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update

from inbox import live
from inbox.channels import N_
from inbox.config import settings
from inbox.db import alone, now, plain, session, written
from inbox.mail.glance import Glance, glance
from inbox.models import Account, Payload

WINDOW = timedelta(minutes=10)
BATCH = 100
"""So many of what somebody took in go to the readers at once: new mail must not wait behind them."""

LEFT_OUT = N_("Too many at once from one sender: somebody left them out.")


@dataclass(frozen=True, slots=True)
class Flood:
    """What is held of one sender, for one account."""

    account: Account
    sender: str
    n: int
    first_id: int
    since: datetime
    until: datetime

    @property
    def minutes(self) -> int:
        """How long it took them to come, rounded up."""
        return max(1, -int(-(self.until - self.since).total_seconds() // 60))


def key_of(raw: bytes, its_account: Callable[[], Account] | None = None) -> str:
    """Whose flood this mail would belong to: ``list:id``, ``@domain`` for machines, or the address.

    A group of the account's own is no list: its customers write through it, each for themselves.
    """
    seen: Glance = glance(raw)
    if seen.list_id and its_account and its_account().is_list(seen.list_id):
        sender = seen.writer.address.address.lower() if seen.writer else seen.sender
        return sender[:255] or "?"
    if seen.list_id:
        return f"list:{seen.list_id}"[:255]
    return (f"@{seen.sender.rpartition('@')[2]}" if seen.automated else seen.sender)[:255] or "?"


def weigh(payload: Payload, sender: str) -> None:
    """Count a new mail for its sender, and hold it if it is one too many. In the caller's transaction.

    Exact with several receivers: whoever counts a sender has the sender to themselves until they commit.
    """
    limit = settings().mail.flood_limit
    alone(f"flood {payload.account_id} {sender}")
    asked = {"account": payload.account_id, "sender": sender, "since": now() - WINDOW, "limit": limit}
    kind, recent = plain(_RECENT, asked)[0]
    if kind != "mail":
        return
    if recent >= limit:
        same = _of(payload.account_id, sender)
        if not session.scalar(select(Payload.id).where(*same, *_WAITING).limit(1)):
            live.attention()  # one line more; its growing number need not be told each time
        payload.state = "held"
    payload.sender = sender


_SINCE = (
    select(Payload.id)
    .where(Payload.account_id == bindparam("account"), Payload.sender == bindparam("sender"))
    .where(Payload.created_at > bindparam("since"))
    .limit(bindparam("limit"))
    .subquery()
)
_RECENT = select(Account.kind, select(func.count()).select_from(_SINCE).scalar_subquery()).where(
    Account.id == bindparam("account")
)
_WAITING = (Payload.state == written("held"), Payload.released.is_(False))


def _of(account_id: int, sender: str) -> tuple[ColumnElement[bool], ...]:
    return (Payload.account_id == account_id, Payload.sender == sender)


def waiting(*which: ColumnElement[bool], limit: int = 50) -> Sequence[Flood]:
    """What is held and nobody decided on, by sender, of accounts that match ``which``."""
    rows = session.execute(
        select(
            Account,
            Payload.sender,
            func.count(),
            func.min(Payload.id),
            func.min(Payload.created_at),
            func.max(Payload.created_at),
        )
        .join(Account, Account.id == Payload.account_id)
        .where(*_WAITING, *which)
        .group_by(Account.id, Payload.sender)
        .order_by(func.min(Payload.id))
        .limit(limit)
    )
    return [Flood(*row) for row in rows]


def counted(*which: ColumnElement[bool]) -> ColumnElement[int]:
    """How many senders that are, as a part of another query."""
    senders = (
        select(Payload.account_id, Payload.sender)
        .join(Account, Account.id == Payload.account_id)
        .where(*_WAITING, *which)
        .distinct()
    )
    return select(func.count()).select_from(senders.subquery()).scalar_subquery()


def take_in(account_id: int, sender: str) -> int:
    """Let all of it in, a batch at a time; returns how many."""
    return _decide(account_id, sender, released=True)


def leave_out(account_id: int, sender: str) -> int:
    """Leave all of it be: the bytes stay. Returns how many."""
    return _decide(account_id, sender, state="ignored", reason=LEFT_OUT)


def _decide(account_id: int, sender: str, **values: Any) -> int:
    done = session.execute(update(Payload).where(*_of(account_id, sender), *_WAITING).values(**values))
    live.attention()
    return int(done.rowcount)  # type: ignore[attr-defined]


def next_released() -> list[int]:
    """The next batch of what somebody took in, now to be read. In the caller's transaction."""
    under_way = select(func.count()).where(Payload.state == "new", Payload.released)
    room = BATCH - (session.scalar(under_way) or 0)
    if room <= 0:
        return []
    waiting = select(Payload.id).where(Payload.state == "held", Payload.released).order_by(Payload.id)
    ids = list(session.scalars(waiting.limit(room)))
    session.execute(update(Payload).where(Payload.id.in_(ids)).values(state="new"))
    return ids
