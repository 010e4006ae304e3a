"""An example of each thing the tour speaks of: asked for, never known by its number; None if there is none.

Each answers with the address of a page.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, distinct, func, select
from sqlalchemy.orm import aliased

from inbox import access, live, macros
from inbox.access import customers_visible_to, visible_to
from inbox.customers import alike
from inbox.db import session
from inbox.models import Agent, Answer, Customer, Identity, Macro, Message, Survey, Ticket
from inbox.models.ticket import OPEN

ADDRESSES = 3_000
"""Among so many are looked for two that may be one person's: a demo has a few hundred."""

CANDIDATES = 20


def newest_open(agent: Agent) -> str | None:
    """A conversation in which somebody waits: rather one's own, or nobody's, than a colleague's."""
    waits = (Ticket.status.in_(OPEN), Ticket.waiting_since.is_not(None))
    a_colleagues = func.coalesce(Ticket.assignee_id, agent.id) != agent.id
    query = select(Ticket).where(visible_to(agent), *waits)
    return _page(query.order_by(a_colleagues, Ticket.active_at.desc(), Ticket.id.desc()))


def where_a_macro_helps(agent: Agent) -> str | None:
    some = session.scalar(select(Macro.id).where(macros.visible_to(agent)).limit(1))
    return newest_open(agent) if some else None


def with_a_note(agent: Agent) -> str | None:
    query = select(Ticket).join(Message, Message.ticket_id == Ticket.id)
    noted = query.where(visible_to(agent), Message.kind == "note")
    return _page(noted.order_by(Ticket.status.not_in(OPEN), Message.id.desc()))


def rated_low(agent: Agent) -> str | None:
    """Rather one that still waits for a supervisor, and one with words."""
    query = select(Ticket).join(Survey, Survey.ticket_id == Ticket.id).join(Answer)
    low = query.where(visible_to(agent), Answer.low_at.is_not(None))
    return _page(low.order_by(Answer.seen_at.is_not(None), Answer.comment == "", Answer.low_at.desc()))


def _page(query: Select[Ticket]) -> str | None:
    ticket = session.scalar(query.limit(1))
    if ticket is None:
        return None
    return f"/views/{access.VIEW_OF[live.where(ticket).state]}/tickets/{ticket.id}"


def who_wrote_most(agent: Agent) -> str | None:
    """Rather from several addresses, and often."""
    often = func.count(Ticket.id)
    query = (
        select(Customer.id)
        .join(Identity, Identity.customer_id == Customer.id)
        .join(Ticket, Ticket.identity_id == Identity.id)
        .where(customers_visible_to(agent), visible_to(agent))
        .group_by(Customer.id)
        .having(often > 1)
        .order_by(func.count(distinct(Identity.id)).desc(), often.desc(), Customer.id)
    )
    found = session.scalar(query.limit(1))
    return f"/customers/{found}" if found else None


def maybe_the_same(agent: Agent) -> str | None:
    """Somebody of whom ``alike`` knows another who may be the same person."""
    for customer_id in (*_of_one_name(), *_of_one_local_part()):
        customer = access.customer(agent, customer_id)
        if customer is not None and alike.likely(agent, customer):
            return f"/customers/{customer_id}"
    return None


def _of_one_name() -> Iterable[int]:
    one, other = aliased(Customer), aliased(Customer)
    same = (one.name == other.name) & (one.id < other.id)
    return session.scalars(select(one.id).join(other, same).where(one.name != "").limit(CANDIDATES))


def _of_one_local_part() -> list[int]:
    """What stands before the @ is cut off here, because each database has another word for it."""
    query = select(Identity.address, Identity.customer_id).order_by(Identity.id)
    first: dict[str, int] = {}
    found = []
    for address, customer_id in session.execute(query.limit(ADDRESSES)):
        local = address.rpartition("@")[0]
        if first.setdefault(local, customer_id) != customer_id:
            found.append(customer_id)
    return found[:CANDIDATES]
