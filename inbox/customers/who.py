"""The person behind an address."""

from __future__ import annotations

import re

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from inbox import rows
from inbox.channels import Person
from inbox.db import plain, session
from inbox.models import Customer, Identity, Organisation, OrganisationDomain

UNVERIFIED = "unverified"
"""The kind of an identity that is only claimed: our server says the mail is forged, or its From is no honest
one. It is nobody's we know, so nothing it sends can touch a customer of that address."""

ONE_CASE = ("mail", UNVERIFIED)
"""Kinds whose addresses mean the same in capitals."""

_PLAIN_QUOTED = re.compile(r'"([^"\\\s@]+)"@(.+)')


def identify(kind: str, person: Person) -> Identity:
    """The identity of this address, with a new customer behind it if nobody wrote from it before.

    A new one has no id until the flush, which raises IntegrityError if somebody else adds it at the same
    moment: roll back and ask again.
    """
    if session.autoflush:
        session.flush()  # somebody may have been met a moment ago
    found = meet(kind, person)
    session.add(found)
    return found


def meet(kind: str, person: Person) -> Identity:
    """The same; a new one is the caller's to write, with its customer."""
    address = normal(kind, person.address)
    found = _find(kind, address) or _new(kind, address, person.name)
    if person.name and not found.name:
        found.name = person.name[:255]
        found.customer.name = found.customer.name or found.name
    return found


def normal(kind: str, address: str) -> str:
    """As it is kept and compared: ``"Ada"@X.example`` is ``ada@x.example`` (RFC 5321 section 4.1.2)."""
    address = address.strip()[:320]
    return _PLAIN_QUOTED.sub(r"\1@\2", address).lower() if kind in ONE_CASE else address


def _find(kind: str, address: str) -> Identity | None:
    row = next(iter(plain(_IDENTITY, {"kind": kind, "address": address})), None)
    if row is None:
        return None
    identity, customer = rows.beside(row, Identity, Customer)
    if "customer" not in vars(identity):
        set_committed_value(identity, "customer", customer)
    return identity


def _new(kind: str, address: str, name: str) -> Identity:
    belongs = _organisation(kind, address)
    customer = Customer(
        name=name[:255] or address.split("@")[0][:255],
        organisation=belongs,
        tier=(belongs.tier if belongs else "") or "standard",
    )
    return Identity(kind=kind, address=address, name=name[:255], customer=customer)


def _organisation(kind: str, address: str) -> Organisation | None:
    domain = address.rpartition("@")[2]
    if kind != "mail" or not domain:
        return None
    found = plain(_ORGANISATION, {"domain": domain})
    return session.get(Organisation, found[0][0]) if found else None


# what is asked of every mail is put into words once
_IDENTITY = (
    select(Identity.__table__, Customer.__table__)
    .join(Customer, Customer.id == Identity.customer_id)
    .where(Identity.kind == bindparam("kind"), Identity.address == bindparam("address"))
)
_ORGANISATION = select(OrganisationDomain.organisation_id).where(
    OrganisationDomain.domain == bindparam("domain")
)
