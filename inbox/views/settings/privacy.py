"""Privacy: what people asked of their data, how long things are kept, and what a legal hold keeps."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import DateField, PasswordField, RadioField, SelectField, TextAreaField
from wtforms.validators import Length, ValidationError

from inbox import files, passwords
from inbox.db import now, session
from inbox.models import Account, Customer, Hold, PrivacyRequest, Ticket
from inbox.models.retention_rule import KINDS
from inbox.privacy import holds, people, preview, requests, retention
from inbox.privacy.requests import Refused
from inbox.views.found import number, or_404, whole, word
from inbox.views.found import ticket as visible_ticket
from inbox.views.privacy import LAW_WORDS, PROOF_WORDS
from inbox.web import forms, limits
from inbox.web.addresses import local_path
from inbox.web.current import me
from inbox.web.i18n import zone
from inbox.web.permissions import ADMIN, SUPERVISOR, allow

bp = Blueprint("privacy", __name__, url_prefix="/settings/privacy")

REFUSALS = {
    "there": _("This is asked for already: look at it under Privacy."),
    "held": _("A legal hold stands, so nothing of them may be erased. Lift it first."),
    "erased": _("They have been erased already."),
    "own": _("Somebody else has to approve what you took down."),
    "decided": _("Somebody was faster: it is decided already."),
    "asked_at": _("Choose a day within the last year, not one to come."),
}
RULE_WORDS = {
    "spam": (_("Spam"), _("Conversations among spam")),
    "done": (_("Settled conversations"), _("Resolved or closed, since somebody last wrote")),
    "raw": (_("Mails as they came and left"), _("The original bytes, with all headers. The text stays")),
    "files": (_("Files in settled conversations"), _("Attachments and pictures. Their names stay")),
    "left_out": (_("Mail that was left out"), _("Repeats, loops and reports that are no conversation")),
}


class AskForm(FlaskForm):
    law = SelectField(_("Which law sets the time"), choices=forms.choices(LAW_WORDS.items()))
    asked_on = DateField(_("Asked on"))
    proof = RadioField(
        _("How do you know that it is they who ask?"),
        choices=forms.choices([one for one in PROOF_WORDS.items() if one[0] != "replayed"]),
        validate_choice=False,
    )
    note = TextAreaField(
        _("What you saw or heard, for whoever approves it"),
        [Length(max=requests.LONGEST_NOTE, message=_("Please make that shorter."))],
        filters=[lambda value: value.strip() if value else ""],
    )
    confirm = forms.text(_("Type the customer’s number"), 20, optional=True)
    password = PasswordField(_("Your password"))

    def __init__(self, customer: Customer, kind: str, **more: Any) -> None:
        super().__init__(**more)
        self.customer, self.kind = customer, kind
        self.alone = not requests.others(me())
        if not self.is_submitted():
            self.asked_on.data = now().astimezone(zone()).date()

    def validate_asked_on(self, field: DateField) -> None:
        if field.errors or field.data is None:
            raise ValidationError(gettext("Choose the day on which they asked."))

    def validate_proof(self, field: RadioField) -> None:
        if field.data not in PROOF_WORDS or field.data == "replayed":
            raise ValidationError(
                gettext("Say how you know. A mail alone proves nothing: anybody can write a From.")
            )

    def validate_confirm(self, field: Any) -> None:
        if self.kind == "erasure" and (field.data or "").lstrip("#") != str(self.customer.id):
            said = gettext("This cannot be undone. Type %(number)s to go on.", number=self.customer.id)
            raise ValidationError(said)

    def validate_password(self, field: PasswordField) -> None:
        if self.alone:
            _check_password(field.data or "")

    def facts(self) -> dict[str, Any]:
        return {
            "law": self.law.data,
            "proof": self.proof.data,
            "note": self.note.data or "",
            "asked_at": _moment(self.asked_on.data),
        }


def _check_password(typed: str) -> None:
    if not passwords.matches(me().password_hash, typed):
        raise ValidationError(gettext("That is not your password."))


def _moment(day: Any) -> datetime:
    """Today is now; another day its noon, where the agent is."""
    moment = now()
    if day == moment.astimezone(zone()).date():
        return moment
    return datetime.combine(day, time(12), zone())


# ------------------------------------------------------------------------------------------ the page


@bp.get("")
@allow(SUPERVISOR)
def index() -> str:
    return _page()


def _page(**more: Any) -> str:
    return render_template(
        "settings/privacy.html",
        requests=requests.recent(),
        holds=holds.all_standing(),
        rules=retention.rules(),
        accounts=_accounts(),
        rule_words=RULE_WORDS,
        moment=now(),
        page_name="privacy",
        **more,
    )


def _accounts() -> Any:
    return session.scalars(select(Account).order_by(Account.name, Account.id)).all()


# ------------------------------------------------------------------------------------------ requests


@bp.get("/customers/<int:customer_id>/<any(export, erasure):kind>")
@allow(SUPERVISOR)
def new(customer_id: int, kind: str) -> str:
    return _form(AskForm(_customer(customer_id), kind, formdata=None))


@bp.post("/customers/<int:customer_id>/<any(export, erasure):kind>")
@allow(SUPERVISOR)
@limits.tries
def ask(customer_id: int, kind: str) -> ResponseReturnValue:
    form = AskForm(_customer(customer_id), kind)
    if not form.validate():
        return _form(form), 422
    try:
        made = requests.ask(form.customer, kind, me(), **form.facts())
        if form.alone:
            requests.approve(made, me())
    except Refused as no:
        session.rollback()
        form.form_errors.append(str(REFUSALS[no.reason]))
        return _form(form), 422
    session.commit()
    return redirect(f"/settings/privacy/requests/{made.id}", 303)


def _form(form: AskForm) -> str:
    return render_template(
        "settings/privacy_new.html",
        form=form,
        customer=form.customer,
        kind=form.kind,
        preview=preview.of(form.customer),
        others=requests.others(me()),
        page_name="privacy",
    )


def _customer(customer_id: int) -> Customer:
    return people.kept(or_404(session.get(Customer, number(customer_id))))


@bp.get("/requests/<int:request_id>")
@allow(SUPERVISOR)
def show(request_id: int) -> str:
    return _shown(_request(request_id))


@bp.get("/requests/<int:request_id>/_progress")
@allow(SUPERVISOR)
def progress(request_id: int) -> str:
    return render_template("settings/_privacy_request.html", **_facts(_request(request_id)))


def _request(request_id: int) -> PrivacyRequest:
    return or_404(session.get(PrivacyRequest, number(request_id)))


def _shown(asked: PrivacyRequest, problem: str = "") -> str:
    return render_template(
        "settings/privacy_request.html", problem=problem, page_name="privacy", **_facts(asked)
    )


def _facts(asked: PrivacyRequest) -> dict[str, Any]:
    return {
        "asked": asked,
        "needs_another": requests.needs_another(asked, me()),
        "others": requests.others(me()) if asked.state == "waiting" else (),
        "moment": now(),
    }


@bp.post("/requests/<int:request_id>/approval")
@allow(SUPERVISOR)
@limits.tries
def approve(request_id: int) -> ResponseReturnValue:
    asked = _request(request_id)
    if asked.by_id == me().id and not requests.needs_another(asked, me()):
        try:
            _check_password(request.form.get("password", ""))
        except ValidationError as wrong:
            return _shown(asked, str(wrong)), 422
    return _decided(asked, requests.approve)


@bp.post("/requests/<int:request_id>/refusal")
@allow(SUPERVISOR)
def refuse(request_id: int) -> ResponseReturnValue:
    return _decided(_request(request_id), requests.refuse)


@bp.post("/requests/<int:request_id>/retry")
@allow(SUPERVISOR)
def retry(request_id: int) -> ResponseReturnValue:
    return _decided(_request(request_id), requests.again)


def _decided(asked: PrivacyRequest, verb: Any) -> ResponseReturnValue:
    try:
        verb(asked, me())
    except Refused as no:
        session.rollback()
        return _shown(_request(asked.id), str(REFUSALS[no.reason])), 409
    session.commit()
    return redirect(f"/settings/privacy/requests/{asked.id}", 303)


@bp.post("/exports/<token>")
@allow(SUPERVISOR)
def fetch(token: str) -> Response:
    """A POST, because that somebody took it is written down first."""
    asked = or_404(requests.fetch(token))
    try:
        path = files.path_of(asked.file_sha256 or "")
    except files.Missing:
        abort(404)
    requests.fetched(asked, me())
    session.commit()
    sent = send_file(
        path, mimetype="application/zip", as_attachment=True, download_name=f"export-{asked.id}.zip"
    )
    sent.headers["Cache-Control"] = "no-store"
    return sent


# --------------------------------------------------------------------------------------- legal hold


WRONG_HOLDS = {
    "reason": _("Say why it is held: whoever looks at it later has to know."),
    "there": _("It is held already."),
}


@bp.post("/customers/<int:customer_id>/hold")
@allow(SUPERVISOR)
def hold_customer(customer_id: int) -> ResponseReturnValue:
    wrong = _hold(_customer(customer_id))
    if wrong:
        flash(wrong, "error")
    return redirect(f"/customers/{customer_id}", 303)


@bp.get("/tickets/<int:ticket_id>/hold")
@allow(SUPERVISOR)
def hold_page(ticket_id: int) -> str:
    return _hold_page(visible_ticket(ticket_id))


@bp.post("/tickets/<int:ticket_id>/hold")
@allow(SUPERVISOR)
def hold_ticket(ticket_id: int) -> ResponseReturnValue:
    ticket = visible_ticket(ticket_id)
    if wrong := _hold(ticket):
        return _hold_page(ticket, wrong), 422
    return redirect(f"/settings/privacy/tickets/{ticket_id}/hold", 303)


def _hold_page(ticket: Ticket, wrong: str = "") -> str:
    return render_template(
        "settings/privacy_hold.html",
        ticket=ticket,
        hold=holds.over(ticket),
        wrong=wrong,
        page_name="privacy",
    )


def _hold(thing: Customer | Ticket) -> str:
    """Why not, if not."""
    try:
        holds.put_on(thing, word("reason", holds.LONGEST_REASON), me())
    except holds.Invalid as no:
        return str(WRONG_HOLDS[no.reason])
    session.commit()
    flash(gettext("Held: nothing of it is erased until somebody lifts it."))
    return ""


@bp.post("/holds/<int:hold_id>/lifting")
@allow(SUPERVISOR)
def lift(hold_id: int) -> ResponseReturnValue:
    hold = or_404(session.get(Hold, number(hold_id)))
    holds.lift(hold, me())
    session.commit()
    flash(gettext("Lifted."))
    return redirect(local_path(request.form.get("back", "")) or "/settings/privacy", 303)


# ----------------------------------------------------------------------------------------- retention


@bp.get("/retention")
@allow(ADMIN)
def dry_run() -> ResponseReturnValue:
    """What these rules would do now, before anybody saves them."""
    wanted, wrong = _wanted(request.args)
    if wrong:
        return _page(wanted=request.args, wrong=wrong), 422
    return _page(wanted=request.args, lines=retention.dry(wanted), asked_rules=wanted)


@bp.post("/retention")
@allow(ADMIN)
def save() -> ResponseReturnValue:
    wanted, wrong = _wanted(request.form)
    if wrong:
        return _page(wanted=request.form, wrong=wrong), 422
    retention.set_rules(wanted, me())
    session.commit()
    flash(gettext("Saved. It begins in the coming night."))
    return redirect("/settings/privacy#retention", 303)


def _wanted(given: Any) -> tuple[dict[tuple[str, int | None], int], list[str]]:
    """The rules somebody typed, ``spam=30`` and ``spam-7=90`` for the mailbox 7; and what makes no sense."""
    wanted: dict[tuple[str, int | None], int] = {}
    wrong = []
    for kind in KINDS:
        for account in (None, *(one.id for one in _accounts())):
            name = f"{kind}-{account}" if account else kind
            typed = given.get(name, "").strip()
            days = whole(typed)
            if days and days <= retention.LONGEST:
                wanted[kind, account] = days
            elif typed:
                wrong.append(name)
    return wanted, wrong
