"""What is said when something does not work: a page, or a sentence for the page that asked."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, make_response, render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import (
    Conflict,
    Forbidden,
    HTTPException,
    InternalServerError,
    RequestEntityTooLarge,
    ServiceUnavailable,
)

from inbox import db
from inbox.config import settings
from inbox.web import current, limits
from inbox.web.i18n import filesize

log = structlog.get_logger("web")

PLAIN = Markup('<!doctype html><meta charset="utf-8"><title>{}</title><h1>{}</h1><p>{}</p><p>{}</p>')


def sentence(code: int) -> str:
    most = filesize(settings().uploads.max_bytes)
    sentences = {
        400: _("The browser sent something we could not read."),
        401: _("Please sign in again."),
        403: _("This page was open for too long. Reload it and try again."),
        404: _("There is nothing here, or it is not yours to see."),
        405: _("That cannot be done here."),
        409: _("Somebody was faster. Reload to see how it looks now."),
        413: _("That is too big. A file may have up to %(size)s.", size=most),
        422: _("Something in what you entered does not fit."),
        429: _("That was tried too often. Wait a few minutes and try again."),
        503: _("The database is busy. Try again in a moment."),
    }
    return sentences.get(code) or _("Something broke on our side. What you wrote is not lost.")


def answer(problem: HTTPException) -> Response:
    code = problem.code or 500
    said = problem.description if isinstance(problem, Said) else None
    if current.is_fragment():
        text = Markup('<p class="problem" role="alert">{}</p>').format(said or sentence(code))
        return make_response(text, code)
    return make_response(_page(code, said), code)


class Said(HTTPException):
    """A refusal with a sentence of its own, translated already."""

    def __init__(self, code: int, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


def _page(code: int, said: str | None) -> str:
    """The page must come whatever is broken, so it is plain where the template cannot be drawn."""
    error_id = g.get("request_id", "") if code >= 500 else ""
    try:
        return render_template("error.html", code=code, message=said, error_id=error_id)
    except Exception:
        log.exception("error_page_failed")
        return str(PLAIN.format(code, code, said or sentence(code), error_id))


def _refused(problem: HTTPException) -> Response:
    if problem.code is None or problem.code < 400:
        return problem.get_response()  # type: ignore[return-value]
    if "me" not in g:
        _look_who_asks()
    response = answer(problem)
    for name, value in problem.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _start_over() -> None:
    """A transaction that broke has forgotten all it loaded: the error page begins with a new one."""
    db.begin_request(read_only=True)
    for name in ("me", "sign_in", "installation", "views"):
        g.pop(name, None)


def _look_who_asks() -> None:
    """So that an error page has the language and the navigation of whoever sees it."""
    try:
        current.identify()
        if g.me and current.is_unfinished():
            g.me = None  # nothing of the house is theirs to see yet
    except Exception:
        g.me = g.sign_in = None


def _forged(_problem: CSRFError) -> Response:
    return _refused(Forbidden())


def _too_often(_problem: RateLimitExceeded) -> Response:
    seconds = limits.seconds_left()
    minutes = -(-seconds // 60)
    said = ngettext(
        "That was tried too often. Try again in a minute.",
        "That was tried too often. Try again in %(num)s minutes.",
        minutes,
    )
    response = _refused(Said(429, said))
    response.headers["Retry-After"] = str(seconds)
    return response


def _busy(problem: OperationalError) -> Response:
    log.error("database_failed", id=g.get("request_id"), problem=str(problem.orig))
    _start_over()
    response = _refused(ServiceUnavailable())
    response.headers["Retry-After"] = "2"
    return response


def _beaten(problem: IntegrityError) -> Response:
    """Two made the same thing at once, and the database let the first have it."""
    log.warning("beaten", id=g.get("request_id"), problem=type(problem.orig).__name__)
    _start_over()
    return _refused(Conflict())


def _broken(_problem: Exception) -> Response:
    log.exception("request_failed", id=g.get("request_id"))
    _start_over()
    return _refused(InternalServerError())


def init(app: Flask) -> None:
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(RequestEntityTooLarge, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(RateLimitExceeded, _too_often)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(IntegrityError, _beaten)
    app.register_error_handler(Exception, _broken)
