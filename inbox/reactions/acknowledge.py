"""Confirm a new request, never too often: what answers by itself can be made to answer for ever.

Caps by address and by account stand in config.toml. Where an address keeps writing after it was answered
automatically, two machines are talking: then nothing is sent, and the ticket says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, bindparam, delete, func, select
from sqlalchemy.orm import contains_eager, joinedload

from inbox import quarantine
from inbox.config import settings
from inbox.db import alone, now, session
from inbox.models import Account, Acknowledgement, Event, Identity, Message, Thread, Ticket
from inbox.tickets.acknowledge import acknowledge, is_wanted, may_have_one
from inbox.tickets.changing import changing

BREAKS_AFTER, WITHIN = 5, timedelta(minutes=10)
"""So many mails from one address, with an automatic answer of ours among them, are two machines."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

STALE = timedelta(hours=24)
"""After that a confirmation confuses more than it helps."""


def confirm_requests(events: Sequence[Event]) -> None:
    """Send the confirmation for each message that opened a ticket, if it should have one."""
    opening = [one for one in events if one.data.get("opened") and not one.data.get("bounced")]
    wanted = [one.id for one in _accounts(opening) if is_wanted(one)] if opening else []
    messages = [one for one in _messages(opening, wanted) if may_have_one(one)] if wanted else []
    restored = quarantine.restored_at() if messages else None
    messages = [one for one in messages if not quarantine.was_before(one, restored)]
    if messages:
        alone("acknowledge")
        for message in messages:
            _confirm(message)
        _forget(wanted)


def _accounts(events: Sequence[Event]) -> Sequence[Account]:
    return session.scalars(_ACCOUNTS, {"tickets": [one.ticket_id for one in events]}).all()


_THEIRS = select(Ticket.account_id).where(Ticket.id.in_(bindparam("tickets", expanding=True)))
_ACCOUNTS = select(Account).where(Account.id.in_(_THEIRS))


def _messages(events: Sequence[Event], accounts: Sequence[int]) -> Sequence[Message]:
    """With all that a confirmation asks of them; what came long ago is none of them."""
    query = (
        select(Message)
        .join(Message.ticket)
        .where(
            Message.id.in_([one.message_id for one in events]),
            Message.created_at >= now() - STALE,
            Ticket.account_id.in_(accounts),
        )
        .options(
            contains_eager(Message.ticket),
            joinedload(Message.identity).joinedload(Identity.customer),
            joinedload(Message.thread).joinedload(Thread.address),
        )
        .order_by(Message.id)
    )
    return session.scalars(query).all()


def _confirm(message: Message) -> None:
    assert message.identity is not None
    account_id, address = message.ticket.account_id, message.identity.address
    lately, hour, day = _sent(Acknowledgement.address == address, WITHIN, HOUR, DAY)
    if lately and _wrote(message) >= BREAKS_AFTER:
        with changing(message.ticket) as change:
            change.record("loop_cut", message)
    elif _is_within_caps(account_id, hour, day):
        session.add(Acknowledgement(account_id=account_id, address=address))
        acknowledge(message)


def _wrote(message: Message) -> int:
    """So many mails of late from whoever wrote this one."""
    theirs = select(func.count()).where(
        Message.identity_id == message.identity_id,
        Message.account_id == message.account_id,
        Message.created_at > now() - WITHIN,
    )
    return session.scalar(theirs) or 0


def _is_within_caps(account_id: int, hour: int, day: int) -> bool:
    mail = settings().mail
    if hour >= mail.acknowledge_per_hour or day >= mail.acknowledge_per_day:
        return False
    [minute] = _sent(Acknowledgement.account_id == account_id, MINUTE)
    return minute < mail.acknowledge_per_minute


def _sent(which: ColumnElement[bool], *within: timedelta) -> Sequence[int]:
    """How many were, within each of these times."""
    counts = (func.count().filter(Acknowledgement.at > now() - time) for time in within)
    return session.execute(select(*counts).where(which, Acknowledgement.at > now() - max(within))).one()


def _forget(account_ids: Sequence[int]) -> None:
    """Nobody asks for more than a day."""
    old = (Acknowledgement.account_id.in_(account_ids), Acknowledgement.at < now() - timedelta(days=2))
    session.execute(delete(Acknowledgement).where(*old).execution_options(synchronize_session=False))
