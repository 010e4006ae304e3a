"""Who changed what in the house: settings, people, customers. What happens to tickets is recorded by their verbs.

An entry is an ``Event`` without a ticket. Ids and values only, never what people wrote.
"""

from __future__ import annotations

from typing import Any

from inbox.db import session
from inbox.models import Agent, Event


def record(kind: str, by: Agent | None, *, customer_id: int | None = None, **data: Any) -> None:
    """Write down that ``by`` did this, in the transaction of the change itself.

    ``data`` names what was changed by its id (``agent=3``), and each changed value as ``[before, after]``.
    """
    session.add(Event(kind=kind, agent_id=by.id if by else None, customer_id=customer_id, data=data))
