"""Know which language a customer writes, from the first message that is long enough to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Table, Update, bindparam, func, select, update

from inbox.db import Base, plain
from inbox.models import Customer, Event, Identity, Message, Ticket
from inbox.text import SAMPLE, language


def learn_languages(events: Sequence[Event]) -> None:
    """Note the language on the ticket, and on the customer if nobody has yet."""
    tickets: dict[int, str] = {}
    customers: dict[int, str] = {}
    for ticket, subject, text, customer, speaks in plain(
        _UNKNOWN, {"events": [event.id for event in events]}
    ):
        spoken = tickets.get(ticket) or language(f"{subject}\n{text}")
        if spoken:
            tickets[ticket] = spoken
            if not speaks:
                customers.setdefault(customer, spoken)
    _note(Ticket, tickets)
    _note(Customer, customers)


def _note(kind: type[Base], spoken: Mapping[int, str]) -> None:
    if spoken:
        rows = [{"number": number, "spoken": spoken[number]} for number in sorted(spoken)]
        plain(_NOTED[kind], rows)


# what is asked of every mail is put into words once
_UNKNOWN = (
    select(
        Ticket.id.label("ticket"),
        Message.subject,
        func.substr(Message.text, 1, SAMPLE).label("text"),
        Customer.id.label("customer"),
        Customer.language.label("speaks"),
    )
    .select_from(Event)
    .join(Message, Message.id == Event.message_id)
    .join(Ticket, Ticket.id == Event.ticket_id)
    .join(Identity, Identity.id == Ticket.identity_id)
    .join(Customer, Customer.id == Identity.customer_id)
    .where(
        Event.id.in_(bindparam("events", expanding=True)),
        func.coalesce(Ticket.language, "") == "",
        Message.automated == "",
    )
    .order_by(Event.id)
)
_NOTED: dict[type[Base], Update] = {
    kind: update(table).where(table.c.id == bindparam("number")).values(language=bindparam("spoken"))
    for kind, table in ((one, cast(Table, one.__table__)) for one in (Ticket, Customer))
}
