"""Figures for Prometheus: for programs on this machine, or for whoever has the token."""

from __future__ import annotations

import hmac
import ipaddress

from flask import Blueprint, Response, abort, request

from inbox import metrics
from inbox.config import settings
from inbox.web.permissions import PUBLIC, allow

bp = Blueprint("metrics", __name__)

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


@bp.get("/metrics")
@allow(PUBLIC)
def show() -> Response:
    """404 for everybody else: that it is here is nobody's business."""
    if not _may_read():
        abort(404)
    return Response(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read() -> bool:
    if token := settings().web.metrics_token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    return _asks_directly()


def _asks_directly() -> bool:
    """From this machine and not through a proxy on it, which would speak for the whole world."""
    if any(name in request.headers for name in FORWARDED):
        return False
    orig = request.environ.get("werkzeug.proxy_fix.orig", {})
    try:
        return ipaddress.ip_address(orig.get("REMOTE_ADDR") or request.remote_addr or "").is_loopback
    except ValueError:
        return False
