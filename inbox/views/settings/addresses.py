"""The addresses of a mailbox: what customers see beside each, who answers it, and its signature."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, TextAreaField
from wtforms.validators import Length

from inbox import mailboxes
from inbox.db import session
from inbox.mail import Unreadable
from inbox.mail.filenames import ending
from inbox.models import Account, AccountAddress
from inbox.views import drafts
from inbox.views.found import number, or_404
from inbox.views.reading import READER
from inbox.views.settings.mailboxes import is_taken, one, team_choices
from inbox.web import forms
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.permissions import ADMIN, allow

WIDEST, HIGHEST = 600, 300
"""Pixels of a picture in a signature: programs show it as large as it is, and every mail carries it."""

bp = Blueprint("addresses", __name__, url_prefix="/settings/mailboxes/<int:account_id>/addresses")


class AliasForm(FlaskForm):
    address = forms.email(_("Address"))


class ChangeForm(FlaskForm):
    name = forms.text(_("Name customers see"), optional=True)
    team = SelectField(_("New conversations belong to"), coerce=int, default=0)
    signature = TextAreaField(_("Signature"), [Length(max=20_000, message=_("Please make that shorter."))])

    def __init__(self, *values: Any, **more: Any) -> None:
        super().__init__(*values, **more)
        self.team.choices = team_choices()


@bp.post("")
@allow(ADMIN)
def add(account_id: int) -> ResponseReturnValue:
    account, form = one(account_id), AliasForm()
    if not form.validate():
        raise Said(422, next(iter(form.errors.values()))[0])
    try:
        row = mailboxes.add_address(account, form.address.data, by=me())
    except mailboxes.Taken as taken:
        session.rollback()
        raise Said(422, is_taken(taken)) from taken
    return _back(account, gettext("Added. Mail to it must reach this mailbox."), row)


@bp.post("/<int:address_id>")
@allow(ADMIN)
def update(account_id: int, address_id: int) -> ResponseReturnValue:
    account, form = one(account_id), ChangeForm()
    row = _row(account, address_id)
    if "remove" in request.form:
        return _remove(account, row)
    if not form.validate():
        raise Said(422, next(iter(form.errors.values()))[0])
    facts = (form.name.data or "", form.team.data or None, form.signature.data or "")
    mailboxes.change_address(row, *facts, me())
    return _back(account, gettext("Saved."), row)


@bp.post("/<int:address_id>/pictures")
@allow(ADMIN)
def add_picture(account_id: int, address_id: int) -> str:
    """A logo for the signature, drawn anew and no larger than a mail should carry."""
    row = _row(one(account_id), address_id)
    name, _kind, content = drafts.upload(request.files.get("file") or abort(422))
    try:
        drawn = READER.draw(content, WIDEST, HIGHEST, moving=True)
    except Unreadable as unreadable:
        raise Said(422, gettext("%(name)s is no picture that mail programs show.", name=name)) from unreadable
    name = PurePath(name).stem + ending(drawn.content_type)
    picture = mailboxes.add_picture(row, name, drawn.content_type, drawn.content)
    session.commit()
    return drafts.shown(picture)


def _remove(account: Account, row: AccountAddress) -> ResponseReturnValue:
    try:
        mailboxes.remove_address(row, me())
    except mailboxes.Needed as needed:
        raise Said(422, gettext("The mailbox needs its own address.")) from needed
    return _back(account, gettext("Removed."))


def _row(account: Account, address_id: int) -> AccountAddress:
    row = session.get(AccountAddress, number(address_id))
    return or_404(row if row and row.account_id == account.id else None)


def _back(account: Account, said: str, row: AccountAddress | None = None) -> ResponseReturnValue:
    session.commit()
    flash(said)
    return redirect(f"/settings/mailboxes/{account.id}#{f'address-{row.id}' if row else 'addresses'}", 303)
