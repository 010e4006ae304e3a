"""The one door through which a ticket changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, inspect

from inbox import live, queue, rows
from inbox.db import Base, dialect, now, plain, session
from inbox.models import Agent, Event, Handling, Message, Ticket
from inbox.models.event import INTERESTED


class Change:
    """What a verb is doing to a ticket; events are recorded on it."""

    def __init__(self, ticket: Ticket, by: Agent | None) -> None:
        self.ticket, self.by = ticket, by
        self._new: list[Base] = []
        self._happened: list[tuple[str, Message | None, dict[str, Any]]] = []

    def begin(self, *new: Base) -> None:
        """Write these at the end of the change, in this order (``rows.write``)."""
        self._new += new

    def record(self, kind: str, message: Message | None = None, **data: Any) -> None:
        """Write down what happened, at the end of the change: ids and values, never what people wrote."""
        self._happened.append((kind, message, data))

    def written(self) -> None:
        """The change as rows, then what happened in its order: by ids, which all have now."""
        rows.write(*self._new)
        session.flush()
        about = {
            "ticket_id": self.ticket.id,
            "customer_id": self.ticket.identity.customer_id,
            "agent_id": self.by.id if self.by else None,
            "version": self.ticket.version,
        }
        happened: list[dict[str, Any]] = [
            {**about, "kind": kind, "message_id": message.id if message else None, "data": data}
            for kind, message, data in self._happened
        ]
        events = _written(happened) if happened else ()
        concerned = {event: INTERESTED.get(one["kind"]) for event, one in zip(events, happened, strict=True)}
        for event in filter(concerned.get, concerned):
            queue.later("reactions", "inbox.reactions.run", event)
        handlings = [
            {"event_id": event, "reaction": name}
            for event, reactions in concerned.items()
            for name in reactions or ()
        ]
        if handlings:
            plain(_HANDLING, handlings)


def _written(happened: Sequence[dict[str, Any]]) -> list[int]:
    """The numbers of these events, which are written at once: nobody holds them afterwards."""
    moment = now()
    values = {
        f"{name}_{place}": value
        for place, one in enumerate(happened)
        for name, value in (*one.items(), ("at", moment))
    }
    return sorted(number for (number,) in plain(_events(len(happened)), values))


@cache
def _events(n: int) -> Any:
    columns = [column for column in Event.__table__.columns if not column.primary_key]
    each = [
        {one.key: bindparam(f"{one.key}_{place}", type_=one.type) for one in columns} for place in range(n)
    ]
    return insert(cast(Table, Event.__table__)).values(each).returning(Event.id)


_HANDLING = insert(cast(Table, Handling.__table__))


def lock(ticket: Ticket) -> None:
    """Have the ticket to ourselves, as it is now, until we commit. SQLite has one writer at a time anyway."""
    if not ticket.version or dialect() != "postgresql":  # one we have only just made is nobody else's
        return
    session.flush()
    before = (ticket.assignee_id, ticket.team_id)
    columns = [column.key for column in inspect(Ticket).column_attrs]  # all: verbs add to what they read
    session.refresh(ticket, columns, with_for_update={"of": Ticket})
    if before != (ticket.assignee_id, ticket.team_id):
        session.expire(ticket, ["assignee", "team"])


@contextmanager
def changing(ticket: Ticket, by: Agent | None = None, *, imported: bool = False) -> Iterator[Change]:
    """Change a ticket: alone (its row is locked), with a new version, seen by every open screen.

    Older mail that is ``imported`` into a closed ticket tells no screen: nobody looks at it, and a nudge for
    each of 50,000 mails would keep everybody's browser busy. When the import ends, it tells the counts.
    """
    lock(ticket)
    was = live.where(ticket) if ticket.version else None
    ticket.version += 1
    change = Change(ticket, by)
    yield change
    change.written()
    if not (imported and ticket.status == "closed"):
        live.changed(ticket, was)
