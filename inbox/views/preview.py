"""The mail preview: what would have left if a mail server were set, exactly as it would have."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template

from inbox import memos, outbox
from inbox.models import Memo, Message
from inbox.views import found, originals
from inbox.views.messages import framed, raw_of
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("preview", __name__, url_prefix="/preview")


@bp.get("")
@allow(ADMIN)
def index() -> str:
    there = {"messages": outbox.previews(), "memos": memos.previews()}
    return render_template("preview/index.html", page_name="preview", **there)


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


@bp.get("/memos/<int:memo_id>")
@allow(ADMIN)
def show_memo(memo_id: int) -> str:
    """A mail of the house to one of its own, as long as there is something to read."""
    return render_template("preview/memo.html", memo=_memo(memo_id), page_name="preview")


@bp.get("/memos/<int:memo_id>/frame")
@allow(ADMIN)
def frame_memo(memo_id: int) -> Response:
    memo = _memo(memo_id)
    head = f'<html lang="{memo.language}"><head><meta charset="utf-8"></head>'
    return framed(f"<!doctype html>{head}<body>{memo.html}</body></html>")


def _memo(memo_id: int) -> Memo:
    return found.or_404(memos.previewed(found.number(memo_id)))
