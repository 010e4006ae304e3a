"""A file that was too large for a mail: what it is, and a button to fetch it.

Whoever has the address may have the file, as with the mail it stands in. So the address is all there is: it
is asked for without cookies, and passed on to nobody; search engines and mail scanners that follow it fetch
a page, not the file.
"""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, make_response, render_template, request, send_file
from flask_babel import force_locale

from inbox import downloads, files
from inbox.mail.filenames import safe
from inbox.models import Attachment
from inbox.web import headers
from inbox.web.i18n import LANGUAGES
from inbox.web.permissions import PUBLIC, allow

bp = Blueprint("downloads", __name__, url_prefix="/f/<token>")

HARMLESS = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv")
"""What a browser may be told about a file; it keeps it all the same."""


@bp.get("")
@allow(PUBLIC)
def show(token: str) -> Response:
    file = downloads.find(token)
    if file is None:
        return _gone()
    return _page("portal/file.html", 200, file=file, name=_name(file), token=token)


@bp.get("/download")
@allow(PUBLIC)
def download(token: str) -> Response:
    file = downloads.find(token)
    try:
        content = files.get(file.sha256) if file else None
    except files.Missing:
        content = None
    if file is None or content is None:
        return _gone()
    kind = file.content_type if file.content_type in HARMLESS else "application/octet-stream"
    sent = send_file(BytesIO(content), mimetype=kind, as_attachment=True, download_name=_name(file))
    sent.headers["Content-Security-Policy"] = headers.FILE
    return _quiet(sent)


def _gone() -> Response:
    """The same for an address that has ended, was altered, or never was."""
    return _page("portal/gone.html", 404)


def _page(template: str, status: int, **values: object) -> Response:
    """In the language the browser prefers: it is asked nothing, and keeps nothing."""
    lang = request.accept_languages.best_match(list(LANGUAGES), "en")
    with force_locale(lang.replace("-", "_")):
        return _quiet(make_response(render_template(template, lang=lang, **values), status))


def _quiet(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _name(file: Attachment) -> str:
    return safe(file.filename) or "file"
