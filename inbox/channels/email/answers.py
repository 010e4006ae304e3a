"""What a mail server's answer means for the message and for the account (RFC 5321, 4.2; RFC 3463).

Three things look alike and are not: *this recipient* cannot be reached (told, the others get it), *this
message* is refused or must come again (greylisting), and *we* are too fast (the whole account waits).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from inbox.channels import N_, SendError, TooLarge

PAUSE = 300.0
"""Seconds a provider is left alone that said we are too fast, and not for how long."""

LONGEST_PAUSE = 3600.0

REFUSED = N_("Refused for %(detail)s")
SAID = N_("The mail server said: %(detail)s")
TOO_FAST = N_("It waits: the mail server wants no more for now (%(detail)s)")
TOO_LARGE = N_("It is larger than the mail server takes (%(detail)s): send the files in several mails.")

_STATUS = re.compile(r"\b[245]\.(\d{1,3}\.\d{1,3})\b")
_TOO_FAST = re.compile(
    r"too many (?:[\w-]+ ){0,3}?"
    r"(?:e-?mails|messages|connections|sessions|requests|logins?|attempts|deliveries)|"
    r"too (?:fast|quickly|much mail)|throttl|\brates?\b|ratelimit|"
    r"(?:sending|send|message|mail|hourly|daily|recipient)s? (?:limit|quota)|(?:per|an|each) hour|per day",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"quota|limit (?:was |has been |is )?(?:exceeded|reached)", re.IGNORECASE)
"""Ours; or a mailbox's, where it is said of one recipient, or a mail's own."""

_GREYLISTED = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
_TOO_LARGE = re.compile(r"\bsize\b|too (?:large|big)|message length", re.IGNORECASE)
_ASKED = re.compile(r"\b(?:in|after|wait|for) (\d{1,5}) ?(s|m|h)", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600}

_MAILBOX = ("1.", "2.1", "2.2")
"""Statuses that speak of one recipient's mailbox: it is full, or gets too much, and we do nothing wrong."""


def said(code: int, text: bytes | str) -> str:
    """``550 5.1.1 no such user``, on one line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {words}".split())[:200]


def refusal(code: int, text: bytes | str, *, of_one: bool = False) -> SendError:
    """Why the server did not take it; ``of_one`` where it had been told a recipient, or the whole mail."""
    reply = said(code, text)
    if (pause := pause_in(code, reply, of_one=of_one)) is not None:
        return SendError(TOO_FAST, reply, pause=pause)
    if is_too_large(code, reply):
        return TooLarge(TOO_LARGE, reply)
    return SendError(SAID, reply, permanent=code >= 500)


def of_recipients(refused: Mapping[str, tuple[int, bytes]]) -> SendError:
    """Why it was taken for nobody: permanent only if nobody may take it another time."""
    for code, text in refused.values():
        problem = refusal(code, text, of_one=True)
        if problem.pause is not None or isinstance(problem, TooLarge):
            return problem
    return SendError(REFUSED, each(by_address(refused)), permanent=not later(refused))


def by_address(refused: Mapping[str, tuple[int, bytes]]) -> dict[str, str]:
    """``{"rui@else.example": "550 no such user"}``"""
    return {address: said(*answer) for address, answer in refused.items()}


def each(refused: Mapping[str, str]) -> str:
    """``rui@else.example: 550 no such user; …``"""
    return "; ".join(f"{address}: {answer}" for address, answer in refused.items())


def later(refused: Mapping[str, tuple[int, bytes]]) -> tuple[str, ...]:
    """Who was refused only for now."""
    return tuple(address for address, (code, _text) in refused.items() if code < 500)


def pause_in(code: int, reply: str, *, of_one: bool = False) -> float | None:
    """For how long the whole account is to be silent, in seconds; None where it is not about our pace.

    Providers say so with 421 or 45x and 4.7.x (RFC 3463), with words, or (a daily limit) with a 5xx. Of one
    recipient or one mail only words that can mean nothing else count: else it would hold up all the others
    for as long as it is refused.
    """
    status = found[1] if (found := _STATUS.search(reply)) else ""
    if code < 400 or _GREYLISTED.search(reply) or is_too_large(code, reply):
        return None
    if status.startswith(_MAILBOX) and status != "1.90":  # Microsoft's number for a daily limit
        return None
    of_us = not of_one and (_LIMIT.search(reply) or (code < 500 and status.startswith("7.")))
    if not of_us and not _TOO_FAST.search(reply):
        return None
    asked = _ASKED.search(reply)
    seconds = int(asked[1]) * _SECONDS[asked[2].lower()] if asked else PAUSE
    return float(min(max(seconds, 30), LONGEST_PAUSE))


def is_too_large(code: int, reply: str) -> bool:
    """Whether the size is what it does not like (RFC 1870, 6.1), and not that a mailbox is full."""
    status = found[1] if (found := _STATUS.search(reply)) else ""
    if status in ("3.4", "2.3"):
        return True
    return code in (552, 554, 523) and status not in ("2.2",) and bool(_TOO_LARGE.search(reply))
