"""Figures as people read them: values, spans of time, and what changed since the period before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_babel import format_date, format_decimal, format_percent, gettext, ngettext

from inbox.db import now
from inbox.figures import Figure, Metric, Period


def shown(metric: Metric, value: float | Figure | None) -> str:
    """A value as people read it; a dash for nothing."""
    value = value.value if isinstance(value, Figure) else value
    if value is None:
        return "–"
    if metric.unit == "seconds":
        return duration(value)
    if metric.unit == "share":
        return str(format_percent(value))
    return str(format_decimal(value, "0.0" if metric.unit == "score" else "#,##0"))


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``2 h 05 min``, ``3 d 4 h``: the two largest units that say something."""
    total = int(seconds + 0.5)
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if not minutes:
        parts = [(total, "s")]
    elif not hours:
        parts = [(minutes, "min")]
    elif not days:
        parts = [(hours, "h"), (minutes % 60, "min")]
    else:
        parts = [(days, "d"), (hours % 24, "h")]
    first, *rest = parts
    later = [f"{n:02}\u00a0{unit}" if unit == "min" else f"{n}\u00a0{unit}" for n, unit in rest if n]
    return "\u00a0".join([f"{format_decimal(first[0])}\u00a0{first[1]}", *later])


def day_of(day: date) -> str:
    return str(format_date(day, "EEE d MMM y" if day.year != now().year else "EEE d MMM"))


def period_words(period: Period) -> str:
    if len(period) == 1:
        return str(format_date(period.first, "full"))
    first, last = format_date(period.first, "d MMM y"), format_date(period.last, "d MMM y")
    return gettext("%(first)s to %(last)s", first=first, last=last)


@dataclass(frozen=True, slots=True)
class Change:
    """Against the period before: in words, with an arrow, and whether that is good."""

    words: str
    arrow: str = ""
    tone: str = ""


def change(metric: Metric, after: Figure, before: Figure) -> Change:
    if before.value == after.value:
        return Change(gettext("as before"))
    if before.value is None or (metric.unit == "count" and not before.value):
        return Change(gettext("none before"))
    if after.value is None:
        return Change(gettext("before: %(value)s", value=shown(metric, before)))
    words = _difference(metric, after.value, before.value)
    if not words:
        return Change(gettext("as before"))
    more = after.value > before.value
    tone = "" if not metric.better else "ok" if more == (metric.better == "more") else "risk"
    return Change(words, "up" if more else "down", tone)


def _difference(metric: Metric, after: float, before: float) -> str:
    """Empty where it is too small to be read."""
    more = after > before
    if metric.unit == "share":
        points = abs(round(100 * after) - round(100 * before))
        sentence = (
            ngettext("%(num)s point more", "%(num)s points more", points)
            if more
            else ngettext("%(num)s point less", "%(num)s points less", points)
        )
        return sentence if points else ""
    if metric.unit == "score":
        by = abs(round(after, 1) - round(before, 1))
        amount = str(format_decimal(by, "0.0"))
        return "" if by < 0.05 else _more(amount) if more else _less(amount)
    by = abs(after - before) / before if before else 1.0
    amount = str(format_percent(by))
    if round(100 * by) == 0:
        return ""
    if metric.unit == "seconds":
        return gettext("%(by)s slower", by=amount) if more else gettext("%(by)s faster", by=amount)
    return _more(amount) if more else _less(amount)


def _more(amount: str) -> str:
    return gettext("%(by)s more", by=amount)


def _less(amount: str) -> str:
    return gettext("%(by)s less", by=amount)
