"""Who first wrote what somebody forwards to us, so that an agent can make him the customer. Never trusted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inbox.mail import headers, markers
from inbox.mail.addresses import address_list
from inbox.mail.lines import to_text
from inbox.mail.mime import Part
from inbox.mail.values import Address, Unreadable

_MOST_LINES = 2_000  # looked at
_BLOCK_LINES = 14  # of a quoted header
_MAILTO = re.compile(r"\[mailto:\s*([^\]\s]{3,320})\s*\]|<mailto:[^>]{0,320}>", re.IGNORECASE)
_INNER = ("message/rfc822", "message/global")


def sender(text: str, html: str, root: Part) -> Address | None:
    """The author of a forwarded mail; None when nothing is forwarded, or nobody is named with an address.

    A mail attached as `message/rfc822` names him in its From, several only if they agree. In the text he is
    named below a program's mark (`---------- Forwarded message ---------`), or in a quoted header as Outlook
    writes it if the subject says `Fwd:`, `ENC:`, `WG:` or the few words above say `FYI`. The quoted header of
    an answer names nobody: he is in the conversation already.
    """
    return _attached(root) or _inline(text or to_text(html), root.headers.text("Subject"))


def _attached(root: Part) -> Address | None:
    if root.content_type == "multipart/report":
        return None
    inner = [part for part in _parts(root) if part.content_type in _INNER]
    found = {person.address.lower(): person for part in inner[:20] if (person := _author(part))}
    return next(iter(found.values())) if len(found) == 1 else None


def _parts(part: Part) -> list[Part]:
    """The part and its parts down to attached mails, whose own parts are not ours to look at."""
    found, todo = [], [part]
    while todo:
        part = todo.pop()
        found.append(part)
        if part.content_type not in (*_INNER, "multipart/report"):
            todo.extend(reversed(part.children))
    return found


def _author(part: Part) -> Address | None:
    return _address(headers.split(part.content())[0].plain("From"))


def _inline(text: str, subject: str) -> Address | None:
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    by_subject = markers.says_forward(subject)
    for at, line in enumerate(lines):
        if line.startswith(">"):
            continue
        if markers.is_forwarded(line):
            return _named(_bare(lines[at + 1 : at + 1 + _BLOCK_LINES]))
        if markers.is_attribution(line) and not by_subject:
            return None  # from here on it is quoted
        if markers.label(line) and markers.is_header_block(lines[at : at + 10]):
            asked = by_subject or markers.says_see_below(" ".join(lines[max(0, at - 12) : at]))
            return _named(lines[at : at + _BLOCK_LINES]) if asked else None
    return None


def _bare(lines: Sequence[str]) -> list[str]:
    """The lines without `>` marks: Apple's programs quote what they forward."""
    return [line.lstrip("> ") for line in lines]


def _named(lines: Sequence[str]) -> Address | None:
    """The sender in a quoted header: his line, and the next one where a program broke it."""
    for at, line in enumerate(lines):
        if markers.label(line) == "from":
            below = lines[at + 1] if at + 1 < len(lines) and not markers.label(lines[at + 1]) else ""
            value = _value(line)
            return _address(value) or _address(f"{value} {below.strip()}")
    return None


def _value(line: str) -> str:
    mark = min((place for place in (line.find(":"), line.find("：")) if place >= 0), default=-1)
    return line[mark + 1 :].strip(" *_\t\u00a0")


def _address(value: str) -> Address | None:
    value = _MAILTO.sub(lambda found: f"<{found[1]}>" if found[1] else "", value[:1_000])
    try:
        people = address_list(value.replace("*", ""))
    except Unreadable:
        return None
    return next((person for person in people if person.address), None)
