"""Macros: writing them, in each language, with what they do and what they attach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectField

from inbox import macros, people
from inbox.db import session
from inbox.macros import Action
from inbox.mail.clean import clean_written
from inbox.models import Agent, Macro, MacroFile
from inbox.models.macro import LANGUAGES
from inbox.models.ticket import PRIORITIES
from inbox.tickets import placeholders
from inbox.views.drafts import upload
from inbox.views.files import to_keep
from inbox.views.found import number, or_404
from inbox.views.macros import drawn, placeholder_words
from inbox.web import forms
from inbox.web.current import installation, me
from inbox.web.permissions import WRITER, allow

bp = Blueprint("macro_settings", __name__, url_prefix="/settings/macros")

NAMES = {
    "en": "English",
    "pt": "Português",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "it": "Italiano",
}
STATUSES = (
    ("open", _("Open")),
    ("pending", _("Pending")),
    ("on_hold", _("On hold")),
    ("resolved", _("Resolved: send and resolve")),
)
PRIORITY_WORDS = {"low": _("Low"), "normal": _("Normal"), "high": _("High"), "urgent": _("Urgent")}


class MacroForm(FlaskForm):
    name = forms.text(_("Name"), macros.LONGEST_NAME)
    whose = SelectField(_("Who can use it"))
    status = SelectField(_("Status"), default="")
    priority = SelectField(_("Priority"), default="")
    assign = SelectField(_("Give it to"), default="")
    team = SelectField(_("Team"), default="")
    tag = forms.text(_("Add tags"), 1000, optional=True)
    untag = forms.text(_("Take tags away"), 1000, optional=True)

    def __init__(self, *values: Any, **more: Any) -> None:
        super().__init__(*values, **more)
        same = ("", gettext("As it is"))
        teams = people.team_names()
        self.whose.choices = forms.choices(_whose(teams))
        self.status.choices = forms.choices([same, *STATUSES])
        self.priority.choices = forms.choices([same, *((one, PRIORITY_WORDS[one]) for one in PRIORITIES)])
        self.assign.choices = forms.choices([same, ("me", gettext("Whoever uses it")), *_people()])
        self.team.choices = forms.choices(
            [same, ("0", gettext("Everybody")), *((str(n), name) for n, name in teams)]
        )

    def facts(self) -> dict[str, Any]:
        whose = self.whose.data
        return {
            "name": self.name.data,
            "owner_id": me().id if whose == "me" else None,
            "team_id": int(whose) if whose.isdigit() and whose != "0" else None,
            "texts": {code: request.form.get(f"html_{code}", "") for code in LANGUAGES},
            "actions": self.actions(),
        }

    def actions(self) -> list[Action]:
        chosen = [(do, getattr(self, do).data) for do in macros.ONCE]
        once = [Action(do, int(to) if to.isdigit() else to) for do, to in chosen if to]
        return [*once, *_tags("tag", self.tag.data), *_tags("untag", self.untag.data)]


def _whose(teams: Sequence[tuple[int, str]]) -> list[tuple[str, str]]:
    """Only an admin shares one."""
    mine = [("me", gettext("Only you"))]
    if not me().is_admin:
        return mine
    return [("0", gettext("Everybody")), *((str(n), name) for n, name in teams), *mine]


def _people() -> list[tuple[str, str]]:
    query = select(Agent.id, Agent.name).where(Agent.active, Agent.password_hash != "").order_by(Agent.name)
    return [("0", gettext("Nobody")), *((str(n), name) for n, name in session.execute(query))]


def _tags(do: str, typed: str | None) -> list[Action]:
    names = dict.fromkeys(macros.tag(one) for one in (typed or "").split(","))
    return [Action(do, name) for name in names if name]


@bp.get("")
@allow(WRITER)
def index() -> str:
    every = macros.every(me())
    shared = [one for one in every if not one.owner_id]
    mine = [one for one in every if one.owner_id]
    return render_template(
        "settings/macros.html", shared=shared, mine=mine, languages_of=NAMES, page_name="macros"
    )


@bp.get("/new")
@allow(WRITER)
def new() -> str:
    return _page(None, MacroForm(formdata=None))


@bp.post("")
@allow(WRITER)
def add() -> ResponseReturnValue:
    return _save(None)


@bp.get("/<int:macro_id>")
@allow(WRITER)
def show(macro_id: int) -> str:
    macro = _one(macro_id)
    if not macros.may_change(macro, me()):
        chips = drawn(macros.read(macro.actions))
        return render_template(
            "settings/macro_seen.html", macro=macro, chips=chips, languages_of=NAMES, page_name="macros"
        )
    return _page(macro, MacroForm(formdata=None, data=_values(macro)))


@bp.post("/<int:macro_id>")
@allow(WRITER)
def update(macro_id: int) -> ResponseReturnValue:
    macro = _changeable(macro_id)
    if "remove" in request.form:
        macros.remove(macro, me())
        session.commit()
        flash(gettext("Removed."))
        return redirect("/settings/macros", 303)
    return _save(macro)


@bp.get("/<int:macro_id>/files/<token>")
@allow(WRITER)
def file(macro_id: int, token: str) -> Response:
    return to_keep(or_404(next((one for one in _one(macro_id).files if one.token == token), None)))


@bp.post("/_preview")
@allow(WRITER)
def preview() -> str:
    """How a text will read, filled in for somebody."""
    html = clean_written(request.form.get("html", "")[: macros.LONGEST_TEXT])
    return render_template(
        "settings/_macro_preview.html",
        html=placeholders.fill(html, _example()),
        unknown=placeholders.unknown(html),
        risky=placeholders.may_be_missing(html),
    )


def _example() -> dict[str, str]:
    return {
        "customer.name": "Marina Queiroz",
        "customer.first_name": "Marina",
        "customer.email": "marina@queiroz.example",
        "agent.name": me().name,
        "agent.first_name": me().name.split()[0] if me().name.split() else "",
        "ticket.number": "1042",
        "ticket.subject": gettext("Cracked cup"),
        "company.name": installation().company,
    }


def _save(macro: Macro | None) -> ResponseReturnValue:
    form = MacroForm()
    if form.validate():
        try:
            changed = _keep(macro, form)
            session.commit()
            flash(gettext("Saved."))
            return redirect(f"/settings/macros/{changed.id}", 303)
        except macros.Invalid as wrong:
            session.rollback()
            _say(form, wrong)
    return _page(_one(macro.id) if macro else None, form, typed=True), 422


def _keep(macro: Macro | None, form: MacroForm) -> Macro:
    if macro is None:
        macro = macros.add(me(), **form.facts())
    else:
        macros.change(macro, me(), **form.facts())
    gone = set(request.form.getlist("remove_file"))
    macro.files = [one for one in macro.files if one.token not in gone]
    for sent in request.files.getlist("upload"):
        if sent.filename:
            macros.attach(macro, *upload(sent))
    return macro


def _say(form: MacroForm, wrong: macros.Invalid) -> None:
    sentences = {
        "empty": gettext("Write a text, or choose something it does."),
        "too_long": gettext("That is too long for one message."),
        "too_many_files": gettext("At most %(n)s files.", n=macros.MOST_FILES),
        "actions": gettext("At most %(n)s tags, each of up to %(m)s letters.", n=12, m=macros.LONGEST_TAG),
        "name": gettext("Please make that shorter."),
    }
    form.form_errors.append(sentences[wrong.reason])


def _values(macro: Macro) -> dict[str, Any]:
    """What stands in the form."""
    whose = "me" if macro.owner_id else str(macro.team_id or 0)
    once: dict[str, str] = {}
    tags: dict[str, list[str]] = {"tag": [], "untag": []}
    for do, to in macros.read(macro.actions):
        if do in tags:
            tags[do].append(str(to))
        else:
            once[do] = str(to)
    typed = {do: ", ".join(names) for do, names in tags.items()}
    return {"name": macro.name, "whose": whose, **once, **typed}


def _one(macro_id: int) -> Macro:
    return or_404(macros.one(me(), number(macro_id)))


def _changeable(macro_id: int) -> Macro:
    macro = _one(macro_id)
    return macro if macros.may_change(macro, me()) else abort(404)


def _page(macro: Macro | None, form: MacroForm, *, typed: bool = False) -> str:
    kept = {text.language: text.html for text in macro.texts} if macro else {}
    if typed:
        kept = {code: request.form.get(f"html_{code}", "") for code in LANGUAGES}
    texts = {code: kept.get(code, "") for code in _order()}
    first = next((code for code in texts if texts[code]), next(iter(texts)))
    files: Sequence[MacroFile] = macro.files if macro else ()
    return render_template(
        "settings/macro.html",
        macro=macro,
        form=form,
        texts=texts,
        first=first,
        files=files,
        languages_of=NAMES,
        words=placeholder_words(),
        page_name="macros",
    )


def _order() -> list[str]:
    """The house's language and one's own first."""
    near = [(language or "")[:2] for language in (installation().language, me().language)]
    return [code for code in dict.fromkeys((*near, *LANGUAGES)) if code in LANGUAGES]
