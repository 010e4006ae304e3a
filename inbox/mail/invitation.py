"""Invitations (RFC 5545, 5546): what a calendar part says, as a few lines a person can read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from inbox.mail import limits
from inbox.mail.charsets import decode

_MAX_BYTES = 512 * 1024
_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"([A-Za-z-]{1,60})((?:;[^\":]*(?:\"[^\"]*\"[^\":]*)*)?):(.*)")
_ZONE = re.compile(r";TZID=\"?([^;:\"]{1,80})", re.IGNORECASE)
_COMMON_NAME = re.compile(r";CN=(?:\"(?P<quoted>[^\"]{1,200})|(?P<bare>[^;:\"]{1,200}))", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([nN,;\\])")
_KINDS = {"REPLY": "invitation_reply", "COUNTER": "invitation_reply", "CANCEL": "invitation_cancelled"}
_SHOWN = ("SUMMARY", "DTSTART", "DTEND", "LOCATION", "ORGANIZER", "DESCRIPTION")


@dataclass(frozen=True)
class Invitation:
    """A note code (invitation, invitation_reply, invitation_cancelled) and the event in plain lines."""

    note: str
    text: str


def read(data: bytes) -> Invitation | None:
    """The first event of a calendar that asks, answers or cancels; None for any other calendar."""
    method, event = _first_event(_FOLD.sub("", decode(data[:_MAX_BYTES], "utf-8")))
    if not method or method == "PUBLISH" or not event:
        return None
    return Invitation(_KINDS.get(method, "invitation"), _text(event))


def _first_event(calendar: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """The method, and the properties shown of the first event: their parameters and values."""
    method, inside = "", ""
    event: dict[str, tuple[str, str]] = {}
    for line in calendar.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        name, value = found[1].upper(), found[3]
        if name == "METHOD":
            method = value.strip().upper()
        elif name == "BEGIN" and not inside and value.strip().upper() in ("VEVENT", "VTODO"):
            inside = value.strip().upper()
        elif name in ("BEGIN", "END") and inside:
            if method and event:  # an alarm begins, or the event is over
                break
            inside = ""
        elif inside and name in _SHOWN:
            event.setdefault(name, (found[2], value))
    return method, event


def _text(event: dict[str, tuple[str, str]]) -> str:
    lines = [_said(event, "SUMMARY"), _when(event), _said(event, "LOCATION"), _organizer(event)]
    if description := _said(event, "DESCRIPTION"):
        lines += ["", description]
    return "\n".join(line for number, line in enumerate(lines) if line or number == 4)


def _said(event: dict[str, tuple[str, str]], name: str) -> str:
    value = event.get(name, ("", ""))[1]
    text = _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
    return text.strip()[: limits.MAX_TEXT_CHARS]


def _when(event: dict[str, tuple[str, str]]) -> str:
    parameters, start = event.get("DTSTART", ("", ""))
    end = event.get("DTEND", ("", ""))[1]
    zone = _ZONE.search(parameters)
    first, last = _moment(start), _moment(end)
    if first[:10] == last[:10] and len(last) > 10:
        last = last[11:]
    span = f"{first} – {last}" if last and last != first else first
    suffix = f" ({zone[1]})" if zone else " (UTC)" if start.endswith("Z") else ""
    return span + suffix if span else ""


def _moment(value: str) -> str:
    """`20261110T093000Z` as `2026-11-10 09:30`; a day alone as `2026-11-10`."""
    value = value.strip().removesuffix("Z")
    for form, shown in (("%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M"), ("%Y%m%d", "%Y-%m-%d")):
        try:
            return datetime.strptime(value, form).strftime(shown)  # noqa: DTZ007 the zone is named beside it
        except ValueError:
            continue
    return ""


def _organizer(event: dict[str, tuple[str, str]]) -> str:
    parameters, value = event.get("ORGANIZER", ("", ""))
    address = re.sub(r"(?i)^mailto:", "", value.strip())[:320]
    found = _COMMON_NAME.search(parameters)
    name = (found["quoted"] or found["bare"]) if found else ""
    return f"{name} <{address}>" if name and name != address else address
