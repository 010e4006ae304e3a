"""Legal hold: while it stands, nothing of it is erased and nothing of it ends by itself.

LGPD art. 16, I (a legal duty) and art. 7, VI (exercising rights in court); GDPR art. 17(3)(b) and (e).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from inbox import audit
from inbox.db import now, session
from inbox.models import Agent, Customer, Hold, Identity, Message, Ticket
from inbox.privacy.people import Person

LONGEST_REASON = 500
MOST = 200


class Invalid(Exception):
    """``reason`` is ``reason`` (none is given) or ``there`` (it is held already)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def put_on(thing: Customer | Ticket, reason: str, by: Agent) -> Hold:
    """Keep this customer with all their tickets, or this one ticket. Raises Invalid."""
    reason = " ".join(reason.split())[:LONGEST_REASON]
    if not reason:
        raise Invalid("reason")
    if standing(thing):
        raise Invalid("there")
    hold = Hold(reason=reason, by_id=by.id, **_on(thing))
    try:
        with session.begin_nested():
            session.add(hold)
    except IntegrityError as twice:  # a colleague was faster
        raise Invalid("there") from twice
    audit.record("hold_set", by, hold=hold.id, **_about(hold))
    return hold


def lift(hold: Hold, by: Agent) -> None:
    if hold.lifted_at is None:
        hold.lifted_at, hold.lifted_by_id = now(), by.id
        audit.record("hold_lifted", by, hold=hold.id, **_about(hold))


def _on(thing: Customer | Ticket) -> dict[str, int]:
    return {"customer_id" if isinstance(thing, Customer) else "ticket_id": thing.id}


def _about(hold: Hold) -> dict[str, int]:
    if hold.customer_id:
        return {"customer_id": hold.customer_id}
    return {"ticket": hold.ticket_id or 0}


def standing(thing: Customer | Ticket) -> Hold | None:
    """The hold on exactly this."""
    which = Hold.customer_id if isinstance(thing, Customer) else Hold.ticket_id
    return session.scalar(select(Hold).where(which == thing.id, Hold.lifted_at.is_(None)))


def over(ticket: Ticket) -> Hold | None:
    """What keeps this ticket: its own hold, or its customer's."""
    on_ticket = Hold.ticket_id == ticket.id
    on_customer = Hold.customer_id == ticket.identity.customer_id
    query = select(Hold).where(Hold.lifted_at.is_(None), or_(on_ticket, on_customer))
    return session.scalar(query.order_by(Hold.ticket_id.desc()).limit(1))


def over_person(person: Person) -> Sequence[Hold]:
    """What keeps them: holds on them, on tickets they have a part in, and on whoever else has one there."""
    wrote = select(Message.ticket_id).where(Message.identity_id.in_(person.identities))
    there = or_(Ticket.identity_id.in_(person.identities), Ticket.id.in_(wrote))
    tickets = select(Ticket.id).where(there)
    asking = select(Ticket.identity_id).where(there)
    writing = select(Message.identity_id).where(Message.ticket_id.in_(tickets))
    others = select(Identity.customer_id).where(or_(Identity.id.in_(asking), Identity.id.in_(writing)))
    which = or_(
        Hold.customer_id.in_(person.customers), Hold.customer_id.in_(others), Hold.ticket_id.in_(tickets)
    )
    return session.scalars(select(Hold).where(Hold.lifted_at.is_(None), which).order_by(Hold.id)).all()


def free() -> ColumnElement[bool]:
    """Tickets that nothing keeps, as a part of another query."""
    held = select(Hold.ticket_id).where(Hold.lifted_at.is_(None), Hold.ticket_id.is_not(None))
    theirs = (
        select(Identity.id)
        .join(Hold, Hold.customer_id == Identity.customer_id)
        .where(Hold.lifted_at.is_(None))
    )
    wrote = select(Message.ticket_id).where(Message.identity_id.in_(theirs))
    return and_(Ticket.id.not_in(held), Ticket.identity_id.not_in(theirs), Ticket.id.not_in(wrote))


def all_standing() -> Sequence[Hold]:
    """Newest first."""
    query = select(Hold).where(Hold.lifted_at.is_(None)).order_by(Hold.id.desc()).limit(MOST)
    return session.scalars(
        query.options(joinedload(Hold.customer), joinedload(Hold.ticket), joinedload(Hold.by))
    ).all()
