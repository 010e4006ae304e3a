"""How often somebody may try. Counted in Valkey, so that all web processes count together.

Every try counts before it is looked at, so that a hundred at once do not slip through. An account is counted
by itself, whatever addresses the tries come from; but whoever tries in a browser where its owner signed in
before is counted apart, so that a stranger's tries keep nobody out of their own account.
"""

from __future__ import annotations

import time

from flask import Flask, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from inbox import browsers, db, second_factor, signin
from inbox.config import settings
from inbox.web import cookies

limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True)

PER_ADDRESS, PER_ACCOUNT = "60 per 10 minutes", "10 per 10 minutes"
CODES = "10 per 10 minutes; 50 per day"
"""Whoever tries codes knows the password already, so this stops no stranger's victim."""
MAILS = "3 per 30 minutes"


def _account() -> str:
    email = request.form.get("email", "").strip().lower()[:320]
    token = cookies.browser(email)
    with db.reading():
        known = browsers.knows(email, token)
    return f"browser:{signin.digest(token)}" if known else f"account:{email}"


def _typed() -> str:
    return f"mail:{request.form.get('email', '').strip().lower()[:320]}"


def _owing() -> str:
    with db.reading():
        agent = second_factor.owing(cookies.step())
    return f"code:{agent.id}" if agent else get_remote_address()


tries = limiter.limit(PER_ADDRESS, methods=["POST"])

tries_of_an_account = limiter.limit(PER_ACCOUNT, key_func=_account, methods=["POST"])

codes_of_an_account = limiter.limit(CODES, key_func=_owing, methods=["POST"])

mails_to_an_address = limiter.limit(MAILS, key_func=_typed, methods=["POST"])
"""Asked for by anybody, and counted alike whether somebody here has the address."""

PER_ADMIN = "30 per 10 minutes"


def _agent() -> str:
    return f"agent:{g.me.id}" if g.get("me") else get_remote_address()


tries_of_mine = limiter.limit(PER_ACCOUNT, key_func=_agent, methods=["POST"])
"""Passwords and codes that are asked for once more, in a browser that somebody left signed in."""

calls_out = limiter.shared_limit(PER_ADMIN, scope="calls-out", key_func=_agent, methods=["POST"])
"""What makes us call addresses that somebody typed, all of it counted together."""


def seconds_left() -> int:
    """Until whoever was just refused may try again."""
    refused = limiter.current_limit
    return max(1, refused.reset_at - int(time.time())) if refused else 600


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
