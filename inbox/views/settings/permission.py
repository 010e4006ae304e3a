"""Signing in at Google or Microsoft instead of typing a password: there, and back.

The way there is an ordinary link and writes nothing: what has to be known on the way back is in the signed
``state``. Back comes a GET, which may change nothing either, so its page posts what it brought.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import oauth
from inbox.channels.email import oauth as protocol
from inbox.channels.email.oauth import Refused, Silent
from inbox.db import session
from inbox.models import Account
from inbox.views.settings import connect
from inbox.views.settings.mailboxes import one
from inbox.web.addresses import public_url
from inbox.web.current import me, this_sign_in
from inbox.web.errors import Said
from inbox.web.limits import calls_out
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("permission", __name__)

LONGEST = 4000


@bp.get("/settings/mailboxes/<int:account_id>/sign-in/<name>")
@allow(ADMIN)
def ask(account_id: int, name: str) -> ResponseReturnValue:
    account = one(account_id)
    if name not in protocol.PROVIDERS:
        abort(404)
    try:
        return redirect(oauth.request_url(account, name, _callback(), this_sign_in().id))
    except LookupError:  # not registered there yet
        return redirect(f"/settings/mailboxes/{account.id}/connect")


@bp.get(connect.CALLBACK)
@allow(ADMIN)
def back() -> ResponseReturnValue:
    account, asked = _asked(request.args.get("state", ""))
    return render_template(
        "settings/permission.html",
        account=account,
        label=oauth.provider(asked.provider).label,
        state=asked.state,
        code=request.args.get("code", "")[:LONGEST],
        error=request.args.get("error", "")[:LONGEST],
        page_name="mailboxes",
    )


@bp.post(connect.CALLBACK)
@allow(ADMIN)
@calls_out
def keep() -> ResponseReturnValue:
    account, asked = _asked(request.form.get("state", ""))
    label = oauth.provider(asked.provider).label
    registered, code = oauth.application(asked.provider, account), request.form.get("code", "")
    if not code or registered is None:
        return _not_given(account, gettext("%(name)s gave no permission.", name=label))
    session.commit()  # nobody waits for the provider
    try:
        tokens = oauth.exchange(asked, registered, code[:LONGEST], _callback())
    except Refused as problem:
        return _not_given(account, _sentence(problem, label))
    except Silent:
        return _not_given(
            account, gettext("%(name)s does not answer just now. Try again in a moment.", name=label)
        )
    oauth.keep(account, asked.provider, tokens, me())
    return connect.tried(account)


def _asked(state: str) -> tuple[Account, oauth.Request]:
    """What this browser was sent away for; for any other it is no page."""
    try:
        asked = oauth.requested(state[:LONGEST], this_sign_in().id)
    except oauth.BadState:
        sentence = gettext("You were not sent to sign in from here, or it took too long: begin again.")
        raise Said(404, sentence) from None
    return one(asked.account_id), asked


def _not_given(account: Account, sentence: str) -> ResponseReturnValue:
    flash(sentence, "error")
    return redirect(f"/settings/mailboxes/{account.id}/connect", 303)


def _sentence(problem: Refused, label: str) -> str:
    if problem.code == "insufficient_scope":
        return gettext(
            "%(name)s let us in, but not into the mail: sign in again and leave every box ticked.", name=label
        )
    if problem.code == "no_refresh_token":
        return gettext(
            "%(name)s gave a permission for one hour only. Sign in again and allow access.", name=label
        )
    if problem.code in ("invalid_client", "unauthorized_client"):
        return gettext("%(name)s does not know this application: check its ID and secret.", name=label)
    said = problem.text or problem.code
    return gettext("%(name)s gave no permission. It said: %(detail)s", name=label, detail=said)


def _callback() -> str:
    return f"{public_url()}{connect.CALLBACK}"
