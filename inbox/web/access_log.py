"""One line a request: the route and not the address, for addresses carry tokens and what people search."""

from __future__ import annotations

import secrets
import time

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("web")

QUIET = ("static", "health.alive", "health.ready", "metrics.show")


def init(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.began, g.request_id = time.perf_counter(), secrets.token_hex(4)

    @app.after_request
    def write(response: Response) -> Response:
        level = "debug" if request.endpoint in QUIET and response.status_code < 400 else "info"
        getattr(log, level)(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else "-",
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            agent=g.me.id if g.get("me") else None,
            id=g.get("request_id"),
        )
        return response
