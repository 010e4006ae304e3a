"""Which thread a message belongs to, and whether its ticket goes on.

Proof comes first: what carries a signature of ours. Then what anybody could write (References, a number in
the subject), which counts only from somebody who takes part. Whoever else claims to go on with a conversation
gets a ticket of their own that is linked to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from inbox import customers
from inbox.channels import Inbound
from inbox.config import settings
from inbox.db import now, session
from inbox.models import Account, AccountAddress, Identity, Message, Thread, Ticket

BIGGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes: a thread, and for a new one the ticket its sender claims to go on with."""

    thread: Thread
    claimed: Ticket | None = None


def find(account: Account, inbound: Inbound, identity: Identity) -> Place:
    """The thread it continues, or a new one, which is the caller's to write."""
    claimed: Ticket | None = None
    for thread, proved in _candidates(account, inbound):
        if thread.account_id == account.id and (
            takes_part(identity, thread) or (proved and _is_open_to_others(thread, inbound))
        ):
            return Place(_written_to(thread, inbound))
        claimed = claimed or thread.ticket
    thread = Thread(
        account=account, external_id=inbound.conversation or inbound.external_id, ticket=None, address=None
    )
    return Place(_written_to(thread, inbound), claimed)


def _candidates(account: Account, inbound: Inbound) -> Iterable[tuple[Thread, bool]]:
    """Threads it may mean, likeliest first, and whether a signature of ours proves it."""
    if inbound.thread is not None and (signed := session.get(Thread, inbound.thread)):
        yield signed, True
    if inbound.conversation is not None:
        which = (Thread.account_id == account.id, Thread.external_id == inbound.conversation)
        if same := session.scalar(select(Thread).where(*which)):
            yield same, True
    if quoted := quoted_thread(account, inbound):
        yield quoted, False
    if inbound.ticket is not None and inbound.ticket <= BIGGEST:
        named = (Thread.ticket_id == inbound.ticket, Thread.account_id == account.id)
        for thread in session.scalars(select(Thread).where(*named).order_by(Thread.id.desc()).limit(5)):
            yield thread, False


def _is_open_to_others(thread: Thread, inbound: Inbound) -> bool:
    """Who got hold of an old mail does not take its conversation over; a machine's note changes nothing."""
    return thread.ticket is None or goes_on(thread.ticket) or bool(inbound.automated)


def quoted_thread(account: Account, inbound: Inbound) -> Thread | None:
    """Where the newest message of ours or theirs stands that its References name."""
    if not inbound.refers_to:
        return None
    return session.scalar(
        select(Thread)
        .join(Message, Message.thread_id == Thread.id)
        .where(Message.account_id == account.id, Message.message_id_header.in_(inbound.refers_to))
        .order_by(Message.id.desc())
        .limit(1)
        .options(joinedload(Thread.ticket))
    )


def _written_to(thread: Thread, inbound: Inbound) -> Thread:
    """Remember at which of our addresses it arrived, where that is not known yet."""
    if thread.address_id is None:
        thread.address = address_among(thread.account, inbound.arrived_at)
    return thread


def address_among(account: Account, arrived_at: Iterable[str]) -> AccountAddress | None:
    """The first of these that is an address of the account."""
    known = {row.address: row for row in account.addresses}
    return next((known[address] for address in arrived_at if address in known), None)


# --------------------------------------------------------------------------------------- who takes part


def takes_part(identity: Identity, thread: Thread) -> bool:
    """Whether this is somebody who wrote here or was written to. Who is not who they say is nobody."""
    if identity.kind == customers.UNVERIFIED:
        return False
    if thread.ticket and thread.ticket.identity_id == identity.id:
        return True
    rows = session.execute(
        select(Message.identity_id, Message.kind, Message.recipients).where(
            Message.thread_id == thread.id,
            Message.third_party.is_(False),  # who came in uninvited stays a third party
            Message.forward.is_(False),  # and who was shown it only
        )
    )
    return any(
        (author is not None and author == identity.id)
        or (kind == "reply" and identity.address in _written_to_in(recipients))
        for author, kind, recipients in rows
    )


def _written_to_in(recipients: dict[str, list[dict[str, str]]]) -> set[str]:
    people = (person for role in ("to", "cc", "bcc") for person in recipients.get(role, ()))
    return {customers.normal("mail", person["address"]) for person in people}


# ------------------------------------------------------------------------------------------ its ticket


def goes_on(ticket: Ticket) -> bool:
    """Open, or spam, or resolved so recently that an answer means it was not."""
    if ticket.is_open or ticket.status == "spam":
        return True
    window = timedelta(days=settings().tickets.reopen_days)
    return ticket.status == "resolved" and (ticket.resolved_at or now()) > now() - window
