"""Addresses we are given: where a form came from, and where somebody wants to go next."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from inbox import downloads


def local_path(wanted: str) -> str:
    """The path, if it leads to a page of ours; else nothing."""
    if not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return ""
    if "\\" in wanted or any(ord(c) <= 32 or ord(c) == 127 for c in wanted):
        return ""
    parts = urlsplit(wanted)
    return "" if parts.scheme or parts.netloc or "//" in parts.path else wanted


def public_url() -> str:
    """What links that leave the house begin with: settings or the set-up page, never the Host header."""
    return downloads.public_url()


def same_origin() -> bool:
    """Whether a form was sent from a page of ours. Browsers say so; tools that say nothing need the token."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    return origin is None or is_ours(origin)


def is_ours(origin: str) -> bool:
    return origin in (request.host_url.rstrip("/"), origin_of(public_url()))


def origin_of(url: str) -> str | None:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None
