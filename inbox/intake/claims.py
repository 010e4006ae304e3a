"""Having payloads to ourselves while we read them, with a lease that ends if we die."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import aliased, joinedload

from inbox.db import claiming, now, plain, session
from inbox.models import Account, Payload

_PAYLOAD = cast(Table, Payload.__table__)

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 4

TOGETHER = 16
"""So many that wait are read in one go at most: a worker that dies leaves them until their lease is over."""

SMALL = 1_000_000
"""Bytes. Larger ones are read by themselves: sixteen of the largest would fill the memory."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A payload that is ours to read, and what of it is needed beside the database."""

    payload: Payload
    payload_id: int
    attempts: int
    sha256: str
    recipients: tuple[str, ...]
    imported: bool
    account: Account
    """A copy that no session has: what one has is emptied when it rolls back, maybe while we read."""


def claim(payload_id: int, most: int) -> list[Claimed]:
    """Have this payload to ourselves, and of the next numbers, ``most`` in all, small ones that nobody tried
    to read yet. In their order; empty where somebody else has it.
    """
    moment = now()
    asked = {"first": payload_id, "last": payload_id + most - 1, "now": moment, "until": moment + LEASE}
    asked["wrong"] = moment + 2 * LEASE
    with claiming():
        ids = plain(_CLAIM, asked).scalars().all()
        payloads: Sequence[Payload] = session.scalars(_CLAIMED, {"ids": ids}).unique().all() if ids else ()
    return [_claimed(payload) for payload in payloads]


def _claimed(payload: Payload) -> Claimed:
    account = payload.account
    return Claimed(
        payload,
        payload.id,
        payload.attempts,
        payload.sha256,
        tuple(payload.recipients),
        payload.imported,
        Account(kind=account.kind, address=account.address, settings=account.settings),
    )


# what is said of every mail is put into words once
_FIRST = aliased(_PAYLOAD)
_UNTRIED = select(_FIRST.c.attempts).where(_FIRST.c.id == bindparam("first")).scalar_subquery() == 0
_CLAIM = (
    update(_PAYLOAD)
    .where(_PAYLOAD.c.id.between(bindparam("first"), bindparam("last")))
    # said so that no index over all that waits, thousands perhaps, seems better than these few numbers
    .where(func.coalesce(_PAYLOAD.c.state, "") == "new")
    .where(
        or_(
            _PAYLOAD.c.leased_until < bindparam("now"),
            _PAYLOAD.c.leased_until.is_(None),
            _PAYLOAD.c.leased_until > bindparam("wrong"),  # a clock that was ahead wrote it
        )
    )
    .where(
        or_(
            _PAYLOAD.c.id == bindparam("first"),
            # one that brought a reader down takes nobody with it the next time
            and_(_PAYLOAD.c.attempts == 0, _UNTRIED, _PAYLOAD.c.imported.is_(False), _PAYLOAD.c.size < SMALL),
        )
    )
    .values(leased_until=bindparam("until"), attempts=_PAYLOAD.c.attempts + 1)
    .returning(_PAYLOAD.c.id)
)
_CLAIMED = (
    select(Payload)
    .where(Payload.id.in_(bindparam("ids", expanding=True)))
    .options(joinedload(Payload.account).joinedload(Account.addresses))
    .order_by(Payload.id)
)
