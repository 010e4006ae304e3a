"""We write first: a conversation that the customer's answer goes on with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from inbox import customers, search
from inbox.access import visible_to
from inbox.channels import Person
from inbox.db import now, session
from inbox.models import AccountAddress, Agent, Attachment, Draft, Identity, Message, Thread, Ticket
from inbox.models.ticket import OPEN
from inbox.tickets import senders, writing
from inbox.tickets.changing import changing
from inbox.tickets.recipients import checked
from inbox.tickets.refused import Refused
from inbox.tickets.reply import provisional, settle
from inbox.tickets.writing import THEN

People = Iterable[Person | str]


def start(
    sender: AccountAddress,
    by: Agent,
    html: str,
    *,
    key: str,
    to: People,
    subject: str,
    cc: People = (),
    bcc: People = (),
    files: Iterable[Attachment] = (),
    then: str = "pending",
    signed: bool = True,
    send_at: datetime | None = None,
    draft: Draft | None = None,
) -> Message:
    """Write to somebody from one of our addresses. The first of ``to`` is the customer it is about.

    The ticket belongs to its writer and to the address's team, and stands as ``then`` says. Its answers come
    back to it: the thread is named in the Message-ID. Raises Refused.
    """
    if sent := writing.already(by, key, "reply"):
        return sent
    if then not in THEN:
        raise ValueError(f"then is one of {', '.join(THEN)}")
    subject = " ".join(subject.split())[:998]
    if not subject:
        raise Refused("no_subject")
    words = writing.written(html, files)
    people, leaves = checked(to, cc, bcc), writing.moment(send_at)
    ticket = _ticket(sender, by, _customer(sender, people.to[0]), subject, then)
    thread = Thread(account=sender.account, ticket=ticket, address=sender, external_id=provisional(by, key))
    session.add(thread)
    session.flush()
    with changing(ticket, by) as change:
        change.record("opened", by_us=True)
        message = writing.message(change, words, key, thread)
        message.undo = {"draft": "new", "then": then}
        message.subject = subject
        writing.address(message, thread, sender, people, signed)
        writing.schedule(message, sender.account.kind, leaves)
        settle(thread, message)
        search.index_ticket(ticket, fresh=True)
        writing.add(change, message, words.files, draft)
        change.record("reply_written", message)
    writing.ring(message)
    return message


def known(agent: Agent, address: str) -> list[Ticket]:
    """Open conversations with somebody, newest first: those that this agent may see."""
    return list(
        session.scalars(
            select(Ticket)
            .join(Ticket.identity)
            .where(Identity.kind == "mail", Identity.address == customers.normal("mail", address))
            .where(Ticket.status.in_(OPEN), visible_to(agent))
            .order_by(Ticket.active_at.desc())
            .limit(5)
        )
    )


def _customer(sender: AccountAddress, person: dict[str, str]) -> Identity:
    return customers.identify(sender.account.kind, Person(person["address"], person["name"]))


def _ticket(sender: AccountAddress, by: Agent, identity: Identity, subject: str, then: str) -> Ticket:
    ticket = Ticket(
        subject=subject,
        status=then,
        priority="normal",
        identity=identity,
        account=sender.account,
        assignee=by,
        assignee_id=by.id,
        team_id=senders.team_of(sender),
        resolved_at=now() if then == "resolved" else None,
        version=0,
        message_count=0,
        tags=[],
    )
    session.add(ticket)
    session.flush()
    return ticket
