"""Automatic answers told by their words, where no header says what they are: absence, receipts, new tickets.

A person writes of absence too: *I will be out of office next week, can you deliver Monday?* So a subject
counts only when it is nothing but a program's, and a body only when it says two things that such notices say,
early, and asks nothing. The words stand in `away_phrases`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from inbox.mail import away_phrases as phrases

_EARLY = 500  # characters in which a notice says what it is
_LONGEST = 2_000  # of a notice


def _any_of(languages: Mapping[str, str]) -> str:
    return "|".join(f"(?:{words})" for words in languages.values())


_BY_SUBJECT = re.compile(
    rf"[\[(*\s]{{0,3}}(?:{_any_of(phrases.SUBJECTS)})(?:\]|[)*!.\s]{{0,3}}(?:$|[:：]|[-–—|]\s))",
    re.IGNORECASE,
)
_IS_ABSENT = re.compile(rf"(?<![a-zà-ÿ])(?:{_any_of(phrases.ABSENT)})")
_SAYS_BESIDES = re.compile(_any_of(phrases.BESIDES))
_SAYS_MACHINE = re.compile(rf"(?:^|[.!:\n*]\s{{0,4}})(?:{_any_of(phrases.MACHINE)})")
_RECEIVED = re.compile(phrases.RECEIVED)
_NUMBERED = re.compile(phrases.NUMBERED)
_PROMISED = re.compile(phrases.PROMISED)
_RECEIPT_SUBJECT = re.compile(phrases.RECEIPT_SUBJECT)
_RECEIPT = re.compile(phrases.RECEIPT)
_NOREPLY = re.compile(phrases.NOREPLY)


def by_subject(subject: str) -> bool:
    """Whether a subject is one that only a program writes: `Automatic reply: …`, `Abwesenheitsnotiz`."""
    return "?" not in subject and _BY_SUBJECT.match(subject[:200].lower().strip()) is not None


def by_text(subject: str, text: str) -> bool:
    """Whether the beginning of a text is a program's answer: a notice of absence, a receipt, a new ticket."""
    subject = subject[:200].lower()
    text = text[: _LONGEST + 1].lower()
    early = text[:_EARLY].replace("’", "'")
    if _RECEIPT_SUBJECT.match(subject) and _RECEIPT.search(early):
        return True
    if "?" in text or "？" in text or len(text) > _LONGEST:
        return False
    if _SAYS_MACHINE.search(early):
        return True
    if _IS_ABSENT.search(" ".join(early.split())) and _SAYS_BESIDES.search(" ".join(text.split())):
        return True
    said = f"{early} {subject}"
    return all(sign.search(said) for sign in (_RECEIVED, _NUMBERED, _PROMISED))


def is_noreply(address: str) -> bool:
    """Whether nobody reads what is sent to an address, by its name."""
    return _NOREPLY.match(address.lower()) is not None
