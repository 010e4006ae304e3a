"""Two customers who turn out to be one, and saying later that they are not.

A merge is one edge: the row of who was merged stays and points at who was kept (``merged_into_id``), and an
identity that leaves home remembers it (``home_id``). Whose an identity is follows from that alone: its home,
or whom its home leads to. So merges can be undone in any order, whatever came since.

What a merge changed of the one who was kept is put back too, unless somebody has changed it since: then what
they wrote stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from inbox import audit
from inbox.customers import editing, fields
from inbox.customers.editing import FACTS, let_know
from inbox.db import alone, now, session
from inbox.models import Agent, Customer, CustomerField, Hold, Identity, Merge, Organisation, Ticket

THIS, OTHER, BOTH = "this", "other", "both"
"""Whose value a fact gets; both is for notes."""

LONGEST_REASON = 500
"""Of a legal hold."""


class Stale(Exception):
    """Somebody changed one of the two since they were looked at."""


class Gone(Exception):
    """One of them has become somebody else, ``into``, or the two are one already."""

    def __init__(self, into: Customer | None) -> None:
        super().__init__(into)
        self.into = into


@dataclass(frozen=True, slots=True)
class Line:
    """A fact of both, and whose value it gets."""

    fact: str
    field: CustomerField | None
    this: str
    other: str
    takes: str

    @property
    def is_conflict(self) -> bool:
        return bool(self.this and self.other and self.this != self.other)

    @property
    def result(self) -> str:
        if self.takes == BOTH:
            return f"{self.this}\n\n{self.other}"
        return self.other if self.takes == OTHER else self.this


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would make of the one who is kept."""

    kept: Customer
    other: Customer
    lines: Sequence[Line]
    versions: str
    """Of both when they were looked at, as the form brings them back."""


def preview(kept: Customer, other: Customer, choices: Mapping[str, str] | None = None) -> Preview:
    """``choices`` say by fact whose value is taken where both have one."""
    own = {one.key: one for one in (*fields.known(kept), *fields.known(other))}
    this, that = editing.own_values(kept), editing.own_values(other)
    lines = [
        _line(fact, None, editing.shown(kept, fact), editing.shown(other, fact), choices) for fact in FACTS
    ]
    lines += [
        _line(key, one.field, this.get(key, ""), that.get(key, ""), choices)
        for key, one in own.items()
        if key in this or key in that
    ]
    return Preview(kept, other, lines, f"{kept.version}.{other.version}")


def _line(
    fact: str, field: CustomerField | None, this: str, other: str, choices: Mapping[str, str] | None
) -> Line:
    chosen = (choices or {}).get(fact) or _proposed(fact, this, other)
    if not (this and other):
        chosen = OTHER if other else THIS
    if chosen not in (THIS, OTHER) and not (chosen == BOTH and fact == "note"):
        chosen = _proposed(fact, this, other)
    return Line(fact, field, this, other, chosen)


def _proposed(fact: str, this: str, other: str) -> str:
    """Nobody stops being important, and no note is lost, because two turned out to be one."""
    if fact == "tier":
        return OTHER if other == "vip" else THIS
    if fact == "note" and this and other and this != other:
        return BOTH
    return THIS if this else OTHER


# --------------------------------------------------------------------------------------- merging


def merge(
    kept: Customer, other: Customer, choices: Mapping[str, str], by: Agent, *, versions: str = ""
) -> Merge:
    """Make ``other`` the same as ``kept``. Raises Gone, and Stale if ``versions`` are not theirs any more."""
    _both_alone(kept, other)
    if kept.id == other.id or other.merged_into_id is not None:
        raise Gone(root(other))
    if kept.merged_into_id is not None:
        raise Gone(root(kept))
    planned = preview(kept, other, choices)
    if versions and versions != planned.versions:
        raise Stale
    made = Merge(kept=kept, merged=other, by=by, changed=_take(kept, planned))
    session.add(made)
    other.merged_into_id = kept.id
    _move(list(other.identities), kept)
    _hold_as_one(kept, other, by)
    _grown(kept, other)
    session.flush()
    audit.record(
        "customers_merged",
        by,
        customer_id=kept.id,
        merged=other.id,
        merge=made.id,
        fields=sorted(made.changed),
    )
    let_know(kept)
    return made


def _both_alone(*customers: Customer) -> None:
    """Merging is rare: one at a time in the whole house, so that no two can make a circle."""
    alone("customers")
    for customer in sorted(customers, key=lambda one: one.id):
        editing.lock(customer)
        session.expire(customer, ["identities", "organisation"])


def _take(kept: Customer, planned: Preview) -> dict[str, list[Any]]:
    """Change who is kept as planned; returns what changed, as ``[before, after]``."""
    changed: dict[str, list[Any]] = {}
    for line in planned.lines:
        if line.takes == THIS or line.result == line.this:
            continue
        before = _raw(kept, line.fact)
        _set(kept, line.fact, _raw(planned.other, line.fact) if line.takes == OTHER else line.result)
        changed[line.fact] = [before, _raw(kept, line.fact)]
    return changed


def _raw(customer: Customer, fact: str) -> Any:
    """A fact as JSON keeps it: an organisation by its id, as names change."""
    if fact == "organisation":
        return customer.organisation_id
    if fact in FACTS:
        return getattr(customer, fact)
    return fields.value_of(customer, int(fact.removeprefix("field-"))) or None


def _set(customer: Customer, fact: str, value: Any) -> None:
    if fact == "organisation":
        customer.organisation = session.get(Organisation, value) if value else None
    elif fact in FACTS:
        setattr(customer, fact, value)
    else:
        fields.put(customer, int(fact.removeprefix("field-")), value)
    session.flush()


