"""kill -9 of each process the house has."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil
import redis

from inbox.config import settings
from tests.fire.faults import Fault

if TYPE_CHECKING:
    from tests.fire.run import Run


def named(*words: str) -> Callable[[Run], list[psutil.Process]]:
    return lambda run: run.house.find(*words)


def alive_as(name: str) -> Callable[[Run], list[psutil.Process]]:
    """A child of the worker, as Valkey knows it: it says every few seconds that it is alive."""

    def find(run: Run) -> list[psutil.Process]:
        with contextlib.suppress(redis.RedisError, psutil.Error):
            bell = redis.Redis.from_url(settings().redis_url, socket_timeout=2)
            said = bell.get(f"prosa:alive:{name}")
            return [process for process in run.house.find("worker.py") if said and process.pid == int(said)]
        return []

    return find


APPEARS = 10.0
"""Seconds within which one that was killed before should be there again."""


def _awaited(look: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    until = time.monotonic() + APPEARS
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.2)
    return found


def kill(find: Callable[[Run], list[psutil.Process]]) -> Callable[[Run, random.Random], str]:
    def strike(run: Run, dice: random.Random) -> str:
        found = _awaited(lambda: sorted(find(run), key=lambda process: process.pid))
        if not found:
            return ""
        victim = dice.choice(found)
        with contextlib.suppress(psutil.Error):
            victim.kill()
        if dice.random() < 0.7:  # else what is starting is hit as well
            run.wait_for_answer()
        return f"pid {victim.pid}"

    return strike


FAULTS = [
    Fault("kill-web", kill(named("app.py")), often=2),
    Fault("kill-worker", kill(named("worker.py"))),
    Fault("kill-intake", kill(alive_as("intake"))),
    Fault("kill-outbox", kill(alive_as("outbox")), often=2),
    Fault("kill-reactions", kill(alive_as("reactions"))),
    Fault("kill-push", kill(alive_as("push"))),
    Fault("kill-timetable", kill(alive_as("timetable"))),
    Fault("kill-listener", kill(alive_as("listener")), often=2),
    Fault("kill-collector", kill(alive_as("collector")), often=2),
    Fault("kill-parser", kill(named("inbox.mail.child")), often=2, fleeting=True),
    Fault("kill-valkey", kill(named("unixsocket"))),
]
