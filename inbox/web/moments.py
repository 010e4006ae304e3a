"""Later, as people say it: *tomorrow*, *sexta 14h*, *in 2 hours*, *3 Dec 9:30*, in the agent's own zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inbox.text import fold

MORNING = time(8, 0)
PARTS_OF_DAY = {
    "morning": 8, "manha": 8, "noon": 12, "midday": 12, "meio-dia": 12, "afternoon": 13, "tarde": 13,
    "evening": 19, "night": 19, "tonight": 19, "noite": 19,
}  # fmt: skip
DAYS = {"today": 0, "tonight": 0, "hoje": 0, "tomorrow": 1, "amanha": 1}
WEEKDAYS = (
    ("monday", "segunda"), ("tuesday", "terca"), ("wednesday", "quarta"), ("thursday", "quinta"),
    ("friday", "sexta"), ("saturday", "sabado"), ("sunday", "domingo"),
)  # fmt: skip
MONTHS = (
    ("january", "janeiro"), ("february", "fevereiro"), ("march", "marco"), ("april", "abril"),
    ("may", "maio"), ("june", "junho"), ("july", "julho"), ("august", "agosto"),
    ("september", "setembro"), ("october", "outubro"), ("november", "novembro"), ("december", "dezembro"),
)  # fmt: skip
UNITS = (
    (re.compile(r"m(?:in(?:ute|uto)?s?)?"), timedelta(minutes=1)),
    (re.compile(r"h(?:(?:ou)?rs?|oras?|ours?)?"), timedelta(hours=1)),
    (re.compile(r"d(?:ays?|ias?)?"), timedelta(days=1)),
    (re.compile(r"w(?:eeks?)?|semanas?|sem"), timedelta(weeks=1)),
)

_AFTER = re.compile(r"(?:in|em|daqui a|dentro de|\+)\s*(\d{1,4}|an?|uma?)\s*([a-z]+)")
_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_NUMBERS = re.compile(r"\b(\d{1,2})[/.](\d{1,2})(?:[/.](\d{2,4}))?\b")
_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|o)?\s*(?:de\s+|of\s+)?([a-z]{3,9})\b(?:\s*(?:de\s+)?(\d{4}))?"
)
_MONTH_DAY = re.compile(r"\b([a-z]{3,9})\s+(\d{1,2})(?:st|nd|rd|th)?\b(?!\s*(?:h|:|am|pm))")
_CLOCK = re.compile(
    r"(?<![\d/.-])(?:at\s+|as\s+|a\s+)?(\d{1,2})(?:[:h](\d{2})|\s*h(?:rs?|oras?)?)?\s*(am|pm)?\b(?![/.-]\d)"
)


def presets(now: datetime, zone: ZoneInfo) -> list[tuple[str, datetime]]:
    """What one picks most, by name: ``later``, ``tomorrow``, ``monday``; those that mean something now."""
    local = now.astimezone(zone)
    in_three = (local + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    tomorrow, monday = local.date() + timedelta(days=1), _next(local.date(), 0)
    found = [("later", in_three)] if in_three.date() == local.date() else []
    found.append(("tomorrow", _at(tomorrow, MORNING, zone)))
    if monday != tomorrow:
        found.append(("monday", _at(monday, MORNING, zone)))
    return found


def parse(typed: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment somebody means, always to come; None where that cannot be told."""
    text, local = fold(typed).strip()[:100], now.astimezone(zone).replace(second=0, microsecond=0)
    if not text:
        return None
    if after := _AFTER.fullmatch(text):
        return _after(local, after[1], after[2])
    day, rest = _day(text, local.date())
    clock, rest = _clock(rest)
    if rest or (day is None and clock is None):
        return None
    moment = _at(day or local.date(), clock or MORNING, zone)
    if moment <= local and day is None:
        moment = _at(local.date() + timedelta(days=1), clock or MORNING, zone)
    return moment if moment > local else None


