"""Attachments: to keep, or to look at where they are surely pictures."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, send_file

from inbox import files
from inbox.mail.filenames import safe
from inbox.models import Attachment, MacroFile
from inbox.views import found
from inbox.web import headers
from inbox.web.permissions import AGENT, allow

bp = Blueprint("files", __name__, url_prefix="/files/<token>")

RASTER = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
HARMLESS = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv")


@bp.get("/<path:filename>")
@allow(AGENT)
def download(token: str, filename: str) -> Response:
    return to_keep(found.file(token))


def to_keep(file: Attachment | MacroFile) -> Response:
    """A download that no browser opens as a page."""
    name = safe(file.filename) or "file"
    kind = file.content_type if file.content_type in HARMLESS else "application/octet-stream"
    return _boxed(send_file(BytesIO(_content(file)), mimetype=kind, as_attachment=True, download_name=name))


@bp.get("/inline")
@allow(AGENT)
def inline(token: str) -> Response:
    content = _content(found.file(token))
    kind = picture_type(content) or abort(404)
    response = _boxed(send_file(BytesIO(content), mimetype=kind))
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


def picture_type(content: bytes) -> str | None:
    """What the bytes are, whatever their name says."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in RASTER if content.startswith(magic)), None)


def _content(file: Attachment | MacroFile) -> bytes:
    try:
        return files.get(file.sha256)
    except files.Missing as missing:
        raise found.damaged() from missing


def _boxed(response: Response) -> Response:
    """Opened by itself it can do nothing, whatever it contains."""
    response.headers["Content-Security-Policy"] = headers.FILE
    response.headers["Cache-Control"] = "no-store"
    return response
