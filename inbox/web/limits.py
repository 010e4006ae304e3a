"""How often somebody may try. Counted in Valkey, so that all web processes count together."""

from __future__ import annotations

from flask import Flask, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from inbox.config import settings

limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True)

PER_ADDRESS, PER_ACCOUNT = "60 per 10 minutes", "10 per 10 minutes"


def _account() -> str:
    return f"account:{request.form.get('email', '').strip().lower()[:320]}"


tries = limiter.limit(PER_ADDRESS, methods=["POST"])
"""Every try counts before it is looked at, so that a hundred at once do not slip through."""

tries_of_an_account = limiter.limit(PER_ACCOUNT, key_func=_account, methods=["POST"])

PER_ADMIN = "30 per 10 minutes"


def _agent() -> str:
    return f"agent:{g.me.id}" if g.get("me") else get_remote_address()


calls_out = limiter.shared_limit(PER_ADMIN, scope="calls-out", key_func=_agent, methods=["POST"])
"""What makes us call addresses that somebody typed, all of it counted together."""


def forget() -> None:
    """Begin counting anew (tests)."""
    limiter.reset()


def init(app: Flask) -> None:
    app.config.update(
        RATELIMIT_STORAGE_URI=_storage(settings().redis_url),
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_KEY_PREFIX="prosa",
    )
    limiter.init_app(app)


def _storage(url: str) -> str:
    return f"redis+{url}" if url.startswith("unix:") else url