def _after(local: datetime, amount: str, unit: str) -> datetime | None:
    count = int(amount) if amount.isdigit() else 1
    step = next((step for pattern, step in UNITS if pattern.fullmatch(unit)), None)
    if step is None:
        return None
    if step >= timedelta(days=1):  # the same time of day, also where the clocks change in between
        return local + step * count
    return (local.astimezone(ZoneInfo("UTC")) + step * count).astimezone(local.tzinfo)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone)


def _next(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _day(text: str, today: date) -> tuple[date | None, str]:
    """The day it names, and what else it says."""
    for phrase in ("day after tomorrow", "depois de amanha"):
        if phrase in text:
            return today + timedelta(days=2), text.replace(phrase, " ")
    for pattern, read in (
        (_ISO, _iso),
        (_NUMBERS, _numbers),
        (_DAY_MONTH, _day_month),
        (_MONTH_DAY, _month_day),
    ):
        found = pattern.search(text)
        day = read(found, today) if found else None
        if found and day:
            return day, f"{text[: found.start()]} {text[found.end() :]}"
    for word in re.findall(r"[a-z]+", text):
        if word in DAYS:
            kept = word if word in PARTS_OF_DAY else " "
            return today + timedelta(days=DAYS[word]), text.replace(word, kept, 1)
        if (weekday := _named(word, WEEKDAYS)) is not None:
            return _next(today, weekday), re.sub(
                rf"(?:next\s+|on\s+|proxim[ao]\s+|n[ao]\s+)?{word}(?:-feira)?", " ", text
            )
    return None, text


def _named(word: str, names: tuple[tuple[str, str], ...]) -> int | None:
    """Which of them is meant by a name, or by its first three letters and more."""
    if len(word) < 3:
        return None
    return next((n for n, both in enumerate(names) if any(name.startswith(word) for name in both)), None)


def _iso(found: re.Match[str], _today: date) -> date | None:
    return _date(int(found[1]), int(found[2]), int(found[3]))


def _numbers(found: re.Match[str], today: date) -> date | None:
    """Day before month, as both our languages write it."""
    if found[3]:
        year = int(found[3])
        return _date(year if year > 99 else 2000 + year, int(found[2]), int(found[1]))
    return _coming(today, int(found[2]), int(found[1]))


def _day_month(found: re.Match[str], today: date) -> date | None:
    month = _named(found[2], MONTHS)
    if month is None:
        return None
    return (
        _date(int(found[3]), month + 1, int(found[1]))
        if found[3]
        else _coming(today, month + 1, int(found[1]))
    )


def _month_day(found: re.Match[str], today: date) -> date | None:
    month = _named(found[1], MONTHS)
    return None if month is None else _coming(today, month + 1, int(found[2]))


def _coming(today: date, month: int, day: int) -> date | None:
    this_year = _date(today.year, month, day)
    return this_year if this_year and this_year >= today else _date(today.year + 1, month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock(text: str) -> tuple[time | None, str]:
    """The time of day it names, and what is left that nobody understood."""
    for word, hour in PARTS_OF_DAY.items():
        if re.search(rf"\b{word}\b", text) and not _CLOCK.search(text):
            return time(hour), _rest(re.sub(rf"(?:in the |de |da |a |ao )?\b{word}\b", " ", text))
    found = _CLOCK.search(text)
    if not found:
        return None, _rest(text)
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if found[3] == "pm" else 0)
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    if hour < 12 and not found[3] and re.search(r"\b(afternoon|tarde|evening|night|noite)\b", rest):
        hour += 12
    rest = re.sub(rf"\b({'|'.join(PARTS_OF_DAY)})\b", " ", rest)
    return (time(hour, minute), _rest(rest)) if hour < 24 and minute < 60 else (None, "?")


def _rest(text: str) -> str:
    return re.sub(r"\b(at|on|in|the|as|a|o|da|de|em|no|na|next|do|dia)\b|[\s,.]", "", text)
