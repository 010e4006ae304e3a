"""Where the time of one mail goes, from bytes to ticket, each mail read before the next comes.

A clock stands at the door of each part and stops while a part within it runs, so the shares add up to the
whole. Beside them the floor of ``ingest``, from the same run, as the unit that can be compared elsewhere.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial, wraps
from importlib import import_module
from typing import Any
from unittest.mock import patch

from sqlalchemy.engine import Engine

from benchmarks import ingest
from benchmarks.mails import varied
from inbox import customers, files, floods, intake, rows, search
from inbox.channels import email
from inbox.intake import claims
from inbox.mail.reader import Reader
from inbox.tickets import changing, incoming, threading

receive = import_module("inbox.tickets.receive")  # in its package the name is the verb's
MAILS = int(os.environ.get("BENCH_MAILS", "600"))
BLOCK = 100
REST = "the rest: three transactions begun and left, objects made, what is told to screens"

PARTS: tuple[tuple[str, tuple[tuple[Any, str], ...]], ...] = (
    ("its bytes and its files: hashed, written, the file and its name fsynced", ((files, "put"),)),
    ("whose flood it would be", ((floods, "key_of"), (floods, "weigh"))),
    ("the payload's row", ((intake, "keep"),)),
    ("the claim", ((claims, "claim"),)),
    ("waiting for the child that reads it, its headers looked at meanwhile", ((Reader, "read"),)),
    ("what was read, as a channel's values", ((email, "inbound"),)),
    ("ours? known already?", ((incoming, "is_ours"), (receive, "_is_known"))),
    ("who wrote it", ((customers, "meet"),)),
    ("which thread", ((threading, "find"),)),
    ("spam?", ((receive, "_why_spam"),)),
    ("rows: customer, ticket, thread, message, files, words, tally", ((rows, "write"),)),
    ("events and what reacts to them", ((changing.Change, "written"),)),
    ("the search index", ((search, "index_new"),)),
)
COMMIT = "three commits, two of which wait for the disk"


class Clock:
    """Whose time it is now, and how much everybody had."""

    def __init__(self) -> None:
        self.had: Counter[str] = Counter()
        self._inside = [REST]
        self._since = time.perf_counter()

    def _turn(self) -> None:
        moment = time.perf_counter()
        self.had[self._inside[-1]] += moment - self._since  # type: ignore[assignment]
        self._since = moment

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._turn()
        self._inside.append(name)
        try:
            yield
        finally:
            self._turn()
            self._inside.pop()

    def at(self, name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        """The same function with the clock at its door."""

        @wraps(run)
        def timed(*args: Any, **named: Any) -> Any:
            with self.part(name):
                return run(*args, **named)

        return timed

    @contextmanager
    def running(self) -> Iterator[None]:
        self._since = time.perf_counter()
        yield
        self._turn()


def run() -> None:
    for kind, engine in ingest.databases():
        _measure(kind, engine)


def _measure(kind: str, engine: Engine) -> None:
    account_id = ingest.mailbox()
    ingest.one_by_one(account_id, varied(50, seed=99))  # warm
    mails, clock, floor = varied(MAILS), Clock(), 0.0
    for start in range(0, len(mails), BLOCK):
        block = mails[start : start + BLOCK]
        floor += ingest.timed(partial(ingest.floor, engine, block))
        with _clocks(clock, engine), clock.running():
            ingest.one_by_one(account_id, block)
    _print(kind, clock.had, floor, len(mails))


@contextmanager
def _clocks(clock: Clock, engine: Engine) -> Iterator[None]:
    doors = [(name, owner, attribute) for name, owned in PARTS for owner, attribute in owned]
    with ExitStack() as stack:
        for name, owner, attribute in (*doors, (COMMIT, engine.dialect, "do_commit")):
            timed = clock.at(name, getattr(owner, attribute))
            stack.enter_context(patch.object(owner, attribute, timed))
        yield


def _print(kind: str, had: Counter[str], floor: float, mails: int) -> None:
    whole = sum(had.values())
    print(f"{kind}: {1000 * whole / mails:.2f} ms a mail, {whole / floor:.2f} floors, of which")
    for name in (*(name for name, _doors in PARTS), COMMIT, REST):
        print(f"  {had[name] / floor:5.2f} floors {100 * had[name] / whole:5.1f} %  {name}")
