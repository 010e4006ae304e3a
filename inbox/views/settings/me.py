"""One's own settings: name, photo, language, signature, and when one works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import BooleanField, TextAreaField
from wtforms.validators import Length

from inbox import audit, profile
from inbox.db import session
from inbox.mail import Unreadable
from inbox.models import Account, AccountAddress
from inbox.privacy import shred
from inbox.sla import hours
from inbox.views import drafts
from inbox.views.reading import READER
from inbox.web import forms
from inbox.web.current import me
from inbox.web.limits import tries_of_mine
from inbox.web.permissions import AGENT, allow

bp = Blueprint("me", __name__, url_prefix="/settings")

PHOTO = 256
"""Pixels of its sides: twice of the largest it is shown at, for fine screens."""


class MeForm(FlaskForm):
    name = forms.text(_("Your name"))
    language = forms.language()
    zone = forms.zone()
    single_keys = BooleanField(_("Single-key shortcuts"))


class SignatureForm(FlaskForm):
    signature = TextAreaField(
        _("Your signature"), [Length(max=5_000, message=_("Please make that shorter."))]
    )


@bp.get("")
@allow(AGENT)
def index() -> ResponseReturnValue:
    return redirect("/settings/me")


@bp.get("/me")
@allow(AGENT)
def show() -> str:
    return _page()


@bp.post("/me")
@allow(AGENT)
def save() -> ResponseReturnValue:
    form = MeForm()
    if not form.validate():
        return _page(form=form), 422
    form.populate_obj(me())
    return _saved()


@bp.post("/me/photo")
@allow(AGENT)
@tries_of_mine
def put_photo() -> ResponseReturnValue:
    """Square, small, and made of nothing but the pixels of what was sent."""
    name, _kind, content = drafts.upload(request.files.get("file") or abort(422))
    try:
        drawn = READER.draw(content, PHOTO, PHOTO, filling=True)
    except Unreadable as unreadable:
        return _page(wrong_photo=_wrong_photo(name, unreadable.code)), 422
    shred.doom([me().photo_sha256])
    profile.set_photo(me(), drawn.content)
    return _saved("#photo")


def _wrong_photo(name: str, code: str) -> str:
    if code == "too_large":
        return gettext("%(name)s is too large for a photo.", name=name)
    return gettext("%(name)s is no picture. Take a PNG, JPEG, GIF or WebP.", name=name)


@bp.post("/me/photo/removal")
@allow(AGENT)
def drop_photo() -> ResponseReturnValue:
    shred.doom([me().photo_sha256])
    profile.drop_photo(me())
    return _saved("#photo")


@bp.post("/me/signature")
@allow(AGENT)
def sign() -> ResponseReturnValue:
    form = SignatureForm()
    if not form.validate():
        return _page(signature_form=form), 422
    profile.set_signature(me(), form.signature.data or "")
    return _saved("#signature")


@bp.post("/me/hours")
@allow(AGENT)
def set_hours() -> ResponseReturnValue:
    typed = {day: _pairs(day) for day in hours.DAYS}
    try:
        profile.set_hours(me(), typed)
    except hours.Wrong as wrong:
        day, why = wrong.args
        return _page(typed=typed, wrong_day=day, wrong_hours=_wrong_hours(why)), 422
    return _saved("#hours")


def _pairs(day: str) -> list[tuple[str, str]]:
    begins, ends = request.form.getlist(f"{day}-from"), request.form.getlist(f"{day}-to")
    return [(a[:10], b[:10]) for a, b in zip(begins, ends, strict=False) if a or b][:20]


def _wrong_hours(why: str) -> str:
    sentences = {
        "time": _("Say from when to when, such as 9:00 and 17:30."),
        "order": _("The end comes after the beginning. A night shift is two: until 24:00, and from 0:00."),
        "overlap": _("Two of these overlap."),
        "many": _("At most %(n)s in a day.", n=hours.MOST),
    }
    return str(sentences[why])


def _saved(place: str = "") -> ResponseReturnValue:
    audit.record("profile_changed", me(), agent=me().id)
    session.commit()
    flash(gettext("Saved."))
    return redirect(f"/settings/me{place}", 303)


def _page(**given: Any) -> str:
    facts = {
        "form": MeForm(formdata=None, obj=me()),
        "signature_form": SignatureForm(formdata=None, obj=me()),
        "typed": me().hours,
        "below": _an_address(),
    }
    return render_template("settings/me.html", page_name="me", days=hours.DAYS, **(facts | given))


def _an_address() -> AccountAddress | None:
    """One whose signature stands below one's own, to show how that looks."""
    query = select(AccountAddress).join(Account).where(Account.active, AccountAddress.signature != "")
    return session.scalar(query.order_by(AccountAddress.id).limit(1))
