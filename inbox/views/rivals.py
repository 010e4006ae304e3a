"""What an agent wrote in another window of the same draft: shown, taken, thrown away."""

from __future__ import annotations

import re

from flask import Blueprint, Flask, abort, render_template, request

from inbox import drafts, presence, rivals
from inbox.db import session
from inbox.mail.clean import to_text
from inbox.models import Draft, Ticket
from inbox.views import found, writing
from inbox.web.current import me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("rivals", __name__, url_prefix="/tickets/<int:ticket_id>/drafts")

KIND = "<any(reply, note, forward):kind>"
_HAND = re.compile(r"[\w-]{8,40}", re.ASCII)


def writer() -> rivals.Writer | None:
    """The window that sends this form, if it says so."""
    hand, base = request.values.get("hand", ""), request.values.get("base", "")
    return rivals.Writer(hand, base[:16]) if _HAND.fullmatch(hand) else None


@bp.get("/_apart")
@allow(AGENT)
def index(ticket_id: int) -> str:
    return _apart(found.ticket(ticket_id))


@bp.post(f"/{KIND}/apart/<name>")
@allow(AGENT)
def take(ticket_id: int, kind: str, name: str) -> str:
    ticket = found.ticket(ticket_id)
    if not rivals.take(_draft(ticket, kind), name):
        abort(404)
    session.commit()
    return render_template("ticket/_composer.html", ticket=ticket, **writing.beside(ticket, kind))


@bp.delete(f"/{KIND}/apart/<name>")
@allow(AGENT)
def drop(ticket_id: int, kind: str, name: str) -> str:
    ticket = found.ticket(ticket_id)
    draft = _draft(ticket, kind)
    rivals.drop(draft, name)
    presence.draft_changed(draft)
    if not (draft.html or draft.files or rivals.apart(draft)):
        drafts.forget(draft)
    session.commit()
    return _apart(ticket)


def _draft(ticket: Ticket, kind: str) -> Draft:
    return found.or_404(drafts.of(ticket, me())[found.kind_of(kind)])


def _apart(ticket: Ticket) -> str:
    return render_template("ticket/_apart.html", ticket=ticket, kept=drafts.of(ticket, me()))


def init(app: Flask) -> None:
    app.jinja_env.globals.update(
        words_beside=lambda draft: [*rivals.apart(draft), *([rivals.standing(draft)] if draft.html else [])],
        draft_digest=lambda draft: rivals.digest(draft.html) if draft else "",
        words_text=to_text,
    )