def _move(identities: Sequence[Identity], to: Customer) -> None:
    """Their tickets come along: they belong to the identity."""
    for identity in identities:
        home = identity.home_id or identity.customer_id
        identity.customer, identity.customer_id = to, to.id
        identity.home_id = None if home == to.id else home
    session.flush()


def _grown(*customers: Customer) -> None:
    for customer in customers:
        customer.version += 1
        newest = (
            select(func.max(Ticket.active_at))
            .join(Identity, Identity.id == Ticket.identity_id)
            .where(Identity.customer_id == customer.id, Ticket.status != "spam")
        )
        customer.active_at = session.scalar(newest) or (None if customer.identities else customer.created_at)


# -------------------------------------------------------------------------------------- unmerging


def unmerge(made: Merge, by: Agent) -> Customer:
    """Say that they are two after all; returns who is a customer of their own again, or still is.

    Identities go home, with all that was said since. Whoever was merged gets nothing back that others had
    changed since the merge; who was kept gets back what the merge took, unless it was changed since.
    """
    alone("customers")
    session.refresh(made)
    merged, kept = made.merged, made.kept
    _both_alone(merged, kept)
    if made.undone_at is not None:
        return merged
    holder = root(merged)
    _both_alone(holder)
    merged.merged_into_id = None
    made.undone_at, made.undone_by_id = now(), by.id
    session.flush()
    homes = _led_to(merged)
    _move([one for one in holder.identities if (one.home_id or holder.id) in homes], merged)
    session.expire(merged, ["identities"])
    _hold_both(holder, merged, by)
    _put_back(kept, made)
    _grown(*{merged, kept, holder})
    session.flush()
    audit.record("customers_unmerged", by, customer_id=holder.id, restored=merged.id, merge=made.id)
    let_know(holder, merged)
    return merged


def _led_to(customer: Customer) -> set[int]:
    """They, and everybody who was merged into them, however far."""
    found = fresh = {customer.id}
    while fresh:
        query = select(Customer.id).where(Customer.merged_into_id.in_(fresh))
        fresh = set(session.scalars(query)) - found
        found = found | fresh
    return found


def _put_back(kept: Customer, made: Merge) -> None:
    """As a link is taken out of a chain: what a later merge found there it now found as it was before."""
    later = session.scalars(
        select(Merge)
        .where(Merge.kept_id == kept.id, Merge.undone_at.is_(None), Merge.id > made.id)
        .order_by(Merge.id)
    ).all()
    for fact, (before, after) in made.changed.items():
        follower = next((one for one in later if fact in one.changed), None)
        if follower and follower.changed[fact][0] == after:
            follower.changed = {**follower.changed, fact: [before, follower.changed[fact][1]]}
        elif not follower and _raw(kept, fact) == after:
            _set(kept, fact, before)
    made.changed = {}  # it says what somebody was called, and is needed no more


def root(customer: Customer) -> Customer:
    """Who they turned out to be; themselves, if nobody else."""
    while customer.merged_into_id is not None:
        customer = session.get_one(Customer, customer.merged_into_id)
    return customer


def merges_of(customer: Customer) -> Sequence[Merge]:
    """The merges that made them who they are, newest first: also those of whoever was merged into them."""
    return session.scalars(
        select(Merge)
        .where(Merge.kept_id.in_(_led_to(customer)), Merge.undone_at.is_(None))
        .options(joinedload(Merge.merged), joinedload(Merge.kept), joinedload(Merge.by))
        .order_by(Merge.id.desc())
    ).all()


# ------------------------------------------------------------------------------------- legal holds


def _hold_as_one(kept: Customer, other: Customer, by: Agent) -> None:
    """What keeps one of them keeps both from now on."""
    ours, theirs = _hold_on(kept), _hold_on(other)
    if theirs is None:
        return
    if ours is None:
        theirs.customer_id = kept.id
    else:
        ours.reason = "; ".join(dict.fromkeys([ours.reason, theirs.reason]))[:LONGEST_REASON]
        theirs.lifted_at, theirs.lifted_by_id = now(), by.id
        audit.record("hold_lifted", by, hold=theirs.id, customer_id=other.id)


def _hold_both(whole: Customer, apart: Customer, by: Agent) -> None:
    """What was held together is held apart: nobody gets out of a hold by being somebody else."""
    hold = _hold_on(whole)
    if hold is None or _hold_on(apart):
        return
    copy = Hold(customer_id=apart.id, reason=hold.reason, by_id=hold.by_id, set_at=hold.set_at)
    session.add(copy)
    session.flush()
    audit.record("hold_set", by, hold=copy.id, customer_id=apart.id)


def _hold_on(customer: Customer) -> Hold | None:
    return session.scalar(select(Hold).where(Hold.customer_id == customer.id, Hold.lifted_at.is_(None)))


# -------------------------------------------------------------------------------------- splitting


def split(identity: Identity, by: Agent) -> Customer:
    """Make who writes from this address a customer of their own; its conversations come along.

    Raises Gone if it is the only address there is: there is nobody to part it from.
    """
    alone("customers")
    session.refresh(identity)
    whole = identity.customer
    _both_alone(whole)
    if len(whole.identities) < 2:
        raise Gone(whole)
    name = identity.name or identity.address.split("@")[0]
    apart = Customer(name=name, language=whole.language, zone=whole.zone)
    session.add(apart)
    session.flush()
    _move([identity], apart)
    identity.home_id = None  # it has no other home: undoing an older merge leaves it here
    session.flush()
    session.expire(apart, ["identities"])
    _hold_both(whole, apart, by)
    _grown(whole, apart)
    session.flush()
    audit.record("customer_split", by, customer_id=whole.id, identity=identity.id, to=apart.id)
    let_know(whole, apart)
    return apart
