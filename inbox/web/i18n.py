"""Language and time: the agent's, or what a visitor's browser asks for."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal
from flask import Flask, g, request, session
from flask_babel import Babel

from inbox.config import ROOT
from inbox.db import now

AREAS = ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"]
LANGUAGES = {"en": "English", "pt-BR": "Português (Brasil)"}


def language() -> str:
    """``en`` or ``pt-BR``: the agent's; before sign-in what was asked for, chosen before, or preferred."""
    if g.get("me"):
        return g.me.language if g.me.language in LANGUAGES else "en"
    asked = request.args.get("lang")
    if asked in LANGUAGES and session.get("lang") != asked:
        session["lang"] = asked
    return session.get("lang") or request.accept_languages.best_match(list(LANGUAGES), "en") or "en"


def zone() -> ZoneInfo:
    from inbox.web.current import installation

    return _zone(g.me.zone if g.get("me") else installation().zone)


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
    return Locale.parse("pt_BR" if language() == "pt-BR" else "en_GB")


def moment(at: datetime | None) -> str:
    """As short as a list needs: 10:41, Mon, 2 Oct, 2 Oct 2024."""
    if at is None:
        return ""
    local, today = at.astimezone(zone()), now().astimezone(zone()).date()
    if local.date() == today:
        return format_time(local, "HH:mm", locale=figures(), tzinfo=zone())
    if timedelta(0) < today - local.date() < timedelta(days=7):
        return format_date(local.date(), "EEE", locale=figures()).rstrip(".")
    skeleton = "MMMd" if local.year == today.year else "yMMMd"
    return format_skeleton(skeleton, local, tzinfo=zone(), locale=figures())


def full(at: datetime | None) -> str:
    """Nothing left to guess: Friday, 2 October 2026, 10:41."""
    if at is None:
        return ""
    local = at.astimezone(zone())
    day = format_date(local.date(), "full", locale=figures())
    return f"{day}, {format_time(local, 'HH:mm', locale=figures(), tzinfo=zone())}"


def weekday(at: datetime) -> str:
    """Mon"""
    return format_date(at.astimezone(zone()).date(), "EEE", locale=figures()).rstrip(".")


def iso(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def clock(at: datetime | None) -> str:
    """The time of day, with the day where it is not today."""
    if at is None:
        return ""
    time = format_time(at.astimezone(zone()), "HH:mm", locale=figures(), tzinfo=zone())
    day = moment(at)
    return time if day == time else f"{day}, {time}"


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


def init(app: Flask) -> None:
    Babel(
        app,
        default_translation_directories=str(ROOT / "translations"),
        locale_selector=_locale,
        timezone_selector=lambda: zone().key,
    )
    filters = {"moment": moment, "datetime": full, "iso": iso, "clock": clock, "filesize": filesize}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(languages=LANGUAGES)
