"""What went wrong and waits for a person: mail that could not be read, or came in floods, and answers that
did not leave or did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal, literal_column, or_, select, true
from sqlalchemy.orm import joinedload

from inbox import connections, floods, live, oauth, quarantine, ratings
from inbox.access import visible_to
from inbox.db import session, written
from inbox.floods import Flood
from inbox.models import Account, Agent, Event, Identity, Message, Payload, Ticket
from inbox.models.payload import KNOWN
from inbox.models.team import membership

MOST = 200


_UNSENT: tuple[ColumnElement[bool], ...] = tuple(
    literal_column(part) for part in ("message.state = 'failed'", "NOT message.put_aside")
)
"""In the words of ``ix_message_not_sent``, so that a database knows its index by them."""


def payloads(agent: Agent) -> Sequence[Payload]:
    """What came and could not be taken in, oldest first: somebody waits for it."""
    return session.scalars(
        select(Payload)
        .join(Payload.account)
        .where(Payload.state == "failed", _of_account(agent))
        .options(joinedload(Payload.account))
        .order_by(Payload.id)
        .limit(MOST)
    ).all()


def messages(agent: Agent) -> Sequence[Message]:
    """Answers that did not leave, and those that came back."""
    return session.scalars(
        select(Message)
        .join(Message.ticket)
        .where(*_UNSENT, visible_to(agent))
        .options(
            joinedload(Message.ticket).joinedload(Ticket.identity).joinedload(Identity.customer),
            joinedload(Message.author),
        )
        .order_by(Message.id)
        .limit(MOST)
    ).all()


def payload(agent: Agent, payload_id: int) -> Payload | None:
    """One payload that was not taken in, if this agent may see what comes to its account.

    What became a message is seen with its ticket, by those who may see that.
    """
    not_taken_in = (Payload.state.in_(("failed", "ignored", "held")), Payload.reason != KNOWN)
    return session.scalar(
        select(Payload)
        .join(Payload.account)
        .where(Payload.id == payload_id, _of_account(agent), *not_taken_in)
    )


def counted(agent: Agent) -> ColumnElement[int]:
    """How many there are, as a part of another query."""
    unread = select(func.count()).select_from(Payload).join(Payload.account)
    unsent = select(func.count()).select_from(Message).join(Message.ticket)
    return (
        unread.where(Payload.state == written("failed"), _of_account(agent)).scalar_subquery()
        + unsent.where(*_UNSENT, visible_to(agent)).scalar_subquery()
        + floods.counted(_of_account(agent))
        + ratings.counted(agent)
        + (connections.counted() + quarantine.counted() if agent.is_admin else literal(0))
    )


def count(agent: Agent) -> int:
    return int(session.execute(select(counted(agent))).scalar_one())


def ignore_payload(item: Payload, by: Agent) -> None:
    """Leave it be. Its bytes stay, and it can still be downloaded."""
    if item.state == "failed":
        item.state = "ignored"
        live.attention()


def put_aside(message: Message, by: Agent) -> None:
    """It did not arrive, and that is known: it asks for nobody any more."""
    if message.state == "failed":
        message.put_aside = True
        live.attention()


@dataclass(frozen=True, slots=True)
class Broken:
    """A mailbox that does not work, or soon will not."""

    account: Account
    direction: str = ""
    """``in`` or ``out``; empty for a permission that is about to end."""
    since: datetime | None = None
    reason: str = ""
    detail: str = ""
    ends_at: datetime | None = None


def broken(agent: Agent) -> list[Broken]:
    """Mailboxes that cannot fetch or send, and permissions that end within a week: for those who mend it."""
    if not agent.is_admin:
        return []
    failing = [
        Broken(account, row.direction, row.failing_since, row.reason, row.reason_detail)
        for account, row in connections.broken()
    ]
    seen = {one.account.id for one in failing}
    ending = [kept for kept in oauth.endings() if kept.account_id not in seen]
    accounts = {kept.account_id: session.get_one(Account, kept.account_id) for kept in ending}
    return failing + [
        Broken(accounts[kept.account_id], ends_at=kept.refresh_expires_at, reason=kept.reason)
        for kept in ending
    ]


def held_since(agent: Agent) -> datetime | None:
    """When this copy was restored, while it neither fetches nor sends: for those who release it."""
    return quarantine.held_since() if agent.is_admin else None


def flooded(agent: Agent) -> Sequence[Flood]:
    """Who sent so much at once that it is kept aside."""
    return floods.waiting(_of_account(agent))


def take_in(item: Payload, by: Agent) -> None:
    """Let in what is held of this one's sender."""
    _decided("flood_taken_in", item, by, floods.take_in(item.account_id, item.sender))


def leave_out(item: Payload, by: Agent) -> None:
    """Leave out what is held of this one's sender; the bytes stay."""
    _decided("flood_left_out", item, by, floods.leave_out(item.account_id, item.sender))


def _decided(kind: str, item: Payload, by: Agent, n: int) -> None:
    data = {"account": item.account_id, "payload": item.id, "n": n}
    session.add(Event(kind=kind, agent_id=by.id, data=data))


def _of_account(agent: Agent) -> ColumnElement[bool]:
    if agent.sees_everything:
        return true()
    teams = select(membership.c.team_id).where(membership.c.agent_id == agent.id)
    return or_(Account.team_id.is_(None), Account.team_id.in_(teams))
