"""What really happened, as those outside saw it: nothing in it comes from the house's database."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

TOKEN = re.compile(r"\btk(?:in|out|no)\d{6}x\b")
"""A word that stands in one mail, one reply or one note, and nowhere else."""


def incoming(number: int) -> str:
    return f"tkin{number:06}x"


def outgoing(number: int) -> str:
    return f"tkout{number:06}x"


def private(number: int) -> str:
    return f"tkno{number:06}x"


@dataclass
class Arrival:
    """A mail that somebody gave us: from when on it is ours, and what its bytes were."""

    token: str
    poison: bool = False
    sha256: set[str] = field(default_factory=set)
    accepted: int = 0
    """How often we said that we have it; a repeat is the same mail all the same."""


@dataclass
class Errand:
    """Something an agent's browser asked for, with a key that makes it safe to ask again."""

    key: str
    token: str
    kind: str
    """``reply undo later note``"""
    ticket: int
    asked_at: float
    wait: float = 0.0
    """Seconds after which it may leave at the earliest."""
    moment: float = 0.0
    """When it is to leave by the house's clock, if the browser said so."""
    answered_at: float = 0.0
    acknowledged: bool = False
    refused: int = 0
    """The status of a refusal that asking again would not change."""
    undone: bool = False


@dataclass
class Delivery:
    """A mail that an outgoing server has, and whether whoever sent it can know."""

    message_id: str
    tokens: frozenset[str]
    at: float
    to: str = ""
    ambiguous: bool = False


@dataclass(frozen=True)
class Pushed:
    """A notice that came to a push service, and what that said: 0 if it hung up."""

    endpoint: str
    tag: str
    at: float
    status: int
    words: str
    """All that it says, as the browser reads it."""


@dataclass
class Refresh:
    """That somebody asked the provider for a new access token, from when until when, and with what."""

    token: str
    began: float
    ended: float = 0.0
    said: str = ""
    """``ok``, the error, or empty if nobody could know."""


@dataclass
class Mishap:
    """What we did to the house, from when until when."""

    kind: str
    began: float
    ended: float = 0.0
    detail: str = ""


@dataclass
class Ledger:
    arrivals: dict[str, Arrival] = field(default_factory=dict)
    errands: dict[str, Errand] = field(default_factory=dict)
    resolved: list[int] = field(default_factory=list)
    """Tickets whose resolution was acknowledged."""
    deliveries: list[Delivery] = field(default_factory=list)
    mishaps: list[Mishap] = field(default_factory=list)
    jumps: list[tuple[float, float]] = field(default_factory=list)
    """When the house's clock was put how many seconds beside ours."""
    pushes: list[Pushed] = field(default_factory=list)
    refreshes: list[Refresh] = field(default_factory=list)
    access_tokens: set[str] = field(default_factory=set)
    """What opens the mailbox and the outgoing server at this moment."""
    refresh_tokens: set[str] = field(default_factory=set)
    """What the provider gives new access tokens for."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def offered(self, token: str, body: bytes, *, poison: bool = False) -> None:
        """It may be taken from now on."""
        with self.lock:
            arrival = self.arrivals.setdefault(token, Arrival(token, poison))
            arrival.sha256.add(hashlib.sha256(body).hexdigest())

    def accepted(self, token: str) -> None:
        with self.lock:
            self.arrivals[token].accepted += 1

    def asks(self, errand: Errand) -> Errand:
        with self.lock:
            return self.errands.setdefault(errand.key, errand)

    def delivered(self, message_id: str, words: str, *, to: str = "", ambiguous: bool = False) -> None:
        with self.lock:
            tokens = frozenset(TOKEN.findall(words))
            self.deliveries.append(Delivery(message_id, tokens, time.time(), to, ambiguous))

    @contextmanager
    def mishap(self, kind: str, detail: str = "") -> Iterator[Mishap]:
        made = Mishap(kind, time.time(), detail=detail)
        with self.lock:
            self.mishaps.append(made)
        try:
            yield made
        finally:
            made.ended = time.time()

    def put_clock(self, offset: float) -> None:
        with self.lock:
            self.jumps.append((time.time(), offset))

    def latest(self, since: float, until: float, noticed: float = 0.0) -> float:
        """The furthest that the house's clock was between two moments of ours, for a process that notices so
        many seconds after that it was put."""
        offset, furthest = 0.0, since
        for at, put in self.jumps:
            if at <= since:
                offset = put
            elif at <= until:
                furthest, offset = max(furthest, min(at + noticed, until) + offset, at + put), put
        return max(furthest, until + offset)

    def offsets(self, since: float, until: float) -> list[float]:
        """How far beside ours the house's clock was between two moments."""
        before = [put for at, put in self.jumps if at <= since][-1:] or [0.0]
        return before + [put for at, put in self.jumps if since < at <= until]

    def true_times(self, stamp: float, noticed: float) -> list[float]:
        """The moments of ours that the house may have called so, if its processes notice so many seconds
        after that the clock was put. In an hour that came twice, there are two."""
        begins = [(float("-inf"), 0.0), *self.jumps]
        ends = [at for at, _put in self.jumps] + [float("inf")]
        return [
            stamp - put
            for (at, put), end in zip(begins, ends, strict=True)
            if at <= stamp - put <= end + noticed
        ] or [stamp]

    def house_time(self, at: float) -> float:
        return at + next((put for when, put in reversed(self.jumps) if when <= at), 0.0)
