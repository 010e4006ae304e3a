"""Built files under hashed names, which a browser may keep for ever."""

from __future__ import annotations

import json
import mimetypes
import time
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory

from inbox.config import ROOT
from inbox.web.permissions import PUBLIC, allow

STATIC = ROOT / "static"
MANIFEST = STATIC / "build" / "manifest.json"
PACKED = {"br": ".br", "gzip": ".gz"}
"""What the build leaves beside a file (RFC 7932, RFC 1952), the smaller first."""

FOR_EVER = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """The address of a built file: ``asset('app.js')`` is ``/static/build/app.3f9c….js``."""
    return f"/static/build/{built(name)}"


def built(name: str) -> str:
    """What a built file is called in ``static/build``."""
    return _names().get(name, name)


def _names() -> dict[str, str]:
    return _names_at(int(time.monotonic()))


@lru_cache(maxsize=1)
def _names_at(_second: int) -> dict[str, str]:
    """Looked at once a second: a build may replace them while we run."""
    try:
        return _read(MANIFEST, MANIFEST.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@cache
def _read(path: Path, _changed: int) -> dict[str, str]:
    names: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return {name: str(built) for name, built in names.items()}


@allow(PUBLIC)
def static(filename: str) -> Response:
    if not (filename.startswith("build/") and filename.removeprefix("build/") in _names().values()):
        response = send_from_directory(STATIC, filename)
        response.headers["Cache-Control"] = "no-cache"
        return response
    response = _built(filename)
    response.headers["Cache-Control"] = FOR_EVER
    return response


def _built(filename: str) -> Response:
    """As the build packed it, if the browser can read that."""
    for coding, ending in PACKED.items():
        if request.accept_encodings.quality(coding) > 0 and (STATIC / f"{filename}{ending}").is_file():
            kind = mimetypes.guess_type(filename)[0]
            response = send_from_directory(STATIC, f"{filename}{ending}", mimetype=kind)
            response.content_encoding = coding
            break
    else:
        response = send_from_directory(STATIC, filename)
    response.vary.add("Accept-Encoding")
    return response


@allow(PUBLIC)
def favicon() -> Response:
    return send_from_directory(STATIC, "favicon.svg", mimetype="image/svg+xml", max_age=86400)


def init(app: Flask) -> None:
    app.add_url_rule("/static/<path:filename>", "static", static)
    app.add_url_rule("/favicon.ico", "favicon", favicon)
    app.jinja_env.globals["asset"] = asset
