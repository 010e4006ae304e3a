"""For machines that look after us."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import redis
import structlog
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from inbox import db
from inbox.config import settings
from inbox.web.permissions import PUBLIC, allow

bp = Blueprint("health", __name__)
log = structlog.get_logger("web")

WORKERS = ("intake", "outbox", "reactions", "push", "timetable", "collector", "listener")


@bp.get("/healthz")
@allow(PUBLIC)
def alive() -> ResponseReturnValue:
    """This process answers; nothing else is asked."""
    return jsonify(status="alive")


@bp.get("/readyz")
@allow(PUBLIC)
def ready() -> ResponseReturnValue:
    """Whether everything that a mail and its answer need is there."""
    workers = _workers()
    parts = {"database": _holds(db.is_alive), "valkey": _holds(lambda: _valkey().ping())}
    fine = all((*parts.values(), *workers.values()))
    return jsonify(status="ready" if fine else "not ready", **parts, workers=workers), 200 if fine else 503


def _workers() -> dict[str, bool]:
    """Each says every few seconds that it is there, and is believed for a few seconds."""
    wanted = [name for name in WORKERS if name != "listener" or settings().mail.listen_port]
    try:
        said: list[Any] = _valkey().mget([f"prosa:alive:{name}" for name in wanted])
    except redis.RedisError:
        said = [None] * len(wanted)
    return {name: value is not None for name, value in zip(wanted, said, strict=True)}


def _holds(question: Callable[[], Any]) -> bool:
    try:
        return bool(question())
    except Exception as problem:
        log.warning("not_ready", problem=str(problem))
        return False


@cache
def _valkey() -> redis.Redis:
    return redis.Redis.from_url(settings().redis_url, socket_timeout=1, socket_connect_timeout=1)
