"""What an address of the figures asks for, checked; and such addresses, made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext
from sqlalchemy import literal, select, union_all

from inbox import figures
from inbox.db import now, session
from inbox.figures import GROUPS, METRICS, Metric, Period, Question
from inbox.models import Account, Agent, Team
from inbox.web.current import me
from inbox.web.i18n import company_zone

MOST_PAGES = 2000
PERIODS = ("7", "30", "90", "month", "custom")
USUAL = "30"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ID = re.compile(r"\d{1,9}", re.ASCII)


class Wrong(Exception):
    """What was asked makes no sense; a sentence, translated, and the field it is about."""

    def __init__(self, name: str, sentence: str) -> None:
        self.field, self.sentence = name, sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Asked:
    """What the address asks for, and how it says so."""

    question: Question
    period: str = USUAL
    by: str = GROUPS[0]
    notes: list[str] = field(default_factory=list)

    def address(self, path: str = "", **changed: Any) -> str:
        """The same with something else; an empty value takes a part away."""
        period = self.question.period
        parts: dict[str, Any] = {"period": self.period}
        if self.period == "custom":
            parts |= {"from": period.first, "to": period.last}
        parts |= self.question.chosen
        parts |= {"by": self.by} if self.by != GROUPS[0] else {}
        kept = {name: value for name, value in (parts | changed).items() if value != ""}
        return f"/figures{path}?{urlencode(kept)}"

    def behind(self, metric: str, **changed: Any) -> str:
        """The tickets of a number, of these very days, also when the page is looked at tomorrow."""
        period = self.question.period
        days = {"from": period.first, "to": period.last}
        return self.address("/tickets", **{"by": "", "metric": metric, **days, **changed})


Names = Mapping[str, Mapping[int, str]]


def named() -> Names:
    """What teams, people and accounts are called: one statement. 0 is none."""
    found: dict[str, dict[int, str]] = {
        "team": {0: gettext("No team")},
        "agent": {0: gettext("Nobody")},
        "account": {},
    }
    each = (
        select(literal("team").label("what"), Team.id.label("id"), Team.name.label("name")),
        select(literal("agent"), Agent.id, Agent.name),
        select(literal("account"), Account.id, Account.address),
    )
    rows = union_all(*each).subquery()
    for what, number, name in session.execute(select(rows).order_by(rows.c.name, rows.c.id)):
        found[what][number] = name
    if figures.sees(me()) != "all":
        own = {0, *(team.id for team in me().teams)}
        found["team"] = {number: name for number, name in found["team"].items() if number in own}
    return found


def read(names: Names, by: tuple[str, ...] = GROUPS) -> Asked:
    """Raises Wrong."""
    notes: list[str] = []
    custom = "from" in request.args or "to" in request.args
    name = request.args.get("period") or ("custom" if custom else USUAL)
    if name not in PERIODS:
        raise Wrong("period", gettext("Choose one of the periods above."))
    chosen = {what: _one_of(what, names) for what in GROUPS}
    period = _custom(notes) if custom or name == "custom" else _period(name)
    group = request.args.get("by") or _usual_group()
    if group not in by:
        raise Wrong("by", gettext("Figures are broken down by team, person or mailbox."))
    return Asked(Question(me(), period, **chosen), name, group, notes)


def _usual_group() -> str:
    return "account" if figures.sees(me()) == "own" else GROUPS[0]


def usual() -> Asked:
    """What stands there while nothing that makes sense is asked for."""
    return Asked(Question(me(), _period(USUAL)))


def _period(name: str) -> Period:
    zone = company_zone()
    today = now().astimezone(zone).date()
    return figures.month(today, zone) if name == "month" else figures.last(int(name), today, zone)


def _custom(notes: list[str]) -> Period:
    recent = _period(USUAL)
    first, last = _day("from", recent.first), _day("to", recent.last)
    if first > last:
        raise Wrong("from", gettext("The first day comes after the last one."))
    if first > recent.last:
        raise Wrong("from", gettext("That day is still to come."))
    last = min(last, recent.last)
    if (last - first).days >= figures.MOST:
        first = last - timedelta(days=figures.MOST - 1)
        said = gettext("A period has at most %(n)s days: these are the last ones of it.", n=figures.MOST)
        notes.append(said)
    return Period(first, last, recent.zone)


def _day(name: str, otherwise: date) -> date:
    text = request.args.get(name, "").strip()
    if not text:
        return otherwise
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise Wrong(name, gettext("That is not a day. Write it like 2026-03-31."))
    if day < figures.EARLIEST:
        raise Wrong(name, gettext("There are no figures of so long ago."))
    return day


def _one_of(what: str, names: Names) -> int | None:
    text = request.args.get(what, "")
    if not text:
        return None
    number = int(text) if _ID.fullmatch(text) else -1
    if number not in names[what]:
        raise Wrong(what, gettext("There is no such team, person or mailbox."))
    return number


def which() -> Metric:
    """The figure whose tickets are asked for. Raises Wrong."""
    metric = METRICS.get(request.args.get("metric") or "opened")
    if metric is None:
        raise Wrong("metric", gettext("There is no such figure."))
    return metric


def page_number() -> int:
    """From 0. Raises Wrong."""
    text = request.args.get("page", "")
    if text and not _ID.fullmatch(text):
        raise Wrong("page", gettext("There is no such page."))
    return min(int(text or 0), MOST_PAGES)
