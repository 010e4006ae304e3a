"""Changing who a customer is, one fact at a time, so that two people who change different ones never meet.

Whoever changes a fact says what it was when they began. If somebody else has changed it since, nothing is
written: they see what it is now, and say again what they want.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from inbox import audit, live, search
from inbox.customers import fields
from inbox.customers.fields import Known, known
from inbox.db import dialect, session
from inbox.models import Agent, Customer, CustomerField, Event, Identity, Organisation, Ticket
from inbox.models.customer import TIERS
from inbox.text import fold

__all__ = ["FACTS", "Invalid", "Known", "change", "known", "let_know", "lock", "own_values", "shown"]

FACTS = ("name", "tier", "organisation", "language", "zone", "note")
"""What every house knows of a customer; ``field-3`` is one of its own."""

LOOKED_AFTER = ("tier", "organisation")
"""Facts that decide how somebody is served: of those with the right ``customers``."""

LONGEST_NAME = 255
LONGEST_NOTE = 4000
MOST_OPEN = 50
"""Conversations whose screens are told."""

Invalid = fields.Invalid


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Somebody was faster: what it is now, and who made it so."""

    value: str
    by: Agent | None


def shown(customer: Customer, fact: str) -> str:
    """A fact as a form shows it. Raises KeyError for none of theirs."""
    if field_id := _field_id(fact):
        if session.get(CustomerField, field_id) is None:
            raise KeyError(fact)
        return fields.value_of(customer, field_id)
    if fact not in FACTS:
        raise KeyError(fact)
    if fact == "organisation":
        return customer.organisation.name if customer.organisation else ""
    return getattr(customer, fact) or ""


def _field_id(fact: str) -> int | None:
    kind, _dash, number = fact.partition("-")
    fits = kind == "field" and number.isascii() and number.isdigit() and len(number) < 10
    return int(number) if fits else None


def own_values(customer: Customer) -> dict[str, str]:
    """What is known in fields of the house's own, by ``field-3``."""
    return {one.key: one.value for one in known(customer) if one.value}


def change(customer: Customer, fact: str, typed: str, was: str, by: Agent) -> Meanwhile | None:
    """Make a fact what was typed, if it still is what it was. Raises Invalid, and KeyError for no fact."""
    lock(customer)
    now, new = shown(customer, fact), read(fact, typed)
    if new == now:
        return None
    if now != was:
        return Meanwhile(now, _who_changed(customer, fact))
    _put(customer, fact, new)
    customer.version += 1
    session.flush()
    audit.record("customer_changed", by, customer_id=customer.id, fields=[fact])
    let_know(customer, reindex=fact == "name")
    return None


def lock(customer: Customer) -> None:
    """Have them to ourselves, as they are now, until we commit. SQLite has one writer at a time anyway."""
    session.flush()
    session.refresh(customer, with_for_update={"of": Customer} if dialect() == "postgresql" else None)


def read(fact: str, typed: str) -> str:
    """What was typed, as it is shown afterwards. Raises Invalid with the fact, or with a field's kind."""
    if field_id := _field_id(fact):
        field = session.get(CustomerField, field_id)
        if field is None:
            raise KeyError(fact)
        return fields.read(field, typed)
    if fact == "note":
        return note(typed)
    typed = " ".join("".join(c for c in typed if c.isprintable() or c.isspace()).split())
    if fact == "organisation":
        return organisation(typed).name if typed else ""
    if (fact == "name" and not 0 < len(typed) <= LONGEST_NAME) or (fact == "tier" and typed not in TIERS):
        raise Invalid(fact)
    if (fact == "language" and len(typed) > 8) or (fact == "zone" and len(typed) > 64):
        raise Invalid(fact)
    return typed


def note(typed: str) -> str:
    """Some lines of text, without what nobody sees. Raises Invalid."""
    lines = typed.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    clean = "\n".join(plain(line) for line in lines).strip()
    if len(clean) > LONGEST_NOTE:
        raise Invalid("note")
    return clean


def plain(line: str) -> str:
    return "".join(c for c in line if c.isprintable() or c == "\t").rstrip()


def organisation(name: str) -> Organisation:
    """The one that is called so, capitals and accents aside. Raises Invalid."""
    wanted = fold(name)
    every = session.execute(select(Organisation.id, Organisation.name))
    found = next((number for number, called in every if fold(called) == wanted), None)
    if found is None:
        raise Invalid("organisation")
    return session.get_one(Organisation, found)


def _put(customer: Customer, fact: str, value: str) -> None:
    if field_id := _field_id(fact):
        fields.put(customer, field_id, value)
    elif fact == "organisation":
        customer.organisation = organisation(value) if value else None
    else:
        setattr(customer, fact, value or (None if fact in ("language", "zone") else ""))


def _who_changed(customer: Customer, fact: str) -> Agent | None:
    changes = (
        select(Event)
        .where(Event.customer_id == customer.id, Event.kind == "customer_changed")
        .order_by(Event.id.desc())
        .limit(20)
    )
    return next((event.agent for event in session.scalars(changes) if fact in event.data["fields"]), None)


# ------------------------------------------------------------------------------- what follows from it


def let_know(*customers: Customer, reindex: bool = True) -> None:
    """Their conversations are found by what they are called now, and open screens show it."""
    theirs = select(Identity.id).where(Identity.customer_id.in_([one.id for one in customers]))
    if reindex:
        search.index_tickets_of(theirs)
    newest = select(Ticket).where(Ticket.identity_id.in_(theirs)).order_by(Ticket.active_at.desc())
    live.customer(session.scalars(newest.limit(MOST_OPEN)).all())
