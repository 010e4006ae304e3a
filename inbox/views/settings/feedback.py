"""Asking customers how it was: whether, when, how often, and what a low score does."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField

from inbox import audit, surveys
from inbox.db import session
from inbox.feedback import Policy
from inbox.models import Installation
from inbox.views.settings.company import CompanyForm
from inbox.web import forms
from inbox.web.current import me
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("feedback", __name__, url_prefix="/settings/company/feedback")

WAITS = (
    (0, _("At once")),
    (15, _("After 15 minutes")),
    (60, _("After an hour")),
    (240, _("After four hours")),
    (1440, _("After a day")),
    (4320, _("After three days")),
)
PAUSES = (
    (0, _("After every resolution")),
    (1, _("Once a day")),
    (7, _("Once a week")),
    (30, _("Once a month")),
    (90, _("Once in three months")),
)
LOW = ((0, _("None")), (1, _("Terrible")), (2, _("Bad, or worse")), (3, _("So-so, or worse")))
THEN = (
    ("reopen", _("Reopen it, or open a linked one where it is too old")),
    ("follow_up", _("Always open a linked one")),
    ("tell", _("Only tell the supervisors")),
    ("nothing", _("Nothing")),
)


class FeedbackForm(FlaskForm):
    on = BooleanField(_("Ask customers how it was"))
    wait_minutes = SelectField(_("After the resolution"), coerce=int, choices=forms.choices(WAITS))
    every_days = SelectField(_("A customer at most"), coerce=int, choices=forms.choices(PAUSES))
    low = SelectField(_("Low is"), coerce=int, choices=forms.choices(LOW))
    low_vip = SelectField(_("Low is, from VIP customers"), coerce=int, choices=forms.choices(LOW))
    then = SelectField(_("What a low rating does"), choices=forms.choices(THEN))


def form_now() -> FeedbackForm:
    """The form as it stands; ids begin with a word of their own, for it shares its page."""
    return FeedbackForm(formdata=None, obj=surveys.policy(), prefix="feedback-")


@bp.post("")
@allow(ADMIN)
def save() -> ResponseReturnValue:
    form = FeedbackForm(prefix="feedback-")
    if not form.validate():
        company = CompanyForm(formdata=None, obj=Installation.current())
        page = render_template("settings/company.html", form=company, feedback=form, page_name="company")
        return page, 422
    wanted = {name: form[name].data for name in Policy().kept()}
    before = surveys.policy().kept()
    Installation.current().feedback = wanted
    audit.record("feedback_set", me(), **audit.changes(before, wanted))
    session.commit()
    flash(gettext("Saved."))
    return redirect("/settings/company", 303)


def init(app: Flask) -> None:
    app.jinja_env.globals["feedback_form"] = form_now
