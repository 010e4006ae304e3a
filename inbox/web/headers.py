"""The headers of every answer. A view may set its own; these fill what it left open."""

from __future__ import annotations

from flask import Flask, Response, request

from inbox.web.permissions import PUBLIC, needed


def policy(**directives: str) -> str:
    return "; ".join(f"{name.replace('_', '-')} {value}".rstrip() for name, value in directives.items())


PAGE = {
    "default_src": "'none'",
    "script_src": "'self'",
    "style_src": "'self'",
    "img_src": "'self' data:",
    "font_src": "'self'",
    "frame_src": "'self'",
    "form_action": "'self'",
    "base_uri": "'none'",
    "frame_ancestors": "'none'",
    "manifest_src": "'self'",
}

LETTER = policy(
    default_src="'none'",
    img_src="'self' data:",
    style_src="'unsafe-inline'",
    font_src="'none'",
    base_uri="'none'",
    form_action="'none'",
    frame_ancestors="'self'",
    sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox",
)
"""What somebody mailed us, in its frame: it may look like a letter, and nothing else."""

PAPER = policy(
    default_src="'none'",
    img_src="'self' data:",
    style_src="'self' 'unsafe-inline'",
    base_uri="'none'",
    form_action="'none'",
    frame_ancestors="'none'",
)
"""Letters on one page, to be printed: nothing runs on it, and nothing comes from elsewhere."""

FILE = policy(default_src="'none'", frame_ancestors="'none'", sandbox="")

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

YEAR = "max-age=31536000"


def init(app: Flask) -> None:
    @app.after_request
    def complete(response: Response) -> Response:
        headers = response.headers
        for name, value in ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", page_policy())
        if "frame-ancestors 'none'" in headers["Content-Security-Policy"]:
            headers.setdefault("X-Frame-Options", "DENY")
        if request.is_secure:
            headers.setdefault("Strict-Transport-Security", f"{YEAR}; includeSubDomains")
        headers.setdefault("Cache-Control", "no-store")
        if request.endpoint and needed(app, request.endpoint) != PUBLIC:
            headers.add("Vary", "Cookie")
        return response


def page_policy() -> str:
    """``'self'`` covers our websocket in newer browsers only, so its address is named."""
    socket = f"{'wss' if request.is_secure else 'ws'}://{request.host}"
    return policy(**PAGE, connect_src=f"'self' {socket}" if is_plain(request.host) else "'self'")


def is_plain(host: str) -> bool:
    """A Host header is somebody's words: nothing but a name and a port may enter a policy."""
    return bool(host) and all(c.isalnum() or c in ".-:[]" for c in host)
