"""Macros at work: the menu behind ``/`` and ``m``, putting one into a draft, and doing what one does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flask import Blueprint, Flask, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from inbox import drafts, macros, tickets
from inbox.channels import Person
from inbox.db import session
from inbox.macros import Action
from inbox.mail.clean import to_text
from inbox.mail.compose import can_be_written_to
from inbox.models import Agent, Macro, MacroText, Team, Ticket
from inbox.text import snippet
from inbox.tickets import placeholders
from inbox.views import found, writing
from inbox.views.facts import done
from inbox.web.current import installation, me
from inbox.web.permissions import WRITER, allow

bp = Blueprint("macros", __name__, url_prefix="/tickets/<int:ticket_id>/macros")
beginning = Blueprint("macros_new", __name__, url_prefix="/new")

GIST = 90


class Drawn(NamedTuple):
    """An action as it is shown."""

    do: str
    to: str | int
    name: str
    """Whose, where it is a person's or a team's."""
    value: str
    """As the composer keeps it."""


class Entry(NamedTuple):
    """A line of the menu."""

    macro: Macro
    gist: str
    has_text: bool
    actions: Sequence[Drawn]


@bp.get("/_menu")
@allow(WRITER)
def menu(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    every = macros.every(me())
    names = _names(one for macro in every for one in macros.read(macro.actions))
    values = placeholders.values(ticket, me())
    entries = [_entry(macro, text_for(macro, ticket), values, names) for macro in every]
    return render_template("macros/_menu.html", entries=entries)


@beginning.get("/_macros")
@allow(WRITER)
def menu_before() -> str:
    """Those with words: there is no conversation yet that the others could do something to."""
    values = placeholders.values_before(me(), None, "")
    texts = [(macro, text_before(macro)) for macro in macros.every(me())]
    entries = [Entry(macro, _gist(text, values), True, ()) for macro, text in texts if text]
    return render_template("macros/_menu.html", entries=entries)


@beginning.post("/<int:draft_id>/macros/<int:macro_id>")
@allow(WRITER)
def insert_before(draft_id: int, macro_id: int) -> str:
    """Its words for whom it is written to so far, with copies of its files in the draft."""
    draft, macro = found.or_404(drafts.new(me(), found.number(draft_id))), _macro(macro_id)
    text, values = text_before(macro), placeholders.values_before(me(), _first(), _subject())
    files = drafts.bring(draft, macro.files)
    macros.used(me(), [macro.id])
    session.commit()
    html = placeholders.fill(text.html, values) if text else ""
    return render_template("macros/_insert.html", html=html, files=files, chips=[])


def _first() -> Person | None:
    """Whose conversation it is going to be; nobody while an address is only half typed."""
    try:
        first = next(iter(writing.people_in("to") or ()), None)
    except tickets.Refused:
        return None
    return first if first and can_be_written_to(first.address) else None


def _subject() -> str:
    return " ".join(request.form.get("subject", "").split())[:998]


@bp.post("/<int:macro_id>/drafts/<any(reply, note, forward):kind>")
@allow(WRITER)
def insert(ticket_id: int, macro_id: int, kind: str) -> str:
    """Its words for this customer, with copies of its files in the draft, and what it is going to do."""
    ticket, macro = found.ticket(ticket_id), _macro(macro_id)
    text = text_for(macro, ticket)
    files = []
    if macro.files:
        draft = drafts.of(ticket, me())[kind] or drafts.save(ticket, me(), kind, "")
        files = drafts.bring(draft, macro.files)
    session.commit()
    return render_template(
        "macros/_insert.html",
        html=placeholders.fill(text.html, placeholders.values(ticket, me())) if text else "",
        files=files,
        chips=drawn(macros.read(macro.actions)) if kind == "reply" else [],
    )


@bp.post("/<int:macro_id>")
@allow(WRITER)
def run(ticket_id: int, macro_id: int) -> str:
    """Do at once what it does. The answer is the ticket's head, and what takes it back."""
    ticket, macro = found.ticket(ticket_id), _macro(macro_id)
    back = tickets.run(macro, ticket, me())
    return done(ticket) + render_template("macros/_back.html", back=json.dumps(macros.as_json(back)))


