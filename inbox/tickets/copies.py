"""Whom an answer goes to by default, and whom it is only offered to.

Somebody gets copies because an agent wrote to them, or because a participant whose mail our server vouches
for did. All others are offered to the agent: a forged mail must not bring in a reader (Zendesk, 2024).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload, load_only

from inbox.channels import Person
from inbox.customers import normal
from inbox.db import session
from inbox.models import Message, Ticket
from inbox.tickets.ours import ours

MOST = 50

_READ = (Message.kind, Message.trust, Message.third_party, Message.recipients)
"""Of messages that are read for this alone: who gets an answer is no reason to fetch all that was said."""


@dataclass(frozen=True, slots=True)
class Copies:
    """People by their addresses, none twice and none of our own."""

    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    offered: tuple[Person, ...]


def of(ticket: Ticket, said: Iterable[Message] | None = None) -> Copies:
    """What an answer to this ticket would say in To and Cc, unless its writer changes it.

    ``said`` are all its messages, where somebody has them at hand.
    """
    customer = Person(ticket.identity.address, ticket.identity.display_name)
    kept: dict[str, Person] = {}
    named: dict[str, Person] = {}
    for message in _said(ticket) if said is None else filter(_counts, said):
        named |= {**_author(message), **_keyed(_people(message, "to", "cc", "reply_to"))}
        if message.kind == "reply":
            kept = _keyed(_people(message, "to", "cc"))  # its writer saw the list and decided
        elif _vouches(message):
            kept |= _keyed(_people(message, "to", "cc"))
            kept |= _author(message)  # the customer is taken out below; somebody of the Cc stays in it
    own = {row.address for row in ticket.account.addresses}
    skip = {normal("mail", customer.address)}
    skip |= ours({*kept, *named} - skip, own)
    cc = tuple(person for address, person in kept.items() if address not in skip)[:MOST]
    offered = (person for address, person in named.items() if address not in skip | kept.keys())
    return Copies((customer,), cc, tuple(offered)[:MOST])


def _said(ticket: Ticket) -> Iterable[Message]:
    """What decides it, in order: not what a machine wrote, and not what went to somebody else."""
    return session.scalars(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.kind != "note")
        .where(Message.automated == "", Message.forward.is_(False))
        .options(joinedload(Message.identity), load_only(*_READ))
        .order_by(Message.id)
    )


def _counts(message: Message) -> bool:
    return message.kind != "note" and not message.automated and not message.forward


def _vouches(message: Message) -> bool:
    return message.trust == "pass" and not message.third_party


def _author(message: Message) -> dict[str, Person]:
    """The customer's side only: one of us is nobody to write to."""
    identity = message.identity
    return _keyed([Person(identity.address, identity.name)]) if identity else {}


def _people(message: Message, *roles: str) -> list[Person]:
    listed = [person for role in roles for person in message.recipients.get(role, ())]
    return [Person(person["address"], person["name"]) for person in listed if person["address"]]


def _keyed(people: Iterable[Person]) -> dict[str, Person]:
    keyed: dict[str, Person] = {}
    for person in people:
        keyed.setdefault(normal("mail", person.address), person)
    return keyed
