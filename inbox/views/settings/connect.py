"""Connecting a mailbox: its address, the servers that were found for it, its password, and whether it works.

The account is there from the first step on, not in use; so nothing that was typed has to be typed again, and
a provider we send somebody to knows which mailbox they come back for.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField

from inbox import audit, channels, mailboxes, oauth, vault
from inbox.channels.email import oauth as protocol
from inbox.channels.email import providers
from inbox.db import session
from inbox.models import Account
from inbox.views.settings import trying
from inbox.views.settings.channel_fields import Drawn, drawn, posted, problems_in
from inbox.views.settings.mailboxes import is_taken, one, team_choices
from inbox.web import forms
from inbox.web.addresses import public_url
from inbox.web.current import installation, me
from inbox.web.limits import calls_out
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("connect", __name__, url_prefix="/settings/mailboxes")

KIND = "mail"
CALLBACK = "/oauth/callback"
NAMES = (
    "auth",
    "oauth_client_id",
    "oauth_client_secret",
    "incoming",
    "in_host",
    "in_port",
    "in_security",
    "in_user",
    "in_password",
    "smtp_host",
    "smtp_port",
    "smtp_security",
    "smtp_user",
    "smtp_password",
)
"""The settings this screen asks for; the others keep what they are."""

HOW = ("known", "domain", "list", "dns", "guess", "hand", "offline", "no_domain", "nothing")


class AddressForm(FlaskForm):
    address = forms.email(_("E-mail address"))
    name = forms.text(_("Name customers see"), optional=True)
    team = SelectField(_("New conversations belong to"), coerce=int, default=0)

    def __init__(self, *values: Any, **more: Any) -> None:
        super().__init__(*values, **more)
        self.team.choices = team_choices()


@bp.get("/new")
@allow(ADMIN)
def new() -> str:
    return _first(AddressForm(formdata=None, data={"name": installation().company}))


@bp.post("")
@allow(ADMIN)
@calls_out
def begin() -> ResponseReturnValue:
    form = AddressForm()
    if form.validate():
        facts = {"name": form.name.data or installation().company, "team_id": form.team.data or None}
        try:
            account = mailboxes.add(KIND, form.address.data, me(), **facts, active=False)
            return redirect(_look(account), 303)
        except mailboxes.Taken as taken:
            session.rollback()
            forms.add_error(form.address, is_taken(taken))
            return _first(form, owner=taken.account_id), 422
    return _first(form), 422


@bp.post("/<int:account_id>/servers")
@allow(ADMIN)
@calls_out
def look_again(account_id: int) -> ResponseReturnValue:
    return redirect(_look(one(account_id)), 303)


def _look(account: Account) -> str:
    """Find the servers of its address, and where to go on."""
    from inbox.channels.email import servers  # all of DNS, for a page that hardly anybody comes to twice

    session.commit()  # nobody waits for the network
    found = servers.find(account.address)
    if not (found.trouble and (account.settings or {}).get("in_host")):  # a guess replaces nothing
        mailboxes.set_fields(account, mailboxes.proposal(found), me())
    session.commit()
    return f"/settings/mailboxes/{account.id}/connect?found={found.trouble or found.how}"


@bp.get("/<int:account_id>/connect")
@allow(ADMIN)
def show(account_id: int) -> str:
    account = one(account_id)
    return page(account)


@bp.post("/<int:account_id>/connect")
@allow(ADMIN)
@calls_out
def save(account_id: int) -> ResponseReturnValue:
    """Keeps what was typed, tries it, and takes the mailbox into use if it works or if the admin insists."""
    account = one(account_id)
    fields = [field for field in channels.of(account.kind).fields if field.name in NAMES]
    values = posted(fields) | _registration()
    problems = problems_in(fields, values, kept=account.settings or {})
    problems |= _missing(values)
    if problems:
        return page(account, drawn(fields, values, problems)), 422
    _one_password(account, values)
    if _has_to_sign_in(account, values):
        # until somebody has, a mailbox that works goes on as it is
        way = values.pop("auth")
        mailboxes.set_fields(account, values, me())
        session.commit()
        return redirect(f"/settings/mailboxes/{account.id}/connect?way={way}", 303)
    mailboxes.set_fields(account, values, me())
    if "anyway" in request.form:
        return _done(account, gettext("Saved. What does not work yet is shown here."))
    return tried(account)


def _has_to_sign_in(account: Account, values: dict[str, Any]) -> bool:
    kept = oauth.of(account)
    return values["auth"] != "password" and (kept is None or kept.provider != values["auth"])


def tried(account: Account) -> ResponseReturnValue:
    outcome = trying.out(account)
    if not outcome.ok:
        return page(account, outcome=outcome), 422
    trying.note(account, outcome)
    return _done(account, gettext("Connected. New mail arrives within seconds."))


def _done(account: Account, said: str) -> ResponseReturnValue:
    if not account.active:
        account.active = True
        audit.record("account_changed", me(), account=account.id, active=[False, True])
    session.commit()
    flash(said)
    return redirect(f"/settings/mailboxes/{account.id}", 303)


def _registration() -> dict[str, str]:
    """The ID and the secret are asked for beside the provider that they are from."""
    name = request.form.get("auth", "")
    return {
        f"oauth_client_{part}": forms.trimmed(request.form.get(f"{name}_client_{part}")) or ""
        for part in ("id", "secret")
    }


def _missing(values: dict[str, Any]) -> dict[str, str]:
    needed = ["in_host", "in_port"] if values["incoming"] != "none" else []
    needed += ["smtp_port"] if values["smtp_host"] else []
    return {name: gettext("This cannot be empty.") for name in needed if not values[name]}


def _one_password(account: Account, values: dict[str, Any]) -> None:
    """One password is for both ways, unless somebody typed or kept another one for sending."""
    kept = account.settings or {}
    try:
        same = vault.unseal(kept.get("smtp_password") or "") in (
            "",
            vault.unseal(kept.get("in_password") or ""),
        )
    except vault.Unreadable:
        same = True
    if values["in_password"] and not values["smtp_password"] and same:
        values["smtp_password"] = values["in_password"]


def _first(form: AddressForm, owner: int | None = None) -> str:
    return render_template("settings/connect_new.html", form=form, owner=owner, page_name="mailboxes")


def page(account: Account, fields: dict[str, Drawn] | None = None, **more: Any) -> str:
    settings = account.settings or {}
    channel = channels.of(account.kind)
    shown = fields or drawn([field for field in channel.fields if field.name in NAMES], settings)
    way = request.args.get("way", "")
    auth = way if way in protocol.PROVIDERS else str(shown["auth"].value)
    found = request.args.get("found", "")
    return render_template(
        "settings/connect.html",
        account=account,
        fields=shown,
        auth=auth,
        provider=providers.of_hosts(str(shown["in_host"].value or ""), str(shown["smtp_host"].value or "")),
        registered={name: oauth.application(name, account) is not None for name in protocol.PROVIDERS},
        permission=oauth.of(account),
        callback=f"{public_url()}{CALLBACK}",
        found=found if found in HOW else "",
        page_name="mailboxes",
        **more,
    )
