"""Whose matter a ticket is."""

from __future__ import annotations

from inbox import customers, search
from inbox.channels import Person
from inbox.db import session
from inbox.mail.compose import can_be_written_to
from inbox.models import Agent, Ticket
from inbox.tickets.changing import changing
from inbox.tickets.ours import is_ours


class NotACustomer(Exception):
    """It is no address one can write to, or one of our own."""


def set_customer(ticket: Ticket, address: str, name: str, by: Agent | None) -> None:
    """Make this the ticket's customer: who first wrote what a colleague forwarded, for example.

    Whoever was it before stays a participant, by what they wrote. The same verb with their address takes it
    back. Raises NotACustomer.
    """
    address = address.strip()
    if not can_be_written_to(address) or is_ours(address):
        raise NotACustomer(address)
    identity = customers.identify(ticket.account.kind, Person(address, " ".join(name.split())))
    session.flush()
    if identity.id == ticket.identity_id:
        return
    with changing(ticket, by) as change:
        before = ticket.identity_id
        ticket.identity, ticket.identity_id = identity, identity.id
        change.record("customer_set", before=before, to=identity.id)
        search.index_ticket(ticket)
