"""Dates as mails write them: RFC 5322 and its obsolete forms, ISO 8601, and what programs of all languages
put there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_MAX_CHARS = 200
_COMMENT = re.compile(r"\([^()]*\)?")
_COLON = re.compile(r"(?<=\d)\s*:\s*(?=\d)")
_TIME = re.compile(
    r"(?<![\d:.])(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?\s*([ap]\.?m\b\.?)?", re.IGNORECASE
)
_LOOSE = re.compile(
    r"\d\s*[ap]\.?m\b|(?:GMT|UTC|UT)\s*[+-]\d", re.IGNORECASE
)  # what the standard reader skips
_ZONE = re.compile(r"(?:(?:GMT|UTC|UT)\s*)?([+-])(\d{1,2}):?(\d{2})?(?!\d)")
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?=\D|$)")
_NUMBERS = re.compile(r"\b(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})\b")
_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th|º|\.)?[\s-]+(?:de\s+)?([^\W\d_]{3,})\.?[\s,-]+(?:de\s+)?(\d{2,4})\b"
)
_MONTH_DAY = re.compile(r"\b([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(?:[^\W\d_]{1,4}\s+)?(\d{4})\b")
# The first letters of each month in English, Portuguese, Spanish, French, German, Italian and Dutch.
_MONTHS = (
    ("jan", "ene", "gen", "jän"), ("feb", "fev", "fév"), ("mar", "mär", "mrt", "maa"), ("apr", "abr", "avr"),
    ("may", "mai", "mag", "mei"), ("jun", "juin", "giu"), ("jul", "juil", "lug"),
    ("aug", "ago", "aoû", "aou"), ("sep", "set"), ("oct", "out", "okt", "ott"), ("nov",),
    ("dec", "dez", "dic", "déc"),
)  # fmt: skip
_NAMED_ZONES = {
    "CET": 1, "MET": 1, "MEZ": 1, "CEST": 2, "MEST": 2, "MESZ": 2, "EET": 2, "EEST": 3, "WEST": 1, "BST": 1,
    "MSK": 3, "IST": 5.5, "SGT": 8, "HKT": 8, "AWST": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13, "BRT": -3, "BRST": -2, "ART": -3, "CLT": -4, "EST": -5, "EDT": -4, "CST": -6,
    "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_ZONE_NAME = re.compile(r"\b([A-Z]{3,4})\b")


def read(text: str) -> datetime | None:
    """The moment a Date header names, in UTC; None when no day can be read. Without a zone it is UTC."""
    text = text[:_MAX_CHARS].strip()
    for attempt in (_standard, _loose):
        try:
            if (found := attempt(text)) is not None:
                return found.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _standard(text: str) -> datetime | None:
    if not text or _ISO.match(text) or _LOOSE.search(text):
        return None
    parts = parsedate_tz(text)
    if parts is None:
        return None
    year, offset = parts[0], parts[9]
    if 100 <= year < 200:  # years since 1900, as a program counted them
        year += 1900
    if not 1970 <= year < 2200 or (not offset and _zone_said(text).utcoffset(None)):
        return None
    zone = timezone(timedelta(seconds=offset or 0))
    return datetime(year, *parts[1:5], min(parts[5], 59), tzinfo=zone)


def _loose(text: str) -> datetime | None:
    day = _day(text)
    if day is None:
        return None
    text = _COLON.sub(":", _COMMENT.sub(" ", text))
    time = _TIME.search(text)
    hour, minute, second = (int(time[1]), int(time[2]), int(time[3] or 0)) if time else (0, 0, 0)
    if time and time[4]:
        hour = hour % 12 + (12 if time[4][0] in "pP" else 0)
    if hour > 23 or minute > 59:  # no time: the day is better than nothing
        hour, minute, second = 0, 0, 0
    return datetime(*day, hour, minute, min(second, 59), tzinfo=_zone(text[time.end() :] if time else ""))


def _day(text: str) -> tuple[int, int, int] | None:
    if found := _ISO.search(text):
        return int(found[1]), int(found[2]), int(found[3])
    if (found := _DAY_MONTH.search(text)) and (month := _month(found[2])):
        return _year(found[3]), month, int(found[1])
    if (found := _MONTH_DAY.search(text)) and (month := _month(found[1])):
        return _year(found[3]), month, int(found[2])
    if found := _NUMBERS.search(text):  # the day first, unless it can only be a month
        first, second = int(found[1]), int(found[2])
        day, month = (second, first) if second > 12 else (first, second)
        return _year(found[3]), month, day
    return None


def _month(name: str) -> int:
    name = name.lower()
    return next((n for n, starts in enumerate(_MONTHS, 1) if name.startswith(starts)), 0)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + 1900 if year > 68 else year + 2000  # RFC 5322 section 4.3 says 49, POSIX 68


def _zone_said(text: str) -> timezone:
    """The zone behind the time, whatever else stands there; UTC when there is none."""
    text = _COMMENT.sub(" ", text)
    time = _TIME.search(text)
    return _zone(text[time.end() :] if time else "")


def _zone(text: str) -> timezone:
    if found := _ZONE.search(text):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
    return timezone(timedelta(hours=_named_offset(text)))


def _named_offset(text: str) -> float:
    """Hours east of Greenwich of a zone that is only named."""
    for name in _ZONE_NAME.findall(_COMMENT.sub(" ", text)):
        if name in _NAMED_ZONES:
            return _NAMED_ZONES[name]
    return 0
