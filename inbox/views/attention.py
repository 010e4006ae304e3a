"""Needs attention: what could not be read, what came in floods, and what did not leave or arrive."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue

from inbox import attention, audit, files, intake, quarantine, ratings, tickets
from inbox.db import session
from inbox.models import Payload
from inbox.views import found
from inbox.views.found import number, or_404
from inbox.views.messages import as_mail
from inbox.web.current import is_fragment, me
from inbox.web.permissions import ADMIN, WRITER, allow

bp = Blueprint("attention", __name__)


@bp.get("/attention")
@allow(WRITER)
def index() -> str:
    return render_template(
        "attention/index.html",
        payloads=attention.payloads(me()),
        messages=attention.messages(me()),
        floods=attention.flooded(me()),
        broken=attention.broken(me()),
        held_since=attention.held_since(me()),
        low_ratings=ratings.low(me()),
        page_name="attention",
    )


@bp.post("/attention/release")
@allow(ADMIN)
def release() -> ResponseReturnValue:
    """This restored copy is the one in use: it fetches and sends again."""
    quarantine.release(me())
    return _done()


@bp.post("/payloads/<int:payload_id>/retry")
@allow(WRITER)
def retry(payload_id: int) -> ResponseReturnValue:
    intake.retry(_payload(payload_id))
    return _done()


@bp.post("/payloads/<int:payload_id>/ignore")
@allow(WRITER)
def ignore(payload_id: int) -> ResponseReturnValue:
    attention.ignore_payload(_payload(payload_id), me())
    return _done()


@bp.post("/payloads/<int:payload_id>/flood/take-in")
@allow(WRITER)
def take_in(payload_id: int) -> ResponseReturnValue:
    attention.take_in(_payload(payload_id), me())
    return _done()


@bp.post("/payloads/<int:payload_id>/flood/leave-out")
@allow(WRITER)
def leave_out(payload_id: int) -> ResponseReturnValue:
    attention.leave_out(_payload(payload_id), me())
    return _done()


@bp.post("/messages/<int:message_id>/ignore")
@allow(WRITER)
def put_aside(message_id: int) -> ResponseReturnValue:
    attention.put_aside(found.message(message_id), me())
    return _done()


@bp.post("/messages/<int:message_id>/draft")
@allow(WRITER)
def write_again(message_id: int) -> ResponseReturnValue:
    """Another address for what came back: it stands in the ticket's composer, and To is empty."""
    message = found.message(message_id)
    tickets.write_again(message, me())
    session.commit()
    return redirect(f"/tickets/{message.ticket_id}", 303)


@bp.get("/payloads/<int:payload_id>/raw")
@allow(WRITER)
def raw(payload_id: int) -> Response:
    try:
        content = files.get(_payload(payload_id).sha256)
    except files.Missing as missing:
        raise found.damaged() from missing
    audit.note("raw_downloaded", me(), payload=payload_id)
    return as_mail(content, f"received-{payload_id}.eml")


def _payload(payload_id: int) -> Payload:
    return or_404(attention.payload(me(), number(payload_id)))


def _done() -> ResponseReturnValue:
    """Its row goes away; without scripts the page comes again without it."""
    session.commit()
    return "" if is_fragment() else redirect("/attention", 303)
