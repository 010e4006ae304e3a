"""The guided tour: which step somebody is at, and going on. Only the demo has it.

Where one is stands in a cookie, one for each person one looks around as, so that it needs no column; it is
compared with the steps there are and believed no further.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from inbox import tour
from inbox.tour import Place, Step
from inbox.web import cookies
from inbox.web.addresses import local_path
from inbox.web.current import is_fragment, me
from inbox.web.permissions import AGENT, allow

bp = Blueprint("tour", __name__, url_prefix="/demo/tour")

CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Card:
    """What the page shows of it."""

    step: Step
    place: Place
    number: int
    total: int
    back: str
    on: str
    """The names of the steps before and after; empty where there is none."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether this page is another than the step speaks of."""
        return request.path != self.place.address


@bp.get("")
@allow(AGENT)
def show() -> ResponseReturnValue:
    """To the step one is at, from wherever one went; a tour that was closed begins again."""
    return _to(_now() or tour.steps(me())[0])


@bp.post("")
@allow(AGENT)
def go() -> ResponseReturnValue:
    step = _named(request.form.get("to", ""))
    if step is not None:
        return _to(step)
    if is_fragment():
        return _kept(make_response("", 204), CLOSED)
    back = local_path(request.form.get("next", "")) or "/"
    return _kept(make_response(redirect(back, 303)), CLOSED)


def card() -> Card | None:
    """None once it is closed."""
    step = _now() if g.get("me") else None
    if step is None:
        return None
    steps = tour.steps(me())
    at = steps.index(step)
    return Card(
        step,
        tour.place(step, me()),
        number=at + 1,
        total=len(steps),
        back=steps[at - 1].name if at else "",
        on=steps[at + 1].name if at + 1 < len(steps) else "",
    )


def _now() -> Step | None:
    kept = request.cookies.get(_cookie(), "")
    return None if kept == CLOSED else _named(kept) or tour.steps(me())[0]


def _named(name: str) -> Step | None:
    return next((step for step in tour.steps(me()) if step.name == name), None)


def _to(step: Step) -> Response:
    """Its part of the page is named, so that the next Tab leads into the card."""
    where = tour.place(step, me()).address
    return _kept(make_response(redirect(f"{where}#tour", 303)), step.name)


def _kept(response: Response, name: str) -> Response:
    response.set_cookie(
        _cookie(), name, max_age=cookies.MONTHS, httponly=True, secure=request.is_secure, samesite="Lax"
    )
    return response


def _cookie() -> str:
    return cookies.name(f"-tour-{me().id}")


def init(app: Flask) -> None:
    app.jinja_env.globals["tour"] = card
