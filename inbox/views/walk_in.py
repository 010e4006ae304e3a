"""Signing in to the demo: one button a person. Without ``demo.enabled`` there is no such address."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, request
from flask import session as form_session
from flask.typing import ResponseReturnValue

from inbox import walk_in
from inbox.config import is_loopback
from inbox.models import Agent
from inbox.views.found import number, or_404
from inbox.views.login import password_given
from inbox.views.settings.people import ROLES
from inbox.web.addresses import local_path
from inbox.web.i18n import language
from inbox.web.permissions import PUBLIC, allow

bp = Blueprint("walk_in", __name__, url_prefix="/demo")


HOME = "/views/open"
"""Where the most is to be seen, whoever one is."""


@bp.before_request
def from_here() -> None:
    if not is_here():
        abort(404)


@bp.post("/people/<int:agent_id>/sign-in")
@allow(PUBLIC)
def enter(agent_id: int) -> ResponseReturnValue:
    """They speak the visitor's language, whichever the sample shop gave them."""
    agent = or_404(walk_in.one(number(agent_id)))
    agent.language = spoken = language()
    response = password_given(agent, local_path(request.form.get("next", "")) or HOME)
    form_session["lang"] = spoken  # signing in emptied it; the next person they choose speaks it as well
    return response


PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via", "CF-Connecting-IP")
"""Who asks through a proxy may choose the Host; but most proxies say that they are one."""


def is_here() -> bool:
    """Asked from this machine and under one of its own names: neither through a proxy that nobody told us
    of, nor by a page elsewhere whose host's name was made to mean this machine (DNS rebinding)."""
    if any(name in request.headers for name in PASSED_ON):
        return False
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(host) and is_loopback(request.remote_addr or "")


def people() -> Sequence[Agent]:
    return walk_in.people() if is_here() else ()


def init(app: Flask) -> None:
    app.jinja_env.globals.update(sample_people=people, sample_roles={role: said for role, *said in ROLES})
