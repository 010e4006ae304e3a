"""Whom a message of ours goes to: read from what was typed, and refused where it cannot arrive."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inbox.channels import Person
from inbox.mail.addresses import address_list
from inbox.mail.compose import can_be_written_to
from inbox.mail.values import Unreadable
from inbox.tickets.ours import ours
from inbox.tickets.refused import Refused

MOST = 50
"""People one message may go to, To, Cc and Bcc together: more is a newsletter."""

LONGEST_NAME = 200
ROLES = ("to", "cc", "bcc")

Listed = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Recipients:
    """As they stand in ``Message.recipients``: everybody once, and in the most visible place."""

    to: Listed
    cc: Listed
    bcc: Listed

    def as_json(self) -> dict[str, Listed]:
        return {"to": self.to, "cc": self.cc, "bcc": self.bcc}


def read(typed: str) -> list[Person]:
    """What stands in a field: ``Ana <ana@x>; b@y``. What is no address comes back as it was typed."""
    try:
        found = address_list(typed)
    except Unreadable:
        raise Refused("too_many") from None
    return [Person(one.address or one.name, one.name if one.address else "") for one in found]


def typed(people: Iterable[dict[str, str]]) -> str:
    """The same people as they would be typed."""
    return ", ".join(_mailbox(one.get("name", ""), one["address"]) for one in people)


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def checked(
    to: Iterable[Person | str], cc: Iterable[Person | str] = (), bcc: Iterable[Person | str] = ()
) -> Recipients:
    """Raises Refused: ``nobody``, ``too_many``, ``bad_copy`` (no address), ``own_address``."""
    taken: set[str] = set()
    lists = [[_one(person, taken) for person in role] for role in (to, cc, bcc)]
    kept = [[one for one in role if one] for role in lists]
    if not kept[0]:
        raise Refused("nobody")
    if len(taken) > MOST:
        raise Refused("too_many")
    if own := ours(taken):
        raise Refused("own_address", min(own))  # it would come back to us
    return Recipients(*kept)


def _one(person: Person | str, taken: set[str]) -> dict[str, str] | None:
    if isinstance(person, str):
        person = Person(person)
    address = person.address.strip()
    if not address:
        return None
    if not can_be_written_to(address):
        raise Refused("bad_copy", address[:200])
    if address.lower() in taken:
        return None
    taken.add(address.lower())
    name = "".join(char if char.isprintable() else " " for char in person.name)
    return {"name": " ".join(name.split())[:LONGEST_NAME], "address": address}
