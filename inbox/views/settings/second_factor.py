"""Setting up the second factor, and turning it off. It looks like the door: who is led here before anything
else sees nothing of the house.
"""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import PasswordField, StringField

from inbox import passwords, second_factor, signin
from inbox.db import session
from inbox.web import forms
from inbox.web.current import installation, is_unfinished, me, this_sign_in
from inbox.web.limits import tries_of_mine
from inbox.web.permissions import AGENT, allow

bp = Blueprint("second_factor", __name__, url_prefix="/settings/security/second-factor")

SHOWN_IN = 4
"""How many letters of the secret stand together, for who types it."""


class PasswordForm(FlaskForm):
    password = PasswordField(_("Your password"), [forms.required()])


class ConfirmForm(FlaskForm):
    code = StringField(_("The six digits it shows"), [forms.required()])


class BothForm(PasswordForm):
    code = StringField(_("Code"), [forms.required()])


@bp.get("")
@allow(AGENT)
def show() -> ResponseReturnValue:
    if second_factor.is_on(me()):
        return _page("signin/second_factor_on.html", form=BothForm(), left=second_factor.codes_left(me()))
    if second_factor.waiting(me()) is None:
        return _page("signin/second_factor.html", form=PasswordForm())
    return _scan(ConfirmForm())


@bp.post("")
@allow(AGENT)
@tries_of_mine
def begin() -> ResponseReturnValue:
    form = PasswordForm()
    if not form.validate() or not _is_mine(form):
        return _page("signin/second_factor.html", form=form), 422
    if not second_factor.is_on(me()):
        second_factor.begin(me())
        session.commit()
    return redirect(bp.url_prefix or "", 303)


@bp.post("/confirmation")
@allow(AGENT)
@tries_of_mine
def confirm() -> ResponseReturnValue:
    form = ConfirmForm()
    if second_factor.waiting(me()) is None:
        return redirect(bp.url_prefix or "", 303)
    if not form.validate():
        return _scan(form), 422
    codes = second_factor.turn_on(me(), form.code.data)
    if codes is None:
        forms.add_error(form.code, gettext("That code does not fit. Is the clock of your telephone right?"))
        return _scan(form), 422
    signin.end_all(me(), but=this_sign_in())
    return _codes(codes, fresh=True)


@bp.post("/codes")
@allow(AGENT)
@tries_of_mine
def make_codes() -> ResponseReturnValue:
    form = BothForm()
    if not _may(form):
        return _page("signin/second_factor_on.html", form=form, left=second_factor.codes_left(me())), 422
    return _codes(second_factor.new_codes(me()))


@bp.post("/end")
@allow(AGENT)
@tries_of_mine
def turn_off() -> ResponseReturnValue:
    form = BothForm()
    if not _may(form):
        return _page("signin/second_factor_on.html", form=form, left=second_factor.codes_left(me())), 422
    second_factor.turn_off(me())
    session.commit()
    flash(gettext("The second factor is off: your password alone is enough now."))
    return redirect("/settings/security", 303)


def _may(form: BothForm) -> bool:
    """Password and code, the password first: a code that is right is used up."""
    if not form.validate() or not _is_mine(form):
        return False
    if second_factor.is_on(me()) and second_factor.is_right(me(), form.code.data):
        return True
    forms.add_error(form.code, gettext("That code does not fit."))
    return False


def _is_mine(form: PasswordForm) -> bool:
    if passwords.matches(me().password_hash, form.password.data):
        return True
    forms.add_error(form.password, gettext("That is not your password."))
    return False


def _scan(form: ConfirmForm) -> str:
    secret = second_factor.waiting(me()) or ""
    address = second_factor.address(me(), secret, installation().company)
    parts = [secret[at : at + SHOWN_IN] for at in range(0, len(secret), SHOWN_IN)]
    shown = {"address": address, "secret": " ".join(parts), "qr": _drawn(address)}
    return _page("signin/second_factor_scan.html", form=form, **shown)


def _drawn(address: str) -> Markup:
    """A picture in the page itself: the secret stands in no address, and no other request shows it."""
    code = segno.make(address, error="m")
    svg = code.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass="qr-dots")
    return Markup(svg)  # noqa: S704 (segno's own, of modules only)


def _codes(codes: list[str], *, fresh: bool = False) -> str:
    """Shown this once: we keep only their hashes."""
    session.commit()
    return _page("signin/backup_codes.html", codes=codes, fresh=fresh)


def _page(template: str, **more: Any) -> str:
    return render_template(template, page_name="security", required=is_unfinished(), **more)
