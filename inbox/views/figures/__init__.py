"""How the team does: a period in numbers, the one before it beside it, and the tickets behind each number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import format_date, gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from inbox import figures
from inbox.access import visible_to
from inbox.db import session
from inbox.figures import GROUPS, METRICS, Line, Period
from inbox.models import Identity, Ticket
from inbox.views.figures.asked import PERIODS, Asked, Names, Wrong, named, page_number, read, usual, which
from inbox.views.figures.sheet import sheet
from inbox.views.figures.words import change, day_of, duration, period_words, shown
from inbox.web.current import me
from inbox.web.permissions import WRITER, allow

bp = Blueprint("figures", __name__, url_prefix="/figures")

PAGE = 50
CHARTS = (
    ("volume", ("opened", "resolved")),
    ("messages", ("received", "replied")),
    ("backlog", ("backlog",)),
    ("first", ("first_response", "first_response_p90")),
    ("resolution", ("resolution", "resolution_p90")),
    ("csat", ("csat",)),
)
"""What is drawn, day by day; everything else stands in the table as well."""

CARDS = (
    ("opened",), ("resolved",), ("backlog",), ("first_response", "first_response_p90"),
    ("resolution", "resolution_p90"), ("csat", "csat_rate"), ("replied", "received"),
)  # fmt: skip
"""The main numbers, each with the one that stands below it."""

COLUMNS = (
    ("", ("opened", "received", "replied", "resolved", "backlog")),
    ("first", ("first_response", "first_response_p90")),
    ("resolution", ("resolution", "resolution_p90")),
    ("csat", ("csat", "csat_average", "csat_rate")),
)


@bp.get("")
@allow(WRITER)
def index() -> ResponseReturnValue:
    names = named()
    try:
        asked = read(names)
    except Wrong as problem:
        return _page(usual(), names, problem), 422
    return _page(asked, names)


def _page(asked: Asked, names: Names, problem: Wrong | None = None) -> str:
    drawn: dict[str, Any] = {}
    if problem is None:
        report = figures.report(asked.question)
        rows = _rows(figures.broken_down(asked.question, asked.by), asked.by, names)
        drawn = {"report": report, "rows": rows, "charts": _charts(report, asked.question.period)}
    return render_template(
        "figures/index.html",
        asked=asked,
        names=names,
        problem=problem,
        waiting=figures.still_to_count(),
        scope=figures.sees(me()),
        metrics=METRICS,
        columns=COLUMNS,
        cards=CARDS,
        chart_list=CHARTS,
        heading_of=_heading,
        periods=PERIODS,
        groups=_groups(),
        shown=shown,
        change=change,
        day_of=day_of,
        period_words=period_words,
        **drawn,
    )


@bp.get("/table.csv")
@allow(WRITER)
def table() -> ResponseReturnValue:
    """Days, or the groups that the page shows, with plain numbers: what a spreadsheet counts on with."""
    names = named()
    try:
        asked = read(names, by=("day", *GROUPS))
    except Wrong as problem:
        return _page(usual(), names, problem), 422
    if asked.by == "day":
        report = figures.report(asked.question)
        rows = [(day.isoformat(), line) for day, line in _days(report, asked.question.period)]
    else:
        found = _rows(figures.broken_down(asked.question, asked.by), asked.by, names)
        rows = [(name, line) for _key, name, line in found]
    period = asked.question.period
    name = f"figures-{asked.by}-{period.first}-{period.last}.csv"
    return Response(
        sheet(_heading(asked.by), rows),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/tickets")
@allow(WRITER)
def tickets() -> ResponseReturnValue:
    """What a number is made of."""
    names = named()
    try:
        asked, metric, page = read(names), which(), page_number()
    except Wrong as problem:
        return _page(usual(), names, problem), 422
    facts, count, found = figures.tickets(asked.question, metric, page, PAGE)
    return render_template(
        "figures/tickets.html",
        asked=asked,
        metric=metric,
        names=names,
        facts=facts,
        count=count,
        found=_with_tickets(found),
        page=page,
        more=(page + 1) * PAGE < count,
        duration=duration,
        period_words=period_words,
    )


def _with_tickets(found: Iterable[figures.Found]) -> list[tuple[Ticket, figures.Found]]:
    ids = [one.ticket_id for one in found]
    rows = session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(ids), visible_to(me()))
        .options(joinedload(Ticket.identity).joinedload(Identity.customer), joinedload(Ticket.account))
    )
    by_id = {ticket.id: ticket for ticket in rows}
    return [(by_id[one.ticket_id], one) for one in found if one.ticket_id in by_id]


# -------------------------------------------------------------------------------------- what is shown


def _groups() -> list[tuple[str, str]]:
    names = {"team": gettext("Teams"), "agent": gettext("People"), "account": gettext("Mailboxes")}
    if figures.sees(me()) == "own":
        names = {"account": names["account"]}
    return list(names.items())


def _heading(by: str) -> str:
    return {
        "day": gettext("Day"),
        "team": gettext("Team"),
        "agent": gettext("Person"),
        "account": gettext("Mailbox"),
    }[by]


def _rows(lines: Mapping[int, Line], by: str, names: Names) -> list[tuple[int, str, Line]]:
    """By name, whoever is none at the end."""
    gone = gettext("Gone, #%(id)s")
    found = [(key, names[by].get(key) or gone % {"id": key}, line) for key, line in lines.items()]
    return sorted(found, key=lambda row: (row[0] == 0, row[1].casefold(), row[0]))


def _days(report: figures.Report, period: Period) -> list[tuple[date, Line]]:
    return list(zip(period.days, report.days, strict=True))


def _charts(report: figures.Report, period: Period) -> dict[str, Any]:
    """What the script draws: the values, and the words that stand in the table for each."""
    series = {name: [line[name].value for line in report.days] for _chart, of in CHARTS for name in of}
    return {
        "days": [format_date(day, "d MMM") for day in period.days],
        "long": [day_of(day) for day in period.days],
        "series": {
            name: {"values": values, "said": [shown(METRICS[name], value) for value in values]}
            for name, values in series.items()
        },
    }
