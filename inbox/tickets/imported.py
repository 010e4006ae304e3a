"""Older mail of our own: what the team wrote before this house stood."""

from __future__ import annotations

from sqlalchemy import select

from inbox import customers, search
from inbox.channels import Inbound, Person
from inbox.db import session
from inbox.models import Account, Message, Payload, Thread, Ticket
from inbox.text import snippet
from inbox.tickets import threading
from inbox.tickets.changing import changing
from inbox.tickets.ours import ours
from inbox.tickets.receive import row_of, team_of


def bring_in(account: Account, inbound: Inbound, payload: Payload) -> Message | None:
    """Put a mail that we sent long ago into its conversation, as sent. None if we have it, or nobody got it.

    Raises IntegrityError as ``receive`` does.
    """
    recipient = _recipient(inbound)
    if recipient is None or _is_known(account, inbound):
        return None
    thread = _thread(account, inbound)
    ticket, opening = thread.ticket, thread.ticket is None
    if ticket is None:
        ticket = _closed(account, inbound, thread, recipient)
    with changing(ticket, imported=True) as change:
        if opening:
            change.record("opened", imported=True)
        message = row_of(ticket, inbound, thread, payload)
        session.add(message)
        message.kind, message.state, message.imported = "reply", "sent", True
        message.sent_at = message.created_at
        session.flush()
        ticket.message_count += 1
        if opening or message.created_at >= ticket.active_at:
            ticket.snippet = snippet(message.text or message.subject)
            ticket.active_at = message.created_at
        if opening:
            ticket.created_at = ticket.resolved_at = message.created_at
        change.record("reply_imported", message)
    if opening:
        search.index_ticket(ticket, fresh=True)
    search.index_message(message)
    return message


def _recipient(inbound: Inbound) -> Person | None:
    """The first it went to who is not one of us."""
    people = [person for person in (*inbound.to, *inbound.cc) if person.address]
    own = ours(person.address for person in people)
    return next((person for person in people if person.address not in own), None)


def _is_known(account: Account, inbound: Inbound) -> bool:
    """By its Message-ID, too: what left from here is there already, under the name we gave it."""
    here = Message.account_id == account.id
    if session.scalar(select(Message.id).where(here, Message.external_id == inbound.external_id)):
        return True
    sent = (Message.kind == "reply", Message.message_id_header == inbound.message_id)
    return bool(inbound.message_id) and session.scalar(select(Message.id).where(here, *sent)) is not None


def _thread(account: Account, inbound: Inbound) -> Thread:
    if quoted := threading.quoted_thread(account, inbound):
        return quoted
    thread = Thread(account=account, external_id=inbound.external_id)
    thread.address = threading.address_among(account, [customers.normal("mail", inbound.sender.address)])
    session.add(thread)
    session.flush()
    return thread


def _closed(account: Account, inbound: Inbound, thread: Thread, recipient: Person) -> Ticket:
    ticket = Ticket(
        subject=(inbound.subject or snippet(inbound.text, 80))[:998],
        status="closed",
        priority="normal",
        identity=customers.identify(account.kind, recipient),
        account=account,
        assignee_id=None,
        team_id=team_of(thread),
        version=0,
        message_count=0,
        tags=[],
    )
    session.add(ticket)
    thread.ticket = ticket
    session.flush()
    return ticket
