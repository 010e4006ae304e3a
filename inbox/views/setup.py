"""The set-up page: the first admin, the company, its first mailbox."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import PasswordField

from inbox import mailboxes, passwords, setup
from inbox.db import session
from inbox.settled import is_settled
from inbox.views.login import signed_in
from inbox.web import forms, i18n
from inbox.web.limits import tries
from inbox.web.permissions import PUBLIC, allow

bp = Blueprint("setup", __name__, url_prefix="/setup/<token>")


class SetupForm(FlaskForm):
    name = forms.text(_("Your name"))
    email = forms.email(_("Your e-mail"))
    password = PasswordField(_("Password"), [forms.required()])
    company = forms.text(_("Name, as customers know it"))
    language = forms.language()
    zone = forms.zone()
    address = forms.email(_("Address customers write to"))
    public_url = forms.web_address(_("Public address of this inbox"))


@bp.get("")
@allow(PUBLIC)
def show(token: str) -> ResponseReturnValue:
    if not setup.valid(token):
        return _used()
    proposed = {"public_url": request.host_url.rstrip("/"), "language": i18n.language(), "zone": "UTC"}
    return render_template("setup/index.html", form=SetupForm(data=proposed))


@bp.post("")
@allow(PUBLIC)
@tries
def complete(token: str) -> ResponseReturnValue:
    form = SetupForm()
    if not setup.valid(token):
        return _used()
    if form.validate():
        try:
            admin = setup.complete(token, _answers(form))
            return signed_in(admin, "/") if admin else _used()
        except passwords.Weak as weak:
            forms.add_error(form.password, forms.weakness(weak))
        except mailboxes.Taken:
            forms.add_error(form.address, _("This address belongs to another mailbox."))
        session.rollback()
    return render_template("setup/index.html", form=form), 422


def _answers(form: SetupForm) -> setup.Answers:
    return setup.Answers(**{name: getattr(form, name).data for name in setup.Answers.__dataclass_fields__})


def _used() -> ResponseReturnValue:
    return render_template("setup/used.html", done=is_settled()), 404
