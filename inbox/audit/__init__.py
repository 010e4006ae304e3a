"""Who changed what in the house: settings, people, customers. What happens to tickets their verbs record.

An entry is an ``Event`` without a ticket. Ids and values only, never what people wrote. The database refuses
to change or delete one; ``seal`` makes it plain when somebody did so all the same, ``trail`` reads them and
``words`` says what each kind means.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from inbox.db import session, writing
from inbox.models import Agent, Event

signed_in_with: ContextVar[int | None] = ContextVar("signed_in_with", default=None)
"""The sign-in of the request that is answered. Its browser and address are looked up while it lasts, so that
none of that stays in a row nobody may change."""


def record(kind: str, by: Agent | None, /, *, customer_id: int | None = None, **data: Any) -> None:
    """Write down that ``by`` did this, in the transaction of the change itself.

    ``data`` names what was changed by its id (``agent=3``), and each changed value as ``[before, after]``.
    Without an agent, ``by="cli"`` in the data says that it was the command line.
    """
    if by and (sign_in := signed_in_with.get()):
        data["sign_in"] = sign_in
    session.add(Event(kind=kind, agent_id=by.id if by else None, customer_id=customer_id, data=data))


def note(kind: str, by: Agent, /, **data: Any) -> None:
    """The same with a transaction of its own, which ends the one there is: for what somebody took along and
    changed nothing by."""
    with writing():
        record(kind, by, **data)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What differs, as ``[before, after]`` by its name: ``record("company_changed", me(), **changes(…))``."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
