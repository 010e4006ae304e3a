"""What a customer wrote told from what we wrote ourselves, by comparison with the texts we sent.

It is asked when no mark of a program told them apart, and it is careful: only a stretch that holds most of
one of our texts, and more than a sentence, counts; a customer who repeats a sentence of ours keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inbox.mail import markers

_SHINGLE = 5  # words in a row
_MOST_WORDS = 50_000  # of one text
_MOST_LINES = 20_000
_MOST_TEXTS = 50  # of ours, the newest
_LEAST_WORDS = 20  # in a stretch that counts
_MOST = 0.6  # of one of our texts, in a stretch that counts where it ends the mail
_WHOLE = 0.95  # where an answer stands below it: the rest of ours may stand below that
_LEAST_OF_LINE = 0.8  # of the words of a line
_HEADER_LINES = 8
_WORD = re.compile(r"\w+")


def without_ours(text: str, ours: Sequence[str]) -> tuple[str, str]:
    """(what is new, what we wrote ourselves), each in the order it was written.

    `ours` are texts we sent in this conversation, newest first. Where we are quoted piece by piece, with
    answers between, the pieces are needed to read the answers: then all stays, as it does when nothing new
    would be left. Linear in the sizes of both.
    """
    lines = text.split("\n")
    shares = [share for said in ours[:_MOST_TEXTS] if (share := _Share(said)).shingles]
    stretches = _stretches(lines, shares) if shares else []
    if not stretches:
        return text, ""
    last = stretches[-1]
    answered = any(_WORD.search(line) for line in lines[last.stop :])
    if not last.counts(shares, _WHOLE if answered else _MOST):
        return text, ""
    start, stop = _with_header(lines, last.start), last.stop
    new = [*lines[:start], *lines[stop:]]
    if not any(_WORD.search(line) for line in new):
        return text, ""
    return "\n".join(new).strip("\n").rstrip(), "\n".join(lines[start:stop]).strip("\n").rstrip()


class _Share:
    """One of our texts as its shingles."""

    def __init__(self, text: str) -> None:
        self.shingles = frozenset(_shingles(_words(text)))


@dataclass(slots=True)
class _Stretch:
    """Lines that follow each other and are ours, `stop` being the line after the last."""

    start: int
    stop: int
    words: int = 0
    shingles: set[int] = field(default_factory=set)

    def counts(self, shares: Sequence[_Share], part: float) -> bool:
        """Whether it holds at least such a part of one of our texts, and more than a sentence of it."""
        if self.words < _LEAST_WORDS:
            return False
        return any(len(share.shingles & self.shingles) >= part * len(share.shingles) for share in shares)


def _words(text: str) -> list[str]:
    return _WORD.findall(text[: _MOST_WORDS * 10].casefold())[:_MOST_WORDS]


def _shingles(words: Sequence[str]) -> list[int]:
    return [hash(tuple(words[at : at + _SHINGLE])) for at in range(len(words) - _SHINGLE + 1)]


def _stretches(lines: Sequence[str], shares: Sequence[_Share]) -> list[_Stretch]:
    found: list[_Stretch] = []
    apart = True  # somebody else's line stands between
    for at, (words, ours, shingles) in enumerate(_by_line(lines, shares)):
        if words and ours < _LEAST_OF_LINE * words:
            apart = True
        elif words:
            if apart:
                found.append(_Stretch(at, at))
            apart = False
            found[-1].stop = at + 1
            found[-1].words += words
            found[-1].shingles |= shingles
    return found


def _by_line(lines: Sequence[str], shares: Sequence[_Share]) -> Iterator[tuple[int, int, set[int]]]:
    """For each line its number of words, how many of them are ours, and our shingles that begin in it."""
    split = [_words(line) for line in lines[:_MOST_LINES]]
    shingles = _shingles([word for words in split for word in words][:_MOST_WORDS])
    known = frozenset[int]().union(*(share.shingles for share in shares))
    ours = [False] * sum(map(len, split))
    for at, shingle in enumerate(shingles):
        if shingle in known:
            ours[at : at + _SHINGLE] = [True] * _SHINGLE
    at = 0
    for words in split:
        end = at + len(words)
        yield len(words), sum(ours[at:end]), set(known.intersection(shingles[at:end]))
        at = end


def _with_header(lines: Sequence[str], start: int) -> int:
    """The stretch moved up over the header that a program wrote above it."""
    top = at = start
    while at and start - at < _HEADER_LINES:
        at -= 1
        text = lines[at].strip()
        dated = text.endswith((":", "：")) and any(char.isdigit() or char == "@" for char in text)
        if dated or markers.label(text) or markers.is_separator(text):
            top = at
        elif text:
            break
    return top
