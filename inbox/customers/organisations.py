"""Where customers belong: organisations, their domains, and who of the customers joins them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, update
from sqlalchemy.orm import joinedload, selectinload

from inbox import access, audit
from inbox.customers import editing
from inbox.customers.editing import LONGEST_NOTE, Invalid, Meanwhile, note
from inbox.customers.free_mail import is_free
from inbox.db import alone, dialect, session
from inbox.mail.domains import organisation as registered
from inbox.models import Agent, Customer, Identity, Organisation, OrganisationDomain, Ticket
from inbox.models.customer import TIERS
from inbox.models.customer_word import index
from inbox.models.ticket import OPEN
from inbox.text import fold

PAGE = 50
LONGEST_NAME = 255
MOST_DOMAINS = 50
FACTS = ("name", "tier", "note")
BATCH = 500

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """An organisation in the list, with how many customers of it the agent who asks may see."""

    organisation: Organisation
    members: int


def page(agent: Agent, q: str = "", after: int | None = None) -> tuple[Sequence[Row], int | None]:
    """By name; ``after`` is the id of the last one of a former page. Returns the next page's ``after``."""
    query = _named(agent).options(selectinload(Organisation.domains))
    if after is not None and (last := session.get(Organisation, after)):
        name = func.lower(Organisation.name)
        here = last.name.lower()
        query = query.where(or_(name > here, and_(name == here, Organisation.id > last.id)))
    if q:
        query = query.where(Organisation.id.in_(_called(q)))
    found = session.scalars(query.limit(PAGE + 1)).all()
    shown = found[:PAGE]
    return _counted(agent, shown), shown[-1].id if len(found) > PAGE else None


def names(agent: Agent, q: str, limit: int = 10) -> Sequence[str]:
    """What somebody may mean who types this."""
    query = _named(agent).where(Organisation.id.in_(_called(q))).limit(limit)
    return [one.name for one in session.scalars(query)]


def _named(agent: Agent) -> Select[Organisation]:
    visible = select(Organisation).where(access.organisations_visible_to(agent))
    return visible.order_by(func.lower(Organisation.name), Organisation.id)


def _called(q: str) -> list[int]:
    """Those with these letters in their name or a domain. There are hundreds of them and not hundreds of
    thousands, and no database folds accents as we do."""
    wanted = fold(q.strip())
    rows = session.execute(
        select(Organisation.id, Organisation.name, OrganisationDomain.domain).outerjoin(Organisation.domains)
    )
    return list({number for number, name, domain in rows if wanted in fold(name) or wanted in (domain or "")})


def _counted(agent: Agent, organisations: Sequence[Organisation]) -> list[Row]:
    counted = dict(
        session.execute(
            select(Customer.organisation_id, func.count())
            .where(
                Customer.organisation_id.in_([one.id for one in organisations]),
                access.customers_visible_to(agent),
            )
            .group_by(Customer.organisation_id)
        ).all()
    )
    return [Row(one, counted.get(one.id, 0)) for one in organisations]


def tickets_of(organisation: Organisation, agent: Agent, limit: int = 20) -> tuple[Sequence[Ticket], int]:
    """The newest conversations of its customers that this agent may see, and how many are open."""
    which = _tickets(organisation, agent)
    newest = select(Ticket).where(which).order_by(Ticket.active_at.desc(), Ticket.id.desc()).limit(limit)
    parts = (joinedload(Ticket.identity).joinedload(Identity.customer), joinedload(Ticket.account))
    open_ = select(func.count()).select_from(Ticket).where(which, Ticket.status.in_(OPEN))
    return session.scalars(newest.options(*parts)).all(), session.scalar(open_) or 0


def _tickets(organisation: Organisation, agent: Agent) -> ColumnElement[bool]:
    members = select(Customer.id).where(Customer.organisation_id == organisation.id)
    theirs = select(Identity.id).where(Identity.customer_id.in_(members))
    return and_(Ticket.identity_id.in_(theirs), Ticket.status != "spam", access.visible_to(agent))


# -------------------------------------------------------------------------------------- changing


def add(name: str, by: Agent) -> Organisation:
    """Raises Invalid."""
    alone("organisations")
    made = Organisation(name=_name(name, None))
    session.add(made)
    session.flush()
    audit.record("organisation_added", by, organisation=made.id)
    return made


def change(organisation: Organisation, fact: str, typed: str, was: str, by: Agent) -> Meanwhile | None:
    """As with customers: nothing is written if it is no longer what it was. Raises Invalid, and KeyError."""
    if fact not in FACTS:
        raise KeyError(fact)
    _lock(organisation)
    new = _read(organisation, fact, typed)
    now = getattr(organisation, fact)
    if new == now:
        return None
    if now != was:
        return Meanwhile(now, None)
    setattr(organisation, fact, new)
    session.flush()
    audit.record("organisation_changed", by, organisation=organisation.id, fields=[fact])
    return None


def _lock(organisation: Organisation) -> None:
    alone("organisations")
    session.flush()
    locked = {"of": Organisation} if dialect() == "postgresql" else None
    session.refresh(organisation, with_for_update=locked)


def _read(organisation: Organisation, fact: str, typed: str) -> str:
    if fact == "name":
        return _name(typed, organisation)
    if fact == "note":
        return note(typed)
    if typed not in ("", *TIERS):
        raise Invalid("tier")
    return typed


