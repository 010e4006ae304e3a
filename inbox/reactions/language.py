"""Know which language a customer writes, from the first message that is long enough to tell."""

from __future__ import annotations

from inbox.db import session
from inbox.models import Event, Message, Ticket
from inbox.text import language


def learn_language(event: Event) -> None:
    """Note the language on the ticket, and on the customer if nobody has yet."""
    message = session.get(Message, event.message_id)
    ticket = session.get(Ticket, event.ticket_id)
    if message is None or ticket is None or ticket.language or message.automated:
        return
    ticket.language = language(f"{message.subject}\n{message.text}")
    customer = ticket.identity.customer
    customer.language = customer.language or ticket.language
