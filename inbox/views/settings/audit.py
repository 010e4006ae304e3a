"""The audit trail: who did what, by whom, by what and by when; and all of it as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.validators import ValidationError

from inbox import audit, people
from inbox.audit import seal, trail
from inbox.audit.trail import Filter
from inbox.audit.words import GROUPS
from inbox.db import reading, session
from inbox.models import Event
from inbox.views.found import whole
from inbox.views.settings.audit_lines import Line, drawn
from inbox.web import forms, sheets
from inbox.web.current import me
from inbox.web.i18n import zone
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("audit", __name__, url_prefix="/settings/audit")

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


class FilterForm(FlaskForm):
    """Asked for by a GET, so that an address holds it."""

    class Meta:
        csrf = False

    agent = SelectField(_("Who"), default="")
    group = SelectField(_("What"), default="")
    ticket = forms.text(_("Conversation"), 20, optional=True)
    since = forms.text(_("From"), 20, optional=True)
    until = forms.text(_("Until"), 20, optional=True)

    def __init__(self, *values: Any, **more: Any) -> None:
        super().__init__(*values, **more)
        names = [(str(one.id), one.name or one.email) for one in people.everybody()]
        groups = [(name, gettext(label)) for name, label in GROUPS.items()]
        self.agent.choices = forms.choices([("", gettext("Everybody")), *names])
        self.group.choices = forms.choices([("", gettext("Everything")), *groups])

    def validate_ticket(self, field: Any) -> None:
        if field.data and whole(field.data.lstrip("#")) is None:
            raise ValidationError(gettext("That is not the number of a conversation."))

    def validate_since(self, field: Any) -> None:
        _day(field.data)

    def validate_until(self, field: Any) -> None:
        if (last := _day(field.data)) and (first := _day(self.since.data, quiet=True)) and last < first:
            raise ValidationError(gettext("That is before the first day."))

    def wanted(self) -> Filter:
        first, last = _day(self.since.data), _day(self.until.data)
        return Filter(
            agent_id=whole(self.agent.data),
            group=self.group.data or "",
            ticket_id=whole((self.ticket.data or "").lstrip("#")),
            since=_midnight(first) if first else None,
            until=_midnight(last + timedelta(days=1)) if last else None,
        )

    def given(self) -> dict[str, str]:
        """What is asked for, as an address has it."""
        return {field.name: field.data for field in self if field.data}


def _day(text: str | None, *, quiet: bool = False) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
        return day if day is None or 1970 <= day.year < 9999 else date.fromisoformat("")
    except ValueError:
        if quiet:
            return None
        raise ValidationError(gettext("That is not a date.")) from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone()).astimezone(UTC)


@bp.get("")
@allow(ADMIN)
def index() -> ResponseReturnValue:
    form = FilterForm(request.args)
    if not form.validate():
        return _page(form, trail.Page([], None)), 422
    return _page(form, trail.page(form.wanted(), whole(request.args.get("before"))))


@bp.post("/export")
@allow(ADMIN)
def export() -> ResponseReturnValue:
    """What the filter shows, up to now. That it was taken out is written down before it leaves."""
    form, wanted = FilterForm(request.form), request.form.get("format", "csv")
    if not form.validate() or wanted not in FORMATS:
        return _page(form, trail.Page([], None)), 422
    facts: dict[str, Any] = {
        name: value for name, value in form.given().items() if name in ("group", "since", "until")
    }
    audit.record("export_made", me(), what="audit", format=wanted, **facts)
    up_to = trail.newest_id()
    session.commit()
    lines = (_csv if wanted == "csv" else _jsonl)(trail.every(form.wanted(), up_to))
    response = Response(stream_with_context(lines), content_type=FORMATS[wanted])
    response.headers["Content-Disposition"] = (
        f'attachment; filename="audit-{datetime.now(zone()).date()}.{wanted}"'
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _jsonl(batches: Iterator[Sequence[Event]]) -> Iterator[str]:
    """Each event as it is kept: nothing is looked up, and nothing left out."""
    for events in batches:
        for event in events:
            yield json.dumps(_kept(event), ensure_ascii=False) + "\n"


def _kept(event: Event) -> dict[str, Any]:
    names = ("id", "kind", "agent_id", "ticket_id", "message_id", "customer_id", "version", "data")
    return {"at": event.at.isoformat(), **{name: getattr(event, name) for name in names}}


def _csv(batches: Iterator[Sequence[Event]]) -> Iterator[str]:
    return sheets.written(_rows(batches), sheets.separator())


def _rows(batches: Iterator[Sequence[Event]]) -> Iterator[Sequence[Any]]:
    yield (
        gettext("Number"),
        gettext("When"),
        gettext("Who"),
        gettext("What"),
        gettext("What changed"),
        gettext("Conversation"),
        "kind",
        "data",
    )
    for events in batches:
        with reading():  # the request's own transaction ended when the download began
            lines = drawn(events)
        yield from map(_row, lines)


def _row(line: Line) -> Sequence[Any]:
    event = line.event
    changed = "; ".join(f"{one.label}: {one.before} → {one.after}" for one in line.changes)
    data = json.dumps(event.data, ensure_ascii=False)
    return event.id, event.at, line.who, line.text, changed, event.ticket_id, event.kind, data


def _page(form: FilterForm, page: trail.Page) -> str:
    return render_template(
        "settings/audit.html",
        form=form,
        lines=drawn(page.events),
        next=page.next,
        given=form.given(),
        last_seal=seal.last(),
        page_name="audit",
    )
