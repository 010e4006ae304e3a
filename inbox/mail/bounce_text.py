"""Reports on delivery as mail systems wrote them before RFC 3464, and some still do: words for people.

qmail, Exim, Postfix, sendmail, Exchange, Microsoft 365, Gmail, Yahoo, Domino, GroupWise, Courier and others
share a shape: somewhere an opening, then a recipient a line, each with a reason on the line or below, then
what was returned. That shape is read here, line by line, in time linear in the text. The words stand in
`bounce_phrases`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from inbox.mail import bounce_phrases as phrases
from inbox.mail import limits
from inbox.mail.values import Delivery

_SAID = 20_000  # characters of a text that say what it is
_SEEN = 600  # characters of a line that are looked at
_MOST_LINES = 1_000
_REASON_LINES = 12


def _any_of(*languages: Iterable[str]) -> str:
    return "|".join(f"(?:{words})" for words in chain(*languages))


_OPENINGS = re.compile(_any_of(phrases.OPENINGS.values()), re.IGNORECASE)
_DELAYED = re.compile(_any_of(phrases.DELAYED.values()), re.IGNORECASE)
_SURELY_DELAYED = re.compile(phrases.SURELY_DELAYED, re.IGNORECASE)
_FINAL = re.compile(phrases.FINAL, re.IGNORECASE)
_RETURNED = re.compile(rf"[-\s*#=]{{0,60}}(?:{_any_of(phrases.RETURNED.values())})", re.IGNORECASE)
_ADDRESS = r"([^\s<>'\"()\[\];:,|=]{1,64}@[A-Za-z0-9\u0080-\uffff][^\s<>'\"()\[\];:,|=]{1,250})"
_AT_START = re.compile(
    rf"[\s>*•·-]{{0,40}}(?:(?:{phrases.LABELS})\s?:\s{{0,20}})?[<'\"(\[]{{0,3}}(?:smtp:|rfc822;\s?|mailto:)?{_ADDRESS}",
    re.IGNORECASE,
)
_IN_SENTENCE = re.compile(
    rf"(?:{_any_of(phrases.BEFORE_ADDRESS.values())})(?:\s|:\s?)[<'\"*]{{0,3}}{_ADDRESS}", re.IGNORECASE
)
_LIST_BEGINS = re.compile(phrases.LIST_BEGINS, re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])[45]\d\d(?=[ \-:#]|$)")
_NOT_WHOM = re.compile(r"(?:mailer-?daemon|postmaster|mail-daemon|abuse)@", re.IGNORECASE)


def read(text: str, ours: Collection[str] = (), named: Sequence[str] = ()) -> list[Delivery]:
    """Each recipient that a report in plain words names, with the reason; [] when the text is no report.

    `ours` are addresses that are never the recipient: whom the report is for. `named` are recipients that a
    header of the report names: then only the reason is looked for.
    """
    said = " ".join(text[:_SAID].split())
    if not _OPENINGS.search(said):
        return []
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    found = _recipients(lines, {address.lower() for address in ours})
    if named:
        found = {address: found.get(address, found.get(address.lower(), 0)) for address in named}
    action = "delayed" if _is_delay(said[: _SAID // 5]) else "failed"
    places = sorted(found.values())
    return [
        _delivery(address, action, lines, at, places)
        for address, at in list(found.items())[: limits.MAX_RECIPIENTS]
    ]


def _is_delay(said: str) -> bool:
    return bool(_SURELY_DELAYED.search(said) or (_DELAYED.search(said) and not _FINAL.search(said)))


def _recipients(lines: Sequence[str], ours: Collection[str]) -> dict[str, int]:
    """Addresses in the order they stand, with their lines."""
    found: dict[str, int] = {}
    listed = False
    for at, line in enumerate(lines):
        seen = line[:_SEEN]
        if not listed and _LIST_BEGINS.search(seen):  # what stood before was the letter's To
            listed, found = True, {}
        if _RETURNED.match(seen) and (found or at > 0):
            if found:
                break
            continue
        match = _AT_START.match(seen) or _IN_SENTENCE.search(seen)
        address = match[1].rstrip(".'>*") if match else ""
        if address and address.lower() not in ours and not _NOT_WHOM.match(address):
            found.setdefault(address, at)
    return found


def _delivery(address: str, action: str, lines: Sequence[str], at: int, places: Sequence[int]) -> Delivery:
    after = next((place for place in places if place > at), len(lines))
    reason = _reason(address, lines[at : min(after, at + _REASON_LINES)])
    if not _CODE.search(reason) and not _STATUS.search(reason):
        reason = _coded(lines) or reason if len(places) == 1 else reason
    status = _STATUS.search(reason)
    return Delivery(address[:320], action, status[1] if status else "", reason[:500])


def _reason(address: str, lines: Sequence[str]) -> str:
    """The rest of the recipient's line, or the paragraph below it."""
    rest = lines[0][:_SEEN].partition(address)[2].strip(" \t>)'\"]:-*")
    words = [rest] if rest else []
    for line in lines[1:]:
        text = line[:_SEEN].strip(" \t*|")
        if not text and words:
            break
        if _RETURNED.match(line[:_SEEN]):
            break
        if text:
            words.append(text)
    return " ".join(words).removeprefix("(reason: ").strip()


def _coded(lines: Sequence[str]) -> str:
    """The first line that tells an SMTP code, and what belongs to it."""
    for at, line in enumerate(lines):
        seen = line[:_SEEN]
        if _CODE.search(seen) or _STATUS.search(seen):
            return " ".join(text for one in lines[at : at + 3] if (text := one[:_SEEN].strip(" \t*<>|")))
    return ""
