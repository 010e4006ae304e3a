"""Mailboxes: how they are, and their settings. Half of the form is drawn from the channel's fields."""

from __future__ import annotations

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy.orm import joinedload
from wtforms import BooleanField, SelectField

from inbox import channels, connections, imports, mailboxes, oauth, people
from inbox.channels.email.trial import advice
from inbox.db import session
from inbox.models import Account
from inbox.views.found import number, or_404
from inbox.views.settings import trying
from inbox.views.settings.channel_fields import Drawn, drawn, posted, problems_in
from inbox.web import forms
from inbox.web.current import me
from inbox.web.limits import calls_out
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("mailboxes", __name__, url_prefix="/settings/mailboxes")


class MailboxForm(FlaskForm):
    name = forms.text(_("Name customers see"))
    address = forms.email(_("Address"))
    team = SelectField(_("New conversations belong to"), coerce=int, default=0)
    active = BooleanField(_("In use"))

    def __init__(self, *values: Any, **more: Any) -> None:
        super().__init__(*values, **more)
        self.team.choices = team_choices()

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "address": self.address.data,
            "team_id": self.team.data or None,
            "active": self.active.data,
        }


def team_choices(nobody: str = "") -> Any:
    return forms.choices([(0, nobody or gettext("Everybody")), *people.team_names()])


@bp.get("")
@allow(ADMIN)
def index() -> str:
    accounts = mailboxes.every()
    return render_template(
        "settings/mailboxes.html",
        accounts=accounts,
        healths=connections.healths(accounts),
        endings={kept.account_id: kept for kept in oauth.endings()},
        page_name="mailboxes",
    )


@bp.get("/<int:account_id>")
@allow(ADMIN)
def show(account_id: int) -> str:
    account = one(account_id)
    values = {"name": account.name, "address": account.address, "active": account.active}
    return page(account, MailboxForm(formdata=None, data={**values, "team": account.team_id or 0}))


@bp.post("/<int:account_id>")
@allow(ADMIN)
def update(account_id: int) -> ResponseReturnValue:
    account, form = one(account_id), MailboxForm()
    fields = channels.of(account.kind).fields
    values = posted(fields)
    problems = problems_in(fields, values, kept=account.settings or {})
    if form.validate() and not problems:
        try:
            mailboxes.change(account, me(), **form.facts(), fields=values)
            session.commit()
            flash(gettext("Saved."))
            return redirect(f"/settings/mailboxes/{account.id}", 303)
        except mailboxes.Taken as taken:
            session.rollback()
            forms.add_error(form.address, is_taken(taken))
    return page(one(account_id), form, drawn(fields, values, problems)), 422


@bp.post("/<int:account_id>/_checks")
@allow(ADMIN)
@calls_out
def check(account_id: int) -> str:
    """Tries the settings that are saved."""
    account = one(account_id)
    outcome = trying.out(account)
    trying.note(account, outcome)
    return render_template("settings/_checks.html", outcome=outcome)


@bp.post("/<int:account_id>/dkim-key")
@allow(ADMIN)
def make_dkim_key(account_id: int) -> ResponseReturnValue:
    account = one(account_id)
    mailboxes.make_dkim_key(account, me())
    session.commit()
    flash(
        gettext("Here is a new key. Publish its DNS record now: what is sent from here on is signed with it.")
    )
    return redirect(f"/settings/mailboxes/{account.id}#dkim", 303)


def is_taken(taken: mailboxes.Taken) -> str:
    return gettext("%(address)s belongs to another mailbox.", address=str(taken))


def page(account: Account, form: MailboxForm, fields: dict[str, Drawn] | None = None, **more: Any) -> str:
    channel = channels.of(account.kind)
    settings = account.settings or {}
    kept = oauth.of(account)
    suggested = mailboxes.suggested_authserv_id(account)
    return render_template(
        "settings/mailbox.html",
        form=form,
        account=account,
        channel=channel,
        fields=fields or drawn(channel.fields, settings),
        health=connections.health(account),
        permission=kept,
        is_ending=bool(kept and oauth.is_ending(kept)),
        advice=functools.partial(advice, settings),
        imports=imports.of(account),
        dkim=mailboxes.dkim_record(account),
        suggested=suggested if suggested != settings.get("authserv_id") else "",
        teams=[*forms.choices([(0, gettext("As the mailbox"))]), *list(form.team.choices)[1:]],
        page_name="mailboxes",
        **more,
    )


def one(account_id: int) -> Account:
    with_addresses = joinedload(Account.addresses)
    return or_404(session.get(Account, number(account_id), options=[with_addresses]))
