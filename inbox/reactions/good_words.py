"""Learn what good mail sounds like from what the team answers: without it, words could only speak of spam."""

from __future__ import annotations

from inbox.db import session
from inbox.models import Event, Ticket
from inbox.tickets.spam import learn_good


def learn_good_words(event: Event) -> None:
    ticket = session.get(Ticket, event.ticket_id)
    if ticket is not None:
        learn_good(ticket)
