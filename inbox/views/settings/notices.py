"""What one is told, and where: by kind, quiet hours, the digest, and browsers."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField, TimeField

from inbox import memos
from inbox.db import session
from inbox.models.notice import DIGESTS, KINDS, QUIET, WAYS
from inbox.notices import choices, push, webpush
from inbox.notices.choices import Choice
from inbox.sla import hours
from inbox.web import forms
from inbox.web.current import me, this_sign_in
from inbox.web.permissions import AGENT, allow

bp = Blueprint("notice_settings", __name__, url_prefix="/settings/notices")

NAMES = {
    "mention": (_("Somebody mentions you"), _("With @ in a note.")),
    "assigned": (_("A conversation becomes yours"), _("Not when you take it yourself.")),
    "handed_over": (_("You take over from a colleague"), _("Who is leaving, or away for good.")),
    "message": (
        _("A customer writes"),
        _("In a conversation that is yours, that you answered last, or follow."),
    ),
    "note": (_("A colleague leaves a note"), _("Where you have a part: yours, written in, or followed.")),
    "unassigned": (
        _("A new conversation nobody has"),
        _("In your team; without a team, what belongs to everybody."),
    ),
    "failed": (_("Your answer does not arrive"), _("It could not be sent, or came back.")),
    "stopped": (_("Your scheduled answer is stopped"), _("Because somebody wrote before it left.")),
    "rating": (_("A customer is unhappy"), _("A low rating, for those who look after the team.")),
}
WAY_NAMES = {"app": _("Here"), "push": _("Browser"), "mail": _("Digest")}


class NoticeForm(FlaskForm):
    quiet = SelectField(_("When"))
    quiet_from = TimeField(_("From"))
    quiet_until = TimeField(_("Until"))
    digest = SelectField(_("How often"))
    digest_hour = SelectField(_("At"), coerce=int)

    def __init__(self, *values: Any, **more: Any) -> None:
        super().__init__(*values, **more)
        silences = (gettext("Never"), gettext("Between two times"), gettext("Outside my working hours"))
        self.quiet.choices = forms.choices(zip(QUIET, silences, strict=True))
        often = (gettext("None"), gettext("Every hour"), gettext("Every day"))
        self.digest.choices = forms.choices(zip(DIGESTS, often, strict=True))
        self.digest_hour.choices = forms.choices((hour, f"{hour:02}:00") for hour in range(24))

    def choice(self) -> Choice:
        begins, ends = self.quiet_from.data, self.quiet_until.data
        usual = choices.NOTHING_CHOSEN
        return Choice(
            ways=_ticked(),
            quiet=self.quiet.data,
            quiet_from=begins.hour * 60 + begins.minute if begins else usual.quiet_from,
            quiet_until=ends.hour * 60 + ends.minute if ends else usual.quiet_until,
            digest=self.digest.data,
            digest_hour=self.digest_hour.data,
        )


def _ticked() -> dict[str, tuple[str, ...]]:
    """What stands in the table; of kinds that are not shown to them, the usual."""
    ticked = set(request.form.getlist("way"))
    ways = {kind: tuple(way for way in WAYS if f"{kind}.{way}" in ticked) for kind in _kinds()}
    return {**choices.USUAL, **ways}


def _kinds() -> list[str]:
    return [kind for kind in KINDS if me().is_supervisor or kind not in choices.SUPERVISORS]


@bp.get("")
@allow(AGENT)
def show() -> str:
    choice = choices.of(me())
    return _page(NoticeForm(formdata=None, data=_values(choice)), choice)


@bp.post("")
@allow(AGENT)
def save() -> ResponseReturnValue:
    form = NoticeForm()
    if not form.validate():
        return _page(form, Choice(ways=_ticked())), 422
    choices.choose(me(), form.choice())
    session.commit()
    flash(gettext("Saved."))
    return redirect("/settings/notices", 303)


def _values(choice: Choice) -> dict[str, Any]:
    times = {name: getattr(choice, name) for name in ("quiet_from", "quiet_until")}
    clocks = {name: time(minutes // 60, minutes % 60) for name, minutes in times.items()}
    return {"quiet": choice.quiet, "digest": choice.digest, "digest_hour": choice.digest_hour, **clocks}


def _page(form: NoticeForm, choice: Choice) -> str:
    here = this_sign_in().id
    browsers = push.of(me())
    return render_template(
        "settings/notices.html",
        form=form,
        ways=WAY_NAMES,
        kinds=[(kind, *NAMES[kind], choice.ways.get(kind, ())) for kind in _kinds()],
        says_hours=bool(hours.read(me().hours)),
        browsers=browsers,
        this=next((one.id for one in browsers if one.sign_in_id == here), None),
        here=here,
        push_key=webpush.public_key(),
        can_send=memos.can_send(),
        page_name="notices",
    )
