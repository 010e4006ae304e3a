"""One message: as a fragment, in its frame, and as it came or left."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from inbox import audit, files
from inbox.mail import links, page, rewrite_images, trackers
from inbox.models import Message
from inbox.views import found, originals, pictures
from inbox.web import headers
from inbox.web.current import me
from inbox.web.i18n import language
from inbox.web.permissions import AGENT, allow

bp = Blueprint("messages", __name__, url_prefix="/messages/<int:message_id>")


@bp.get("/_message")
@allow(AGENT)
def show(message_id: int) -> str:
    message = found.message(message_id)
    return render_template("ticket/_message.html", message=message, ticket=message.ticket)


@bp.get("/frame")
@allow(AGENT)
def frame(message_id: int) -> Response:
    """The mail's HTML as a document of its own; with ``images=1`` with its pictures, fetched by us."""
    message = found.message(message_id)
    remote = request.args.get("images") == "1"
    said = (message.html or "") + (f"<div>-- <br>{message.signature}</div>" if message.signature else "")
    whole = said + (message.quoted_html or "")
    html, quoted = (shown(message, part, remote=remote) for part in (said, message.quoted_html))
    return framed(page(html, quoted, language(), _("Earlier messages"), trackers(whole)))


def shown(message: Message, html: str | None, *, remote: bool = False) -> str:
    """A part of a message's HTML with its own pictures in it and its links marked."""
    addresses = {
        file.content_id: f"/files/{file.token}/inline" for file in message.attachments if file.content_id
    }
    drawn = rewrite_images(html or "", addresses.get, pictures.address(message) if remote else None)
    return links.marked(drawn, lambda host: _("leads to %(host)s", host=host))


def framed(html: str) -> Response:
    response = make_response(html)
    response.headers["Content-Security-Policy"] = headers.LETTER
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/raw")
@allow(AGENT)
def raw(message_id: int) -> Response:
    message = found.message(message_id)
    content = raw_of(message)
    audit.note("raw_downloaded", me(), message=message.id, ticket=message.ticket_id)
    return as_mail(content, f"message-{message_id}.eml")


@bp.get("/source")
@allow(AGENT)
def source(message_id: int) -> ResponseReturnValue:
    """Every byte as it came, as text."""
    message = found.message(message_id)
    told = originals.source(raw_of(message))
    return render_template("ticket/source.html", message=message, ticket=message.ticket, **told)


@bp.get("/headers")
@allow(AGENT)
def head(message_id: int) -> ResponseReturnValue:
    """Its headers for people: the way it came, what was checked, and every field."""
    message = found.message(message_id)
    told = originals.head(raw_of(message))
    return render_template("ticket/headers.html", message=message, ticket=message.ticket, **told)


def raw_of(message: Message) -> bytes:
    """The bytes as they came or left. A survey's hold its address, which is for nobody it is about."""
    if message.kind == "reply" and message.automated == "survey" and not me().is_admin:
        abort(404)
    sha256 = message.raw_sha256 or (message.payload.sha256 if message.payload else None)
    if sha256 is None:
        abort(404)
    try:
        return files.get(sha256)
    except files.Missing as missing:
        raise found.damaged() from missing


def as_mail(content: bytes, name: str) -> Response:
    response = make_response(content)
    response.headers["Content-Type"] = "message/rfc822"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = headers.FILE
    return response
