"""When a message is to leave: what one picks most, and what one types."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from inbox.db import now
from inbox.web import moments
from inbox.web.i18n import zone
from inbox.web.permissions import WRITER, allow

bp = Blueprint("later", __name__, url_prefix="/later")


@bp.get("/_choices")
@allow(WRITER)
def choices() -> str:
    return render_template("writing/_later.html", presets=moments.presets(now(), zone()))


@bp.get("/_say")
@allow(WRITER)
def say() -> str:
    """What was typed, as a moment in words."""
    typed = request.args.get("when", "")[:100]
    return render_template("writing/_moment.html", typed=typed, at=moments.parse(typed, now(), zone()))
