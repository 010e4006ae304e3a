"""Confirm a new request, never too often: what answers by itself can be made to answer for ever.

Caps by address and by account stand in config.toml. Where an address keeps writing after it was answered
automatically, two machines are talking: then nothing is sent, and the ticket says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select

from inbox import quarantine
from inbox.config import settings
from inbox.db import alone, now, session
from inbox.models import Acknowledgement, Event, Message
from inbox.tickets.acknowledge import acknowledge, is_wanted, may_have_one
from inbox.tickets.changing import changing

BREAKS_AFTER, WITHIN = 5, timedelta(minutes=10)
"""So many mails from one address, with an automatic answer of ours among them, are two machines."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

STALE = timedelta(hours=24)
"""After that a confirmation confuses more than it helps."""


def confirm_request(event: Event) -> None:
    """Send the confirmation for the message that opened a ticket, if it should have one."""
    wanted = event.data.get("opened") and not event.data.get("bounced")
    message = session.get(Message, event.message_id) if wanted else None
    if message is None or message.identity is None or message.created_at < now() - STALE:
        return
    account, address = message.ticket.account, message.identity.address
    if not is_wanted(account) or not may_have_one(message) or quarantine.was_before(message):
        return
    alone(f"acknowledge {address}")
    alone(f"acknowledge account {account.id}")
    lately, hour, day = _sent(Acknowledgement.address == address, WITHIN, HOUR, DAY)
    if lately and _wrote(message) >= BREAKS_AFTER:
        with changing(message.ticket) as change:
            change.record("loop_cut", message)
    elif _is_within_caps(account.id, hour, day):
        session.add(Acknowledgement(account_id=account.id, address=address))
        _forget(account.id)
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


def _forget(account_id: int) -> None:
    """Nobody asks for more than a day."""
    old = (Acknowledgement.account_id == account_id, Acknowledgement.at < now() - timedelta(days=2))
    session.execute(delete(Acknowledgement).where(*old))
