"""Whom an answer goes to by default, and whom it is only offered to.

Somebody gets copies because an agent wrote to them, or because a participant whose mail our server vouches
for did. All others are offered to the agent: a forged mail must not bring in a reader (Zendesk, 2024).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from inbox.channels import Person
from inbox.customers import normal
from inbox.db import asked
from inbox.models import Identity, Message, Ticket
from inbox.tickets.ours import ours

MOST = 50


class Said(NamedTuple):
    """Of a message what decides it: who gets an answer is no reason to fetch all that was said."""

    kind: str
    trust: str
    third_party: bool
    recipients: dict[str, Any]
    address: str | None
    """The customer's side only: one of us is nobody to write to."""
    name: str | None


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
    for message in _read(ticket) if said is None else map(_of, filter(_counts, said)):
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


def _read(ticket: Ticket) -> Iterable[Said]:
    """In order: not what a machine wrote, and not what went to somebody else."""
    return map(Said._make, asked(_SAID, {"ticket": ticket.id}))


_SAID = (
    select(*(getattr(Message, name) for name in Said._fields[:4]), Identity.address, Identity.name)
    .outerjoin(Message.identity)
    .where(Message.ticket_id == bindparam("ticket"), Message.kind != "note")
    .where(Message.automated == "", Message.forward.is_(False))
    .order_by(Message.id)
)


def _of(message: Message) -> Said:
    who = message.identity
    address, name = (who.address, who.name) if who else (None, None)
    return Said(message.kind, message.trust, message.third_party, message.recipients, address, name)


def _counts(message: Message) -> bool:
    return message.kind != "note" and not message.automated and not message.forward


def _vouches(message: Said) -> bool:
    return message.trust == "pass" and not message.third_party


def _author(message: Said) -> dict[str, Person]:
    return _keyed([Person(message.address, message.name or "")]) if message.address else {}


def _people(message: Said, *roles: str) -> list[Person]:
    listed = [person for role in roles for person in message.recipients.get(role, ())]
    return [Person(person["address"], person["name"]) for person in listed if person["address"]]


def _keyed(people: Iterable[Person]) -> dict[str, Person]:
    keyed: dict[str, Person] = {}
    for person in people:
        keyed.setdefault(normal("mail", person.address), person)
    return keyed
