"""Photos of colleagues, by an address nobody can guess and only for who is signed in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response
from sqlalchemy import select

from inbox import files
from inbox.db import session
from inbox.models import Agent
from inbox.views.files import picture_type
from inbox.web import headers
from inbox.web.permissions import AGENT, allow

bp = Blueprint("photos", __name__, url_prefix="/photos")


@bp.get("/<token>")
@allow(AGENT)
def show(token: str) -> Response:
    """It never changes: another photo has another address."""
    sha256 = session.scalar(select(Agent.photo_sha256).where(Agent.photo_token == token)) or abort(404)
    try:
        content = files.get(sha256)
    except files.Missing:
        abort(404)
    response = make_response(content)
    response.headers["Content-Type"] = picture_type(content) or abort(404)
    response.headers["Content-Security-Policy"] = headers.FILE
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