@bp.post("/actions")
@allow(WRITER)
def perform(ticket_id: int) -> str:
    """Do these ``actions``: what a macro did is taken back with it."""
    ticket = found.ticket(ticket_id)
    try:
        actions = macros.read(json.loads(request.form.get("actions", "")))
    except (macros.Invalid, ValueError, RecursionError):
        abort(422)
    tickets.perform(ticket, actions, me())
    return done(ticket)


@bp.get("/_chips")
@allow(WRITER)
def chips(ticket_id: int) -> ResponseReturnValue:
    """What waits for a reply to be sent, as this browser kept it."""
    found.ticket(ticket_id)
    return render_template("macros/_chips.html", chips=waiting(request.args.get("macros", "")))


def _macro(macro_id: int) -> Macro:
    return found.or_404(macros.one(me(), found.number(macro_id)))


def text_for(macro: Macro, ticket: Ticket) -> MacroText | None:
    """In the customer's language, else in the agent's."""
    theirs = (ticket.language, ticket.customer.language)
    return macros.text_of(macro, *theirs, me().language, installation().language)


def text_before(macro: Macro) -> MacroText | None:
    """In the agent's language, for we know none of a customer's."""
    return macros.text_of(macro, me().language, installation().language)


def _entry(
    macro: Macro, text: MacroText | None, values: dict[str, str], names: dict[str, dict[int, str]]
) -> Entry:
    return Entry(macro, _gist(text, values), text is not None, _drawn(macros.read(macro.actions), names))


def _gist(text: MacroText | None, values: dict[str, str]) -> str:
    return snippet(to_text(placeholders.fill(text.html[:2000], values)), GIST) if text else ""


# ------------------------------------------------------------------------------- actions, in words


def drawn(actions: Iterable[Action]) -> list[Drawn]:
    """Those that can still be done, with the names in them."""
    actions = list(actions)
    return _drawn(actions, _names(actions))


def waiting(text: str) -> list[Drawn]:
    """What a draft says is done once it is sent."""
    try:
        pending = macros.pending(text)
    except macros.Invalid:
        return []
    return drawn(pending.actions) if pending else []


def _drawn(actions: Iterable[Action], names: dict[str, dict[int, str]]) -> list[Drawn]:
    shown = []
    for action in actions:
        name = ""
        if action.do in names and isinstance(action.to, int) and action.to:
            name = names[action.do].get(action.to, "")
            if not name:
                continue
        shown.append(Drawn(*action, name, json.dumps(action._asdict())))
    return shown


def _names(actions: Iterable[Action]) -> dict[str, dict[int, str]]:
    """Of the people and the teams in these; asked for only where there are some."""
    wanted: dict[str, set[int]] = {"assign": set(), "team": set()}
    for do, to in actions:
        if do in wanted and isinstance(to, int) and to:
            wanted[do].add(to)
    people = select(Agent.id, Agent.name).where(Agent.id.in_(wanted["assign"]), Agent.active)
    teams = select(Team.id, Team.name).where(Team.id.in_(wanted["team"]))
    return {
        "assign": dict(session.execute(people).all()) if wanted["assign"] else {},
        "team": dict(session.execute(teams).all()) if wanted["team"] else {},
    }


def placeholder_words() -> dict[str, str]:
    """What each placeholder is called."""
    return {
        "customer.first_name": _("Customer’s first name"),
        "customer.name": _("Customer’s name"),
        "customer.email": _("Customer’s address"),
        "agent.first_name": _("Your first name"),
        "agent.name": _("Your name"),
        "ticket.number": _("Conversation’s number"),
        "ticket.subject": _("Subject"),
        "company.name": _("Company"),
    }


def init(app: Flask) -> None:
    app.jinja_env.globals.update(waiting_macros=waiting, placeholders=placeholders.NAMES)
