"""Whose turn it is to write to SQLite, which has one writer at a time and no queue.

Who finds it busy looks again every few milliseconds. Whoever writes one thing after another, as when much
mail comes in, would nearly always be faster, and an agent's reply could wait until it is given up. So who has
waited a while says so by a lock on the database's folder, and who begins asks whether anybody does,
and lets them go first. The lock ends with its process, so nobody waits for the dead.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

LET_GO = 0.02
"""Seconds: longer than those who wait sleep between two looks."""


class Turns:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def give_way(self) -> None:
        """Before beginning: once, so that nobody waits for ever."""
        if self.is_waited_for():
            time.sleep(LET_GO)

    def is_waited_for(self) -> bool:
        with self._lock(fcntl.LOCK_SH) as had:  # shared: those who look do not take each other for waiting
            return not had

    def wait(self, until: ExitStack) -> bool:
        """From now on others give way; whether that could be said: another may wait, or look just now."""
        with ExitStack() as trial:
            had = trial.enter_context(self._lock(fcntl.LOCK_EX))
            if had:
                until.enter_context(trial.pop_all())
        return had

    @contextmanager
    def _lock(self, kind: int) -> Iterator[bool]:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(folder, kind | fcntl.LOCK_NB)
                had = True
            except BlockingIOError:
                had = False
            except OSError:  # a file system without such locks: nobody on it can say that they wait
                had = True
            yield had
        finally:
            os.close(folder)
