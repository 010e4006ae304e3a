"""Having payloads to ourselves while we read them, with a lease that ends if we die."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, and_, bindparam, case, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from inbox import rows
from inbox.db import Instant, claiming, now, plain
from inbox.models import Account, AccountAddress, Payload

_PAYLOAD = cast(Table, Payload.__table__)

LEASE = timedelta(seconds=60)
AHEAD = timedelta(seconds=20)
"""Of those that are read together with another one: nobody waits a minute for the reader of a neighbour."""

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
    until: datetime
    """The end of our lease, by which we know it as ours."""


def claim(payload_id: int, most: int) -> list[Claimed]:
    """Have this payload to ourselves, and of the next numbers, ``most`` in all, small ones that nobody tried
    to read yet. In their order; empty where somebody else has it.
    """
    moment = now()
    asked = {"first": payload_id, "last": payload_id + most - 1, "now": moment, "until": moment + LEASE}
    asked["soon"] = moment + AHEAD
    asked["wrong"] = moment + 2 * LEASE
    with claiming():
        payloads = sorted((rows.read(Payload, row) for row in plain(_CLAIM, asked)), key=lambda one: one.id)
        accounts = {number: _account(number) for number in {payload.account_id for payload in payloads}}
    for payload in payloads:
        set_committed_value(payload, "account", accounts[payload.account_id])
    return [_claimed(payload) for payload in payloads]


def give_back(left: Sequence[Claimed]) -> None:
    """What we did not come to: whoever is rung for it next has it at once, before what came later."""
    with claiming():
        plain(_GIVE_BACK, [{"payload": one.payload_id, "ours": one.until} for one in left])


def _account(account_id: int) -> Account:
    """With its addresses."""
    found = plain(_ACCOUNT, {"account": account_id})
    account = rows.read(Account, found[0][:_WIDE])
    addresses = [rows.read(AccountAddress, row[_WIDE:]) for row in found if row[_WIDE] is not None]
    set_committed_value(account, "addresses", addresses)
    return account


def _claimed(payload: Payload) -> Claimed:
    assert payload.leased_until is not None
    account = payload.account
    return Claimed(
        payload,
        payload.id,
        payload.attempts,
        payload.sha256,
        tuple(payload.recipients),
        payload.imported,
        Account(kind=account.kind, address=account.address, settings=account.settings),
        payload.leased_until,
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
    .values(
        leased_until=case(
            (_PAYLOAD.c.id == bindparam("first"), bindparam("until", type_=Instant())),
            else_=bindparam("soon", type_=Instant()),
        ),
        attempts=_PAYLOAD.c.attempts + 1,
    )
    .returning(*_PAYLOAD.c)
)
_GIVE_BACK = (
    update(_PAYLOAD)
    .where(_PAYLOAD.c.id == bindparam("payload"), _PAYLOAD.c.state == "new")
    .where(_PAYLOAD.c.leased_until == bindparam("ours"))
    .values(leased_until=None, attempts=_PAYLOAD.c.attempts - 1)
)
_ACCOUNT = (
    select(Account.__table__, AccountAddress.__table__)
    .outerjoin_from(Account, AccountAddress)
    .where(Account.id == bindparam("account"))
    .order_by(AccountAddress.id)
)
_WIDE = len(Account.__table__.columns)
"""So many columns of it are the account's."""
