"""Language and time: the agent's, or what a visitor's browser asks for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal
from flask import Flask, g, request, session
from flask_babel import Babel, get_locale, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from inbox.config import ROOT
from inbox.db import now

AREAS = ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"]
LANGUAGES = {"en": "English", "pt-BR": "Português (Brasil)"}


def language() -> str:
    """``en`` or ``pt-BR``: the agent's; before sign-in what was asked for, chosen before, or preferred."""
    if me := g.get("me"):
        return me.language if me.language in LANGUAGES else "en"
    asked = request.args.get("lang")
    if asked in LANGUAGES and session.get("lang") != asked:
        session["lang"] = asked
    return session.get("lang") or request.accept_languages.best_match(list(LANGUAGES), "en") or "en"


def zone() -> ZoneInfo:
    from inbox.web.current import installation

    me = g.get("me")
    return _zone(me.zone if me else installation().zone)


def company_zone() -> ZoneInfo:
    """Where the company's days begin and end, whoever looks."""
    from inbox.web.current import installation

    return _zone(installation().zone)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a name that was once right, or never
        return ZoneInfo("UTC")


def _locale() -> str:
    """For translations. Figures and dates take British English: 2 Oct, 10:41."""
    return language().replace("-", "_")


def figures() -> Locale:
    return _figures(language())


@cache
def _figures(spoken: str) -> Locale:
    return Locale.parse("pt_BR" if spoken == "pt-BR" else "en_GB")


def moment(at: datetime | None) -> str:
    """As short as a list needs: 10:41, Mon, 2 Oct, 2 Oct 2024."""
    if at is None:
        return ""
    here = zone()
    local, today = at.astimezone(here), now().astimezone(here).date()
    return f"{local:%H:%M}" if local.date() == today else _near(local.date(), today, language())


# A page names the same few days many times.


@lru_cache(maxsize=4096)
def _near(day: date, today: date, spoken: str) -> str:
    if timedelta(0) < today - day < timedelta(days=7):
        return format_date(day, "EEE", locale=_figures(spoken)).rstrip(".")
    skeleton = "MMMd" if day.year == today.year else "yMMMd"
    return format_skeleton(skeleton, datetime.combine(day, time()), locale=_figures(spoken))


@lru_cache(maxsize=4096)
def _named(day: date, spoken: str) -> str:
    return format_date(day, "full", locale=_figures(spoken))


def full(at: datetime | None) -> str:
    """Nothing left to guess: Friday, 2 October 2026, 10:41."""
    if at is None:
        return ""
    local = at.astimezone(zone())
    return f"{_named(local.date(), language())}, {local:%H:%M}"


def weekday(at: datetime) -> str:
    """Mon"""
    return format_date(at.astimezone(zone()).date(), "EEE", locale=figures()).rstrip(".")


def iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def clock(at: datetime | None) -> str:
    """The time of day, with the day where it is not today."""
    if at is None:
        return ""
    hour, day = f"{at.astimezone(zone()):%H:%M}", moment(at)
    return hour if day == hour else f"{day}, {hour}"


def filesize(size: int | None) -> str:
    amount = float(size or 0)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, {"B": "KB", "KB": "MB", "MB": "GB"}[unit]
    digits = "#,##0" if unit in ("B", "KB") or amount >= 100 else "#,##0.#"
    return f"{format_decimal(amount, format=digits, locale=figures())}\u00a0{unit}"


@cache
def zones() -> tuple[str, ...]:
    """Names people know: one of a continent and a city."""
    return ("UTC", *sorted(name for name in available_timezones() if name.split("/")[0] in AREAS))


def zone_choices() -> tuple[tuple[str, str], ...]:
    """Each with its distance from UTC now, which is what people compare."""
    return _choices_in(now().replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=1)
def _choices_in(hour: datetime) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"{name.replace('_', ' ')} ({_offset(hour, name)})") for name in zones())


def _offset(at: datetime, name: str) -> str:
    minutes = round((at.astimezone(ZoneInfo(name)).utcoffset() or timedelta()).total_seconds() / 60)
    sign = "+" if minutes >= 0 else "\u2212"
    return f"UTC{sign}{abs(minutes) // 60}" + (f":{abs(minutes) % 60:02}" if minutes % 60 else "")


@pass_eval_context
def said(context: EvalContext, sentence: str, /, **values: Any) -> str:
    """``_()`` of the templates, which say some two thousand sentences a page: each is looked up once."""
    spoken = get_locale()
    named = spoken.language if spoken else ""
    if values or not context.autoescape:
        found = _sentence(named, str(sentence))
        return (found if context.autoescape else str(found)) % values
    return _whole(named, str(sentence))


@lru_cache(maxsize=8192)
def _whole(spoken: str, sentence: str) -> Markup:
    return _sentence(spoken, sentence) % {}


@lru_cache(maxsize=8192)
def _sentence(_spoken: str, sentence: str) -> Markup:
    """In the language of this moment, which the caller names so that it is kept by it."""
    return Markup(get_translations().ugettext(sentence))  # noqa: S704 (a catalogue's, as Jinja's own)


def init(app: Flask) -> None:
    Babel(
        app,
        default_translation_directories=str(ROOT / "translations"),
        locale_selector=_locale,
        timezone_selector=lambda: zone().key,
    )
    filters = {"moment": moment, "datetime": full, "iso": iso, "clock": clock, "filesize": filesize}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(languages=LANGUAGES, _=said, gettext=said)
