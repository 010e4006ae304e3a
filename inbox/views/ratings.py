"""How customers rated one's own answers, and low scores that a supervisor has looked at."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, format_percent

from inbox import ratings
from inbox.db import session
from inbox.views.found import number, or_404
from inbox.web.current import is_fragment, me
from inbox.web.permissions import AGENT, WRITER, allow

bp = Blueprint("ratings", __name__)


@bp.get("/settings/ratings")
@allow(AGENT)
def index() -> str:
    return render_template("ratings/index.html", **_mine())


@bp.get("/settings/ratings/_mine")
@allow(AGENT)
def mine() -> str:
    """The same, for a page that is open already."""
    return render_template("ratings/_mine.html", **_mine())


@bp.post("/answers/<int:answer_id>/seen")
@allow(WRITER)
def seen(answer_id: int) -> ResponseReturnValue:
    ratings.seen(or_404(ratings.one(me(), number(answer_id))), me())
    session.commit()
    return "" if is_fragment() else redirect("/attention", 303)


def _mine() -> dict[str, Any]:
    figures = ratings.figures(me())
    return {
        "figures": figures,
        "average": format_decimal(figures.average, "0.0") if figures.average is not None else "",
        "rate": format_percent(figures.rate or 0),
        "answers": ratings.of(me()),
        "days": ratings.DAYS,
    }
