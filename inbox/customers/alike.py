"""Who is likely the same person under another address. It decides with values and asks nobody; a person says
whether it is so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from inbox.access import customers_visible_to
from inbox.customers.free_mail import is_free
from inbox.customers.who import UNVERIFIED
from inbox.db import session
from inbox.models import Agent, Customer, CustomerWord
from inbox.text import words

_OFFICES = """
    admin adm atendimento billing comercial compras contact contato conta faturamento financeiro hello
    help info kontakt loja mail marketing noreply nfe office ola oi ouvidoria pedidos pos rh sac sales
    secretaria service shop suporte support team ti vendas webmaster
"""

ROLES = frozenset(_OFFICES.split())
"""Local parts that say an office, not a person."""

SHORTEST, LONG = 6, 9
"""A local part says who it is if it has several parts or a digit and so many letters. One that is a plain
word needs more: shorter ones are first names, which many share."""

MOST = 3
CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Face:
    """What two customers are compared by."""

    name: str
    addresses: tuple[str, ...]
    organisation: int | None = None


def likeness(one: Face, other: Face) -> str:
    """Why they may be the same person: ``name`` (and domain or organisation), ``address`` (the same before
    the @), or '' for no reason."""
    if _same_name(one, other) and _same_place(one, other):
        return "name"
    return "address" if _locals(one) & _locals(other) else ""


def _same_name(one: Face, other: Face) -> bool:
    mine, theirs = sorted(words(one.name)), sorted(words(other.name))
    return len(mine) > 1 and mine == theirs


def _same_place(one: Face, other: Face) -> bool:
    if one.organisation is not None and one.organisation == other.organisation:
        return True
    return bool(_domains(one) & _domains(other))


def _domains(face: Face) -> set[str]:
    """Of their own: half the country shares the others."""
    found = {address.rpartition("@")[2].lower() for address in face.addresses if "@" in address}
    return {domain for domain in found if not is_free(domain)}


def _locals(face: Face) -> set[str]:
    found = {address.rpartition("@")[0].partition("+")[0].lower() for address in face.addresses}
    return {local for local in found if _is_telling(local)}


def _is_telling(local: str) -> bool:
    parts = words(local)
    if not parts or set(parts) & ROLES:
        return False
    several = len(parts) > 1 or any(letter.isdigit() for letter in local)
    return len(local) >= (SHORTEST if several else LONG)


def face(customer: Customer) -> Face:
    """Without what is only claimed: a forger would be proposed as whom they pretend to be."""
    addresses = tuple(identity.address for identity in customer.identities if identity.kind != UNVERIFIED)
    return Face(customer.name, addresses, customer.organisation_id)


def likely(agent: Agent, customer: Customer) -> Sequence[tuple[Customer, str]]:
    """The few this agent may see who are likely the same, with the reason."""
    mine = face(customer)
    asked = {frozenset(words(mine.name)), *(frozenset(words(local)) for local in _locals(mine))}
    numbers = {number for terms in asked if terms for number in _holding_all(terms)} - {customer.id}
    if not numbers:
        return []
    others = session.scalars(
        select(Customer)
        .where(Customer.id.in_(numbers), customers_visible_to(agent))
        .options(selectinload(Customer.identities), joinedload(Customer.organisation))
        .order_by(Customer.id)
    )
    found = [(other, likeness(mine, face(other))) for other in others]
    return [(other, why) for other, why in found if why][:MOST]


def _holding_all(terms: frozenset[str]) -> Sequence[int]:
    return session.scalars(
        select(CustomerWord.customer_id)
        .where(CustomerWord.word.in_(terms))
        .group_by(CustomerWord.customer_id)
        .having(func.count() == len(terms))
        .order_by(CustomerWord.customer_id.desc())
        .limit(CANDIDATES)
    ).all()
