"""Writing first: the page of a new conversation, which is also a plain form."""

from __future__ import annotations

from html import escape

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from inbox import drafts, tickets
from inbox.db import session
from inbox.models import Attachment, Draft
from inbox.tickets import senders
from inbox.views import found, writing
from inbox.views.drafts import attached, detached, typed, upload
from inbox.views.replies import key, then
from inbox.web.current import is_fragment, me
from inbox.web.errors import Said
from inbox.web.i18n import clock
from inbox.web.permissions import WRITER, allow

bp = Blueprint("start", __name__, url_prefix="/new")


@bp.get("")
@allow(WRITER)
def index() -> str:
    return page(None, to=request.args.get("to", "")[:1000])


@bp.get("/<int:draft_id>")
@allow(WRITER)
def show(draft_id: int) -> str:
    return page(_draft(draft_id))


@bp.post("")
@allow(WRITER)
def send() -> ResponseReturnValue:
    number = found.whole(request.form.get("draft"))
    draft = _draft(number) if number else None
    try:
        chosen = senders.chosen(me(), found.whole(request.form.get("from")) or 0)
        message = tickets.start(
            chosen,
            me(),
            _words(),
            key=key(),
            to=writing.people_in("to") or (),
            cc=writing.people_in("cc") or (),
            bcc=writing.people_in("bcc") or (),
            subject=request.form.get("subject", ""),
            then=then("pending"),
            signed=request.form.get("signature") != "0",
            send_at=writing.send_at(),
            files=_files(draft),
            draft=draft,
        )
    except tickets.Refused as refused:
        return _refused(draft, writing.why(refused))
    session.commit()
    where = f"/tickets/{message.ticket_id}"
    return (
        render_template("writing/_go.html", to=where, message=message)
        if is_fragment()
        else redirect(where, 303)
    )


@bp.post("/drafts")
@allow(WRITER)
def begin() -> str:
    """Keep what was typed first; from then on it has an address of its own."""
    draft = drafts.write(drafts.begin(me()), request.form.get("html", ""), **typed())
    session.commit()
    return render_template("writing/_begun.html", draft=draft)


@bp.put("/<int:draft_id>")
@allow(WRITER)
def save(draft_id: int) -> ResponseReturnValue:
    draft = drafts.write(_draft(draft_id), request.form.get("html", ""), **typed())
    session.commit()
    return clock(draft.updated_at), {"Content-Type": "text/plain; charset=utf-8"}


@bp.delete("/<int:draft_id>")
@allow(WRITER)
def discard(draft_id: int) -> ResponseReturnValue:
    drafts.forget(_draft(draft_id))
    session.commit()
    return "", 204


@bp.post("/<int:draft_id>/files")
@allow(WRITER)
def attach(draft_id: int) -> str:
    return attached(_draft(draft_id))


@bp.delete("/<int:draft_id>/files/<token>")
@allow(WRITER)
def detach(draft_id: int, token: str) -> ResponseReturnValue:
    return detached(token, _draft(draft_id))


def page(draft: Draft | None, problem: str = "", to: str = "") -> str:
    others = [one for one in drafts.begun(me()) if draft is None or one.id != draft.id]
    desk = writing.beginning(draft, to)
    return render_template("writing/new.html", draft=draft, desk=desk, others=others, problem=problem)


def _draft(draft_id: int) -> Draft:
    return drafts.new(me(), found.number(draft_id)) or abort(404)


def _words() -> str:
    """What the editor wrote, or the plain form's text."""
    if "text" not in request.form:
        return request.form.get("html", "")
    parts = request.form["text"].replace("\r\n", "\n").strip().split("\n\n")
    return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in parts if part.strip())


def _files(draft: Draft | None) -> list[Attachment]:
    """Those of the draft; and what the plain form brought along."""
    brought = [one for one in request.files.getlist("upload") if one.filename]
    if not brought:
        return [*writing.files_of(draft)]
    holder = draft or drafts.begin(me())
    return [*writing.files_of(draft), *(drafts.put(holder, *upload(one)) for one in brought)]


def _refused(draft: Draft | None, sentence: str) -> ResponseReturnValue:
    """The form again with all that was typed in it, or the sentence for the script that asked."""
    session.rollback()
    if is_fragment():
        raise Said(422, sentence)
    kept = draft or drafts.begin(me())
    drafts.write(kept, _words(), **typed())
    session.commit()
    return page(kept, sentence), 422
