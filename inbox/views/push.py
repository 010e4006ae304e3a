"""The service worker, and browsers that want to be told."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, request, send_from_directory
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from inbox.db import session
from inbox.models import Subscription
from inbox.notices import push
from inbox.views.found import number, or_404
from inbox.web.assets import STATIC, asset, built
from inbox.web.current import is_fragment, me, this_sign_in
from inbox.web.errors import Said
from inbox.web.limits import calls_out
from inbox.web.permissions import AGENT, PUBLIC, allow

bp = Blueprint("push", __name__)


@bp.get("/sw.js")
@allow(PUBLIC)
def worker() -> Response:
    """For the whole house, and asked for anew every time: a browser keeps what it runs by itself."""
    sent = send_from_directory(STATIC / "build", built("sw.js"), mimetype="text/javascript", etag=True)
    sent.headers["Service-Worker-Allowed"] = "/"
    sent.headers["Cache-Control"] = "no-cache"
    sent.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return sent


@bp.get("/manifest.webmanifest")
@allow(PUBLIC)
def manifest() -> Response:
    """So that it can stand on a home screen as an app: telephones of Apple tell nobody else."""
    icon = {"src": asset("favicon.svg"), "type": "image/svg+xml", "sizes": "any", "purpose": "any"}
    about = {
        "id": "/",
        "name": "Prosa",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "icons": [icon],
    }
    response = jsonify(about)
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.post("/push/subscriptions")
@allow(AGENT)
def subscribe() -> ResponseReturnValue:
    """This browser, as long as it is signed in."""
    sent = (request.form.get(name, "") for name in ("endpoint", "p256dh", "auth"))
    try:
        push.subscribe(this_sign_in(), *sent)
    except push.Refused as refused:
        raise Said(422, why(refused)) from refused
    session.commit()
    return "" if is_fragment() else redirect("/settings/notices", 303)


@bp.delete("/push/subscriptions/<int:subscription_id>")
@allow(AGENT)
def end(subscription_id: int) -> str:
    push.end(_one(subscription_id))
    session.commit()
    return ""


@bp.post("/push/subscriptions/<int:subscription_id>/test")
@allow(AGENT)
@calls_out
def test(subscription_id: int) -> str:
    push.test(_one(subscription_id))
    session.commit()
    return ""


def _one(subscription_id: int) -> Subscription:
    return or_404(push.one(me(), number(subscription_id)))


def why(refused: push.Refused) -> str:
    if refused.reason == "address":
        return _("This browser’s push service is not among those that an admin allows (notices.push_hosts).")
    return _("This browser sent keys that cannot be used. Update it, or try another one.")
