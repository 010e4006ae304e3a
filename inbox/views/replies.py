"""Writing: replies, notes and forwards, taking one back, sending one again or sooner."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from flask import Blueprint, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from inbox import access, drafts, tickets
from inbox.db import session
from inbox.models import Attachment, Draft, Message, Ticket
from inbox.tickets.forward import passed_on
from inbox.tickets.quoting import is_beside
from inbox.tickets.writing import THEN
from inbox.views import found, writing
from inbox.views.rivals import writer
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.permissions import AGENT, WRITER, allow

bp = Blueprint("replies", __name__)


@bp.post("/tickets/<int:ticket_id>/replies")
@allow(WRITER)
def reply(ticket_id: int) -> ResponseReturnValue:
    ticket = found.ticket(ticket_id)
    try:
        message = tickets.reply(
            ticket,
            me(),
            request.form.get("html", ""),
            key=key(),
            then=then("open"),
            last_seen=found.whole(request.form.get("last_seen")),
            anyway=bool(request.form.get("anyway")),
            to=writing.people_in("to"),
            cc=writing.people_in("cc"),
            bcc=writing.people_in("bcc") or (),
            subject=request.form.get("subject", ""),
            sender=found.whole(request.form.get("from")),
            signed=request.form.get("signature") != "0",
            send_at=writing.send_at(),
            files=_files(ticket, "reply"),
            macros=writing.pending(),
        )
    except tickets.Newer as newer:
        return _collision(ticket, newer.messages)
    except tickets.Refused as refused:
        raise Said(422, writing.why(refused)) from refused
    session.commit()
    return _sent(ticket, message, "reply")


@bp.post("/tickets/<int:ticket_id>/notes")
@allow(AGENT)
def note(ticket_id: int) -> ResponseReturnValue:
    ticket = found.ticket(ticket_id)
    try:
        message = tickets.note(
            ticket, me(), request.form.get("html", ""), key=key(), files=_files(ticket, "note")
        )
    except tickets.Refused as refused:
        raise Said(422, writing.why(refused)) from refused
    session.commit()
    return _sent(ticket, message, "note")


@bp.post("/tickets/<int:ticket_id>/forwards")
@allow(WRITER)
def forward(ticket_id: int) -> ResponseReturnValue:
    ticket = found.ticket(ticket_id)
    draft = drafts.of(ticket, me())["forward"]
    try:
        message = tickets.forward(
            ticket,
            me(),
            request.form.get("html", ""),
            key=key(),
            message=_original(ticket, draft),
            to=writing.people_in("to") or (),
            cc=writing.people_in("cc") or (),
            bcc=writing.people_in("bcc") or (),
            subject=request.form.get("subject", ""),
            sender=found.whole(request.form.get("from")),
            signed=request.form.get("signature") != "0",
            send_at=writing.send_at(),
            files=writing.files_of(draft),
        )
    except tickets.Refused as refused:
        raise Said(422, writing.why(refused)) from refused
    session.commit()
    return _sent(ticket, message, "forward")


@bp.put("/tickets/<int:ticket_id>/drafts/forward/original")
@allow(WRITER)
def pass_on(ticket_id: int) -> str:
    """Begin to forward a message, or the whole conversation where none is named."""
    ticket = found.ticket(ticket_id)
    number = found.whole(request.form.get("message"))
    message = found.message(number) if number else None
    passed = passed_on(ticket, message)
    if not passed:
        raise Said(422, writing.why(tickets.Refused("nothing_to_forward")))
    files = [file for one in passed for file in one.attachments if is_beside(file, one)]
    drafts.pass_on(ticket, me(), message, files)
    session.commit()
    return composer(ticket, "forward")


@bp.get("/tickets/<int:ticket_id>/drafts/forward/original")
@allow(WRITER)
def passed(ticket_id: int) -> str:
    """What the agent's forward passes on, as it will be read."""
    ticket = found.ticket(ticket_id)
    draft = drafts.of(ticket, me())["forward"]
    shown = passed_on(ticket, writing.original(ticket, draft)) if draft else []
    return render_template("writing/_original.html", passed=shown)


@bp.delete("/messages/<int:message_id>/delivery")
@allow(WRITER)
def undo(message_id: int) -> str:
    """Take it back: the answer is the composer it stands in again, or the page, if that was all there was."""
    message = found.message(message_id)
    ticket, number = message.ticket, message.ticket_id
    try:
        draft = tickets.undo(message, me())
    except tickets.TooLate as late:
        raise Said(409, _("Too late: it has already left.")) from late
    session.commit()
    if draft.kind == "new" or not access.ticket(me(), number):
        return render_template(
            "writing/_go.html", to=f"/new/{draft.id}" if draft.agent_id == me().id else "/"
        )
    return composer(ticket, draft.kind if draft.agent_id == me().id else "")


@bp.post("/messages/<int:message_id>/delivery")
@allow(WRITER)
def deliver(message_id: int) -> str:
    """Send again what failed; with ``now``, send at once what was to leave later."""
    message = found.message(message_id)
    try:
        if request.form.get("now") and message.state == "queued":
            tickets.send_now(message, me())
        else:
            tickets.retry(message, me())
    except tickets.TooLate as late:
        raise Said(409, _("It is on its way, or it has left.")) from late
    session.commit()
    return render_template("ticket/_message.html", message=message, ticket=message.ticket)


def composer(ticket: Ticket, kind: str = "") -> str:
    return render_template("ticket/_composer.html", ticket=ticket, **writing.beside(ticket, kind))


def key() -> str:
    """What makes it safe to post twice; a form without one is on its own."""
    return found.word("key", 64) or secrets.token_urlsafe(16)


def then(usual: str) -> str:
    asked = request.form.get("then") or usual
    return asked if asked in THEN else abort(422)


def _original(ticket: Ticket, draft: Draft | None) -> Message | None:
    if "message" not in request.form:
        return writing.original(ticket, draft) if draft else None
    number = found.whole(request.form["message"])
    return found.message(number) if number else None


def _files(ticket: Ticket, kind: str) -> list[Attachment]:
    """What leaves with the words. What another window wrote in their draft stays."""
    drafts.sending(ticket, me(), kind, request.form.get("html", ""), writer())
    return writing.files_of(drafts.of(ticket, me())[kind])


def _sent(ticket: Ticket, message: Message, kind: str) -> str:
    kept = drafts.of(ticket, me())
    return render_template("ticket/_sent.html", ticket=ticket, message=message, kind=kind, drafts=kept)


def _collision(ticket: Ticket, newer: Sequence[Message]) -> ResponseReturnValue:
    session.rollback()
    page = render_template("ticket/_collision.html", ticket=ticket, messages=newer)
    return make_response(page, 409)
