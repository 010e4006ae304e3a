"""Older mail of a mailbox, brought in on request: choosing a folder, starting, watching, stopping."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import imports, outbox, vault
from inbox.channels import ConnectError
from inbox.channels.email import imap
from inbox.db import session
from inbox.models import Account, MailImport
from inbox.views.found import number, or_404, word
from inbox.views.settings.mailboxes import one
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.i18n import zone
from inbox.web.limits import calls_out
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("history", __name__, url_prefix="/settings/mailboxes/<int:account_id>")


@bp.get("/_imports")
@allow(ADMIN)
def show(account_id: int) -> str:
    return _drawn(one(account_id))


@bp.post("/_folders")
@allow(ADMIN)
@calls_out
def folders(account_id: int) -> str:
    """The folders there are, to choose from. Where the server does not say, one types a name."""
    account = one(account_id)
    session.commit()
    try:
        config = outbox.config_of(account)
        session.commit()
        names = [folder.name for folder in imap.folders(config)]
    except (ConnectError, vault.Unreadable):
        names = []
    return render_template("settings/_folders.html", account=account, names=names)


@bp.post("/imports")
@allow(ADMIN)
def start(account_id: int) -> ResponseReturnValue:
    account = one(account_id)
    folder = word("folder", 1000)
    if not folder:
        raise Said(422, gettext("Choose a folder."))
    imports.start(account, folder, _since(request.form.get("since", "")), me())
    session.commit()
    return redirect(f"/settings/mailboxes/{account.id}#history", 303)


@bp.delete("/imports/<int:import_id>")
@allow(ADMIN)
def stop(account_id: int, import_id: int) -> str:
    account = one(account_id)
    found = session.get(MailImport, number(import_id))
    or_404(found if found and found.account_id == account.id else None)
    imports.stop(import_id, me())
    session.commit()
    return _drawn(account)


def _since(text: str) -> datetime | None:
    """The beginning of a day, where the admin is; nothing typed is from the start."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Said(422, gettext("That is not a date.")) from None


def _drawn(account: Account) -> str:
    return render_template("settings/_imports.html", account=account, imports=imports.of(account))
