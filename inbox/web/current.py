"""Who asks: a request arrives, is identified, and is let in or not."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import structlog
from flask import Flask, Response, abort, current_app, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from inbox import audit, db, signin
from inbox.config import settings
from inbox.db import session
from inbox.models import Agent, Installation, SignIn
from inbox.web import cookies, permissions
from inbox.web.addresses import local_path, same_origin

log = structlog.get_logger("web")
csrf = CSRFProtect()

SAFE = ("GET", "HEAD", "OPTIONS")

FINISHING = ("second_factor.show", "second_factor.begin", "second_factor.confirm", "login.sign_out")
"""All there is for somebody who has to set up a second factor first."""


def me() -> Agent:
    """The agent who asks. Only where the permission says there is one."""
    agent = g.get("me")
    if agent is None:
        abort(401)
    return agent


def this_sign_in() -> SignIn:
    """The sign-in this request came with, in this request's transaction."""
    found = session.get(SignIn, g.sign_in.id) if g.get("sign_in") else None
    if found is None:
        abort(401)
    return found


def installation() -> Installation:
    if "installation" not in g:
        g.installation = Installation.current()
    return g.installation


# ------------------------------------------------------------------------------ arriving and leaving


def arrive() -> ResponseReturnValue | None:
    """Nobody gets the right to write before we know that they may."""
    db.begin_request(read_only=True)
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        abort(404)
    if request.endpoint is None:
        return None  # no such page: the router's own answer follows
    permission = permissions.needed(current_app, request.endpoint)
    if permission != permissions.PUBLIC:
        identify()
        if g.me is None:
            return to_login()
        if is_unfinished() and request.endpoint not in FINISHING:
            return _sent_to("/settings/security/second-factor")
        if not permissions.holds(g.me, permission):
            abort(404)
    if request.method not in SAFE:
        _may_write()
    return None


def is_unfinished() -> bool:
    """Whether whoever asks owes the house a second factor, and gets to nothing else before."""
    return signin.is_unfinished(g.me, installation())


def identify() -> None:
    g.sign_in, ours = signin.with_house(cookies.token())
    g.me = g.sign_in.agent if g.sign_in else None
    audit.signed_in_with.set(g.sign_in.id if g.sign_in else None)
    if ours:
        g.installation = ours


def _may_write() -> None:
    if not same_origin():
        abort(403)
    if request.is_json:
        abort(400)  # no page of ours sends it, and forms would read it past every check of `request.form`
    if g.get("me") and request.mimetype == "multipart/form-data":
        request.max_content_length = settings().uploads.max_bytes + 1_000_000
    if not permissions.has_own_token(current_app, request.endpoint or ""):
        csrf.protect()
    if any("\0" in value for value in request.form.values()):
        abort(400)  # nobody types it, and no database keeps it
    db.begin_request(read_only=False)
    if g.get("me"):
        g.me = session.get(Agent, g.me.id)
        if g.me is None or not g.me.active:
            abort(401)
        if not permissions.holds(g.me, permissions.needed(current_app, request.endpoint or "")):
            abort(404)  # they lost it since this request began
        g.pop("installation", None)  # it belonged to the transaction that only read


def to_login() -> ResponseReturnValue:
    """A page goes there by itself; for a fragment htmx is told to."""
    back = local_path(_shown_page())
    return _sent_to("/login" + (f"?{urlencode({'next': back})}" if back not in ("", "/") else ""))


def _sent_to(where: str) -> ResponseReturnValue:
    if is_fragment():
        return Response(status=401, headers={"HX-Redirect": where})
    return redirect(where, 303)


def _shown_page() -> str:
    """The page whose address bar this request came from."""
    if is_fragment():
        try:
            shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        except ValueError:
            return ""
        return f"{shown.path}?{shown.query}" if shown.query else shown.path
    return request.full_path.rstrip("?") if request.method == "GET" else ""


def is_fragment() -> bool:
    """Asked for by a script, to be put into a page that is there already."""
    rule = request.url_rule.rule if request.url_rule else request.path  # a token may begin with anything
    return "HX-Request" in request.headers or rule.rpartition("/")[2].startswith("_")


def leave(_problem: BaseException | None = None) -> None:
    db.end_request()
    audit.signed_in_with.set(None)
    request.close()  # uploads lie in temporary files
    sign_in = g.get("sign_in")
    if sign_in is None:
        return
    try:
        signin.seen(sign_in)
    except Exception:  # a date that is five minutes old is no reason to fail
        log.warning("seen_not_noted", exc_info=True)


def init(app: Flask) -> None:
    app.session_interface = cookies.FormSession()
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # `_may_write` asks, after the permission
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: pages stay open for days
        WTF_CSRF_SSL_STRICT=False,  # `same_origin` is stricter
        PERMANENT_SESSION_LIFETIME=cookies.MONTHS,
        SESSION_REFRESH_EACH_REQUEST=False,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    csrf.init_app(app)
    app.before_request(arrive)
    app.teardown_request(leave)
