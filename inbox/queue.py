"""Ring the worker: run a function with an id, once we have committed.

RQ only says *look now*. The row that names the work has a state of its own, so a bell that is lost, rung
twice or rung late changes nothing: the timetable's sweep rings again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import redis
import structlog
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from inbox.config import settings
from inbox.db import after_commit

log = structlog.get_logger("queue")

QUEUES = ("intake", "outbox", "reactions", "push")
"""Each has workers of its own: one that listens to several pops without a safety net."""

JOB_SECONDS = 120

MOST_BELLS = 500
"""Of a queue, at a time: a worker that is far behind would only hear ever more of what is done by then."""


PATIENCE = 1.0
"""Seconds a bell may take: whoever rings has committed already and must not be held up."""


@cache
def connection() -> redis.Redis:
    """For those who wait at the other end, as long as it takes."""
    return redis.Redis.from_url(settings().redis_url, socket_timeout=None, socket_connect_timeout=2)


@cache
def named(name: str) -> Queue:
    patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    ringing = redis.Redis.from_url(settings().redis_url, **patience)
    return Queue(name, connection=ringing, serializer=JSONSerializer)


def room(queue: str) -> int:
    """How many more a sweep may ring: none where nobody would hear it."""
    try:
        return max(0, MOST_BELLS - named(queue).count)
    except redis.RedisError:
        return 0


def later(queue: str, run: str | Callable[..., Any], row_id: int) -> None:
    """Run ``run(row_id)`` in the worker of this queue after the current transaction has committed."""
    after_commit(lambda: ring(queue, run, row_id))


def ring(queue: str, run: str | Callable[..., Any], row_id: int, *, again: str = "") -> None:
    """Ring at once. ``again`` tells a sweep's bell from the first one, which may have died while running."""
    name = run if isinstance(run, str) else f"{run.__module__}.{run.__qualname__}"
    job_id = "-".join(filter(None, (name.replace(".", "_"), str(row_id), again)))
    try:
        named(queue).enqueue_call(
            name,
            args=(row_id,),
            job_id=job_id,
            unique=True,
            timeout=JOB_SECONDS,
            result_ttl=0,
            failure_ttl=3600,
            ttl=600,
        )
    except DuplicateJobError:
        pass  # it is rung already
    except redis.RedisError as problem:
        log.warning("bell_not_rung", queue=queue, run=name, row=row_id, problem=str(problem))
