"""Redis, the one of somebody else or our own Valkey, and the processes that give a sign of life in it."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from inbox import config
from inbox.config import is_loopback
from inbox.doctor.finding import Finding, careless, ok, problem, warn

WORKERS = ("intake", "outbox", "reactions", "push", "timetable", "collector", "listener")


@cache
def store() -> Any:
    import redis

    return redis.Redis.from_url(config.settings().redis_url, socket_connect_timeout=2, socket_timeout=2)


def answers() -> Finding:
    store().ping()
    return ok("Valkey answers" if not config.settings().redis.url else "Redis answers")


def keeps() -> Finding:
    """Losing it loses a few seconds, and evicting keys loses bells without a word."""
    from redis.exceptions import ResponseError

    try:
        policy = store().config_get("maxmemory-policy")["maxmemory-policy"]
        kept = store().config_get("appendonly")["appendonly"]
    except ResponseError:
        return warn(
            "Redis does not tell how it is set up", "Make sure that it has maxmemory-policy noeviction."
        )
    if policy != "noeviction":
        return problem(f"Redis may evict keys ({policy})", "Set maxmemory-policy to noeviction.")
    if kept != "yes":
        return warn(
            "Redis keeps nothing over a restart", "Set appendonly to yes: jobs start again sooner then."
        )
    return ok("it evicts nothing and keeps what it has")


def reach() -> Finding:
    """Whoever reaches it can put jobs into the queues and listen to every nudge."""
    url = urlsplit(config.settings().redis.url)
    if url.scheme in ("", "unix"):
        return ok("it is reached through a socket of this machine")
    host = url.hostname or "localhost"
    if not url.password and (not is_loopback(host) or listens_widely()):
        return careless(
            f"Redis at {host} is open to the network and asks for no password",
            "Set requirepass and bind 127.0.0.1 in redis.conf, and name the password in redis.url.",
        )
    if not is_loopback(host) and url.scheme != "rediss":
        return warn("the line to Redis is not encrypted", "Use rediss:// or a private network.")
    return ok("Redis is not open to others")


def listens_widely() -> bool:
    from redis.exceptions import ResponseError

    try:
        bound = store().config_get("bind")["bind"].split()
        protected = store().config_get("protected-mode")["protected-mode"] == "yes"
    except ResponseError:
        return False
    return not protected and not (bound and all(is_loopback(name.lstrip("-")) for name in bound))


def workers() -> Finding:
    wanted = WORKERS if config.settings().mail.listen_port else WORKERS[:-1]
    silent = [name for name in wanted if not store().exists(f"prosa:alive:{name}")]
    if silent:
        return problem(
            f"no sign of life from {', '.join(silent)}", "Start Prosa, or see why in its log: `make run`."
        )
    return ok(f"alive: {', '.join(wanted)}")
