"""What happened, in its order: events, that every reaction has seen them, and the seals over them."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from inbox.audit import seal
from inbox.demo.rows import Batch, moment
from inbox.models import Seal
from inbox.models.event import INTERESTED

REACTED = timedelta(seconds=1)
"""So long after an event its reactions had looked at it."""

MOST_KEPT = 20_000

NEVER_TWICE = {"survey", "mentions", "fields"}
"""What is said with these is not worth keeping for the next time."""


class Log:
    """Numbers the events, and seals them a thousand at a time as the sweep would have."""

    def __init__(self, batch: Batch, until: datetime) -> None:
        self.events, self.handlings = batch.rows["event"], batch.rows["handling"]
        self.seals = batch.rows["seal"]
        self.ripe = until - seal.WAIT
        self.id = 0
        self._head, self._sealed, self._seal = seal.START, 0, 0
        self._lines: list[bytes] = []
        self._at: datetime | None = None
        self._closed = False
        self._said: dict[Any, tuple[str, str]] = {}

    def record(
        self,
        at: datetime,
        kind: str,
        data: dict[str, Any],
        *,
        ticket: int | None = None,
        message: int | None = None,
        customer: int | None = None,
        agent: int | None = None,
        version: int = 0,
    ) -> int:
        """Returns the event's id."""
        self.id = number = self.id + 1
        stored, canonical = self._words(kind, data)
        when = moment(at)
        self.events.append((number, kind, ticket, message, customer, agent, stored, version, when))
        if reactions := INTERESTED.get(kind):
            handled = moment(at + REACTED)
            self.handlings += [(number, name, handled, when, 1, "") for name in reactions]
        self._cover(
            at,
            f'[{number},"{kind}",{_n(ticket)},{_n(message)},{_n(customer)},{_n(agent)},{canonical},{version},'
            f'"{when.replace(" ", "T")}+00:00"]\n'.encode(),
        )
        return number

    def _words(self, kind: str, data: dict[str, Any]) -> tuple[str, str]:
        """The data as the database keeps it, and as it is sealed."""
        key = None
        if not NEVER_TWICE & data.keys():
            key = (kind, *data, *data.values())
            if kept := self._said.get(key):
                return kept
        said = json.dumps(data), json.dumps(data, sort_keys=True, separators=(",", ":"))
        if key and len(self._said) < MOST_KEPT:
            self._said[key] = said
        return said

    def _cover(self, at: datetime, line: bytes) -> None:
        """An event that is too young ends what can be sealed yet."""
        self._closed = self._closed or at > self.ripe
        if self._closed:
            return
        self._lines.append(line)
        self._at = max(at, self._at) if self._at else at
        if len(self._lines) == seal.MOST:
            self.close()

    def close(self) -> None:
        """A seal over what has none."""
        if not self._lines or self._at is None:
            return
        to_id = self._sealed + len(self._lines)
        link = Seal(after_id=self._sealed, to_id=to_id, gaps=[], late=[])
        self._head = _digest(self._head, link, self._lines)
        self._seal += 1
        made = moment(self._at + seal.WAIT)
        self.seals.append((self._seal, self._sealed, to_id, len(self._lines), "[]", "[]", self._head, made))
        self._sealed = to_id
        self._lines.clear()


def _digest(before: str, link: Seal, lines: list[bytes]) -> str:
    """As ``audit.seal.digest``, of lines that are canonical already."""
    head = json.dumps([before, link.after_id, link.to_id, link.gaps, link.late], separators=(",", ":"))
    return hashlib.sha256(head.encode() + b"\n" + b"".join(lines)).hexdigest()


def _n(number: int | None) -> str:
    return "null" if number is None else str(number)
