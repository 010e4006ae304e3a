"""The mail preview: what would have left if a mail server were set, exactly as it would have."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from inbox import outbox
from inbox.models import Message
from inbox.views import found, originals
from inbox.views.messages import raw_of
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("preview", __name__, url_prefix="/preview")


@bp.get("")
@allow(ADMIN)
def index() -> str:
    return render_template("preview/index.html", messages=outbox.previews(), page_name="preview")


@bp.get("/<int:message_id>")
@allow(ADMIN)
def show(message_id: int) -> str:
    message = _previewed(message_id)
    content = raw_of(message)
    told = originals.source(content) | originals.head(content)
    return render_template(
        "preview/show.html", message=message, ticket=message.ticket, page_name="preview", **told
    )


def _previewed(message_id: int) -> Message:
    message = found.message(message_id)
    return message if message.sent_via == "preview" else abort(404)
