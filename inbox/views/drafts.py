"""What is being written: saved while typing, with its fields and its files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from inbox import drafts
from inbox.config import settings
from inbox.db import session
from inbox.mail.filenames import safe
from inbox.models import Attachment, Draft
from inbox.views import found, writing
from inbox.views.files import picture_type
from inbox.views.rivals import writer
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.i18n import clock
from inbox.web.permissions import AGENT, allow

bp = Blueprint(
    "drafts", __name__, url_prefix="/tickets/<int:ticket_id>/drafts/<any(reply, note, forward):kind>"
)


@bp.put("")
@allow(AGENT)
def save(ticket_id: int, kind: str) -> ResponseReturnValue:
    ticket, kind = found.ticket(ticket_id), found.kind_of(kind)
    draft = drafts.save(ticket, me(), kind, request.form.get("html", ""), **typed())
    session.commit()
    return clock(draft.updated_at), {"Content-Type": "text/plain; charset=utf-8"}


@bp.delete("")
@allow(AGENT)
def discard(ticket_id: int, kind: str) -> ResponseReturnValue:
    drafts.discard(found.ticket(ticket_id), me(), found.kind_of(kind), writer())
    session.commit()
    return "", 204


@bp.post("/files")
@allow(AGENT)
def attach(ticket_id: int, kind: str) -> str:
    ticket, kind = found.ticket(ticket_id), found.kind_of(kind)
    draft = drafts.of(ticket, me())[kind] or drafts.save(ticket, me(), kind, "")
    return attached(draft)


@bp.delete("/files/<token>")
@allow(AGENT)
def detach(ticket_id: int, kind: str, token: str) -> ResponseReturnValue:
    return detached(token, drafts.of(found.ticket(ticket_id), me())[found.kind_of(kind)])


def typed() -> dict[str, Any]:
    """What a form says beside the words."""
    return {"subject": request.form.get("subject"), "fields": writing.sent_fields(), "writer": writer()}


def attached(draft: Draft) -> str:
    """Keep the file that was sent in a draft; with ``inline`` it is a picture within the text."""
    name, kind, content = upload(request.files.get("file") or abort(422))
    inline = bool(request.form.get("inline"))
    if inline and not (kind := picture_type(content) or ""):
        raise Said(422, _("%(name)s is no picture that mail programs show: attach it instead.", name=name))
    file = drafts.put(draft, name, kind, content, inline=inline)
    session.commit()
    return shown(file)


def upload(sent: object) -> tuple[str, str, bytes]:
    """Name, type and bytes of an upload. 413 where it is larger than allowed."""
    content = sent.stream.read(settings().uploads.max_bytes + 1)  # type: ignore[attr-defined]
    if len(content) > settings().uploads.max_bytes:
        raise RequestEntityTooLarge
    name = safe(sent.filename or "") or "file"  # type: ignore[attr-defined]
    return name, sent.mimetype or "application/octet-stream", content  # type: ignore[attr-defined]


def detached(token: str, draft: Draft | None) -> ResponseReturnValue:
    drafts.detach(found.own_file(token, draft))
    session.commit()
    return "", 200


def shown(file: Attachment) -> str:
    return render_template("ticket/_draft_file.html", attachment=file)
