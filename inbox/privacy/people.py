"""Who somebody is, in rows: the customers they were merged from, and the addresses they wrote from."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from inbox import vault
from inbox.db import session
from inbox.models import Customer, Identity, PrivacyRequest
from inbox.privacy import ERASED


@dataclass(frozen=True, slots=True)
class Person:
    customers: tuple[int, ...]
    """The one that was kept first, then those that turned out to be them."""
    identities: tuple[int, ...]


def of(customer_id: int) -> Person:
    """With everybody they were merged with, in whatever order."""
    found = [customer_id]
    for number in found:  # it grows
        merged = session.scalars(select(Customer.id).where(Customer.merged_into_id == number))
        found += [one for one in merged if one not in found]
    whose = select(Identity.id).where(Identity.customer_id.in_(found)).order_by(Identity.id)
    return Person(tuple(found), tuple(session.scalars(whose)))


def has_changed(request: PrivacyRequest) -> bool:
    """Whether they were merged or parted since it was approved: then it is about somebody else."""
    now = of(request.customer_id).identities
    return sorted(request.scratch.get("identities", now)) != sorted(now)


def kept(customer: Customer) -> Customer:
    """Who they turned out to be, if they were merged."""
    seen = {customer.id}
    while customer.merged_into_id and customer.merged_into_id not in seen:
        seen.add(customer.merged_into_id)
        customer = session.get_one(Customer, customer.merged_into_id)
    return customer


def identities(person: Person) -> Sequence[Identity]:
    return session.scalars(
        select(Identity).where(Identity.id.in_(person.identities)).order_by(Identity.id)
    ).all()


def is_erased(customer: Customer) -> bool:
    return bool(customer.identities) and all(one.kind == ERASED for one in customer.identities)


def digest(kind: str, address: str) -> str:
    """By which an address is known again without being kept: HMAC-SHA256 with a key of this house."""
    said = f"{kind} {address}".encode()
    return hmac.digest(vault.derived(b"erased people"), said, hashlib.sha256).hex()