def _name(name: str, organisation: Organisation | None) -> str:
    """Two that are called the same could not be told apart where one is typed."""
    name = " ".join("".join(c for c in name if c.isprintable() or c.isspace()).split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid("name")
    every = session.execute(select(Organisation.id, Organisation.name))
    own = organisation.id if organisation else None
    if any(number != own and fold(called) == fold(name) for number, called in every):
        raise Invalid("taken")
    return name


# --------------------------------------------------------------------------------------- domains


def domain(typed: str) -> str:
    """As it is kept, out of what was typed, an address of it or its web page included. Raises Invalid with
    ``domain``, or ``free`` where anybody can have an address."""
    plain = typed.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0]
    plain = plain.rpartition("@")[2].removeprefix("www.").strip(".")
    try:
        plain = plain.encode("idna").decode("ascii") if plain else ""
    except UnicodeError as wrong:
        raise Invalid("domain") from wrong
    if len(plain) > 255 or not _DOMAIN.fullmatch(plain) or not registered(plain):
        raise Invalid("domain")
    if is_free(plain):
        raise Invalid("free")
    return plain


def add_domain(organisation: Organisation, typed: str, by: Agent) -> str:
    """Who writes from it for the first time belongs here from now on. Raises Invalid, with ``taken`` where it
    is another's."""
    _lock(organisation)
    wanted = domain(typed)
    there = session.get(OrganisationDomain, wanted)
    if there is not None:
        if there.organisation_id != organisation.id:
            raise Invalid("taken")
        return wanted
    if len(organisation.domains) >= MOST_DOMAINS:
        raise Invalid("many")
    organisation.domains.append(OrganisationDomain(domain=wanted))
    session.flush()
    audit.record("organisation_changed", by, organisation=organisation.id, fields=["domains"])
    return wanted


def remove_domain(organisation: Organisation, name: str, by: Agent) -> None:
    """Who is a member already stays."""
    _lock(organisation)
    kept = next((one for one in organisation.domains if one.domain == name), None)
    if kept is not None:
        organisation.domains.remove(kept)
        session.flush()
        audit.record("organisation_changed", by, organisation=organisation.id, fields=["domains"])


def called(name: str) -> Organisation:
    """The one of this name, capitals and accents aside. Raises Invalid."""
    return editing.organisation(name)


def owner(typed: str) -> Organisation | None:
    """Whose domain it is."""
    there = session.get(OrganisationDomain, domain(typed))
    return session.get(Organisation, there.organisation_id) if there else None


def could_join(organisation: Organisation) -> int:
    """How many customers write from its domains and belong nowhere."""
    query = select(func.count(func.distinct(Identity.customer_id))).where(_joins(organisation))
    return (session.scalar(query) or 0) if organisation.domains else 0


def take_along(organisation: Organisation, by: Agent) -> int:
    """Make them members, with the tier it gives; returns how many."""
    _lock(organisation)
    if not organisation.domains:
        return 0
    wanted = select(Identity.customer_id).where(_joins(organisation)).distinct()
    numbers = sorted(session.scalars(wanted))
    values = {
        "organisation_id": organisation.id,
        **({"tier": organisation.tier} if organisation.tier else {}),
    }
    for customer in _each(numbers):
        for name, value in values.items():
            setattr(customer, name, value)
        customer.version += 1
    session.flush()
    if numbers:
        audit.record("organisation_changed", by, organisation=organisation.id, joined=len(numbers))
    return len(numbers)


def _each(numbers: Sequence[int]) -> list[Customer]:
    found: list[Customer] = []
    for start in range(0, len(numbers), BATCH):
        found += session.scalars(select(Customer).where(Customer.id.in_(numbers[start : start + BATCH])))
    return found


def _joins(organisation: Organisation) -> ColumnElement[bool]:
    outside = select(Customer.id).where(Customer.organisation_id.is_(None), Customer.merged_into_id.is_(None))
    ends = [Identity.address.like(f"%@{_literal(one.domain)}", escape="\\") for one in organisation.domains]
    return and_(Identity.kind == "mail", or_(false(), *ends), Identity.customer_id.in_(outside))


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# ------------------------------------------------------------------------------ merging and ending


def merge(kept: Organisation, other: Organisation, by: Agent) -> None:
    """All that is the other's becomes the kept one's, its note included; the other ends. Raises Invalid."""
    alone("organisations")
    if kept.id == other.id:
        raise Invalid("same")
    members = sorted(session.scalars(select(Customer.id).where(Customer.organisation_id == other.id)))
    _belong(members, kept.id)
    moving = update(OrganisationDomain).where(OrganisationDomain.organisation_id == other.id)
    session.execute(moving.values(organisation_id=kept.id).execution_options(synchronize_session=False))
    kept.note = "\n\n".join(filter(None, dict.fromkeys([kept.note, other.note])))[:LONGEST_NOTE]
    kept.tier = kept.tier or other.tier
    _end(other)
    session.expire(kept, ["domains"])
    index(session.connection(), members)
    audit.record("organisations_merged", by, organisation=kept.id, merged=other.id)


def remove(organisation: Organisation, by: Agent) -> None:
    """Its customers stay; they belong nowhere then."""
    alone("organisations")
    members = sorted(session.scalars(select(Customer.id).where(Customer.organisation_id == organisation.id)))
    _belong(members, None)
    _end(organisation)
    index(session.connection(), members)
    audit.record("organisation_removed", by, organisation=organisation.id)


def _belong(members: Sequence[int], organisation: int | None) -> None:
    for start in range(0, len(members), BATCH):
        some = Customer.id.in_(members[start : start + BATCH])
        changed = {"organisation_id": organisation, "version": Customer.version + 1}
        session.execute(
            update(Customer).where(some).values(changed).execution_options(synchronize_session=False)
        )


def _end(organisation: Organisation) -> None:
    session.expire_all()  # members and domains were moved beside the session
    session.delete(organisation)
    session.flush()
