"""How mail programs announce what they quote: tests of single lines. The words stand in `phrases`.

Every test looks at the first few hundred characters of a line and needs time linear in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from inbox.mail import phrases

_SEEN = 400  # characters of a line that are looked at
_DASHES = "-_*=–—―─━~# \t\u00a0>"


def _all(words: Mapping[str, Iterable[str]]) -> frozenset[str]:
    return frozenset(word for language in words.values() for word in language)


def _choice(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_ORIGINAL = _all(phrases.ORIGINAL)
_FORWARDED = _all(phrases.FORWARDED)
_REPLY_ABOVE = tuple(_all(phrases.REPLY_ABOVE))
_KIND_OF = {word.replace("_", " "): kind for kind, words in phrases.LABELS.items() for word in words.split()}
_FORM_FIELDS = frozenset(phrases.FORM_FIELDS.split())
_FORWARD_PREFIXES = frozenset(phrases.FORWARD_PREFIXES.split())

_WROTE = re.compile(_choice(_all(phrases.WROTE)))
_DAY = _choice(day for days in phrases.DAYS.values() for day in days.split())
_OPENERS = re.compile(
    rf"(?:(?:{_choice(phrases.BEFORE_DATE.split())}|\d{{1,4}}|{_DAY})\b|\d{{4}}[年년]|(?:{_DAY})[\w-])",
    re.IGNORECASE,
)
# `On Tue, Bruno wrote:` and `Terça-feira, Bruno escreveu:`, without a figure
_BY_DAY = re.compile(
    rf"(?:(?:{_choice(phrases.BEFORE_DATE.split())})\s+)?(?:{_DAY})[\w'-]{{0,10}}[.,]?\s", re.IGNORECASE
)
_BEFORE_DATE = re.compile(rf"(?:{_choice(phrases.BEFORE_DATE.split())})\s", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][\w.'-]{0,30}")
_TIME = re.compile(r"\b\d{1,2}[:h]\d\d\b")
_DIGIT_OR_AT = re.compile(r"[\d@]")
_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WHEN = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\b\d{1,2}[:h]\d\d\b")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\b\d{1,2}[./-]\d{1,2}\b")
_CLOCK = re.compile(r"\b\d{1,2}[:.h]\d\d\b")
_MAILBOX_END = re.compile(r"<\s?[^<>\s]{1,200}@[^<>\s]{1,200}>\s?[:：]$")
_MAILBOX_WROTE = re.compile(
    rf"[^<>:.!?]{{1,60}}<[^<>\s]{{1,64}}@[^<>\s]{{1,250}}>\s?(?:{_choice(_all(phrases.WROTE))})\s?[:：]",
    re.IGNORECASE,
)
_ON_A_LINE = re.compile(r"([^\W\d_][\w ]{0,15})[*_]{0,2}\s?[:：]")
_LATE = re.compile(rf"(?:(?<=\s)|(?<=[-.!?)]))(?:{_choice(phrases.BEFORE_DATE.split())})\s", re.IGNORECASE)
_SEE_BELOW = re.compile(rf"(?<!\w)(?:{_choice(phrases.FOR_YOUR_INFORMATION)})(?!\w)", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?]\s+\S")
_CLOSERS = (":", "：", "-", "*", "_")
_MOST_LATE = 10  # places of a line where an attribution is looked for


def is_separator(text: str) -> bool:
    """A line of nothing but dashes or underscores, as Outlook draws above what it quotes."""
    return len(text) >= 3 and not text[:_SEEN].strip(_DASHES)


def is_original(text: str) -> bool:
    """`-----Original Message-----` in any of the languages: all below is history."""
    return text.strip()[:1] in _DASHES and _bare(text) in _ORIGINAL


def is_forwarded(text: str) -> bool:
    """`---------- Forwarded message ---------`: all below is what the sender wants us to read."""
    if len(text) > 150:
        return False
    bare = _bare(text)
    return bare in _FORWARDED or (
        text.lstrip().startswith("--") and any(bare.startswith(f"{mark} ") for mark in _FORWARDED)
    )


def is_reply_line(text: str) -> bool:
    """`##- Please type your reply above this line -##`: all below is history."""
    if not 10 < len(text) <= 150:
        return False
    lower = text.lower()  # a search for each phrase is much faster than one for all of them
    for phrase in _REPLY_ABOVE:  # and a loop than any(): this is asked of every line
        if phrase in lower:
            return len(text.split()) <= 14
    return False


def _bare(text: str) -> str:
    return text[:150].strip(_DASHES).rstrip(":： ").strip().lower().replace("’", "'")


# ---------------------------------------------------------------- quoted headers


def label(text: str) -> str:
    """Which field of a quoted header this line is (`from date to subject cc`), '' if none."""
    return _KIND_OF.get(_field(text), "")


def _field(text: str) -> str:
    head, colon, _ = text[:60].partition(":")
    if not colon or len(head) > 26:
        head, colon, _ = text[:60].partition("：")
    return head.strip("*_ \t\u00a0>").lower() if colon else ""


def is_header_block(lines: Sequence[str]) -> bool:
    """Whether the header of a quoted mail begins at the first of `lines`, as Outlook writes it.

    It needs sender and date, and a subject, an address, or a recipient and the time of day: `De: São Paulo /
    Para: Recife / Data: 3/5` is a journey. Above fields of a form it is the form's.
    """
    first = label(lines[0])
    if first not in ("from", "date", "subject", "to"):
        return False
    if _is_header_line(lines[0]):
        return True
    found: dict[str, str] = {}
    misses = 0
    for line in lines[:10]:
        if kind := label(line):
            found.setdefault(kind, line[:_SEEN])
        elif _field(line) in _FORM_FIELDS:
            return False
        elif line.strip() or len(found) > 2:
            misses += 1  # a folded line; a blank one after the block
        if misses > 2:
            break
    return _is_header(found) and (first != "to" or {"from", "subject"} <= found.keys())


def _is_header(found: Mapping[str, str]) -> bool:
    date = _UNSEEN.sub("", found.get("date", ""))
    if not any(char.isdigit() for char in date):
        return False
    if "from" not in found:
        return "@" in found.get("to", "") and bool(_TIME.search(date))
    if "subject" in found or "@" in found["from"] or "@" in found.get("to", ""):
        return True
    return "to" in found and bool(_TIME.search(date))


def _is_header_line(text: str) -> bool:
    """`Date: Tue, 2 Oct 2012 From: a@b.example To: …`, all on one line."""
    seen = text[:_SEEN]
    if "@" not in seen or seen.count(":") + seen.count("：") < 3:
        return False
    names = [name.split()[-1].lower() for name in _ON_A_LINE.findall(seen)]
    return {"from", "date"} <= {_KIND_OF.get(name) for name in names} and bool(_WHEN.search(seen))


# ---------------------------------------------------------------- attributions


def is_attribution(text: str) -> bool:
    """`On … wrote:` in any of the languages; `text` may be several lines joined."""
    if len(text) > _SEEN:
        return False
    bare = text.strip("- \t*_")
    if not _DIGIT_OR_AT.search(bare):
        return False
    found = _WROTE.search(bare.lower())
    if not found or not _is_closed(text, bare, found.end()):
        return False
    return opens_attribution(bare) or _names_then_dates(bare[found.end() :])


def _is_closed(text: str, bare: str, verb_end: int) -> bool:
    if bare.endswith((":", "：")) or text.rstrip().endswith("---"):
        return True
    return len(bare) <= verb_end and "@" in bare and bool(_DATE.search(bare) and _CLOCK.search(bare))


def _names_then_dates(tail: str) -> bool:
    """`Ada kirjoitti 20.5.2019 kello 10:26:`, the date behind the verb."""
    return bool(_DATE.search(tail) and _CLOCK.search(tail))


def may_close_attribution(text: str) -> bool:
    """Whether an attribution may end with this line: cheap, and true of few lines."""
    return text.rstrip()[-1:] in _CLOSERS or "@" in text


def opens_attribution(text: str) -> bool:
    """Whether an attribution may begin with this line: a preposition or weekday, a date, or a mailbox."""
    head = text[:_SEEN].strip("- \t*_")
    return bool(_OPENERS.match(head)) or _begins_with_mailbox(head)


def _begins_with_mailbox(head: str) -> bool:
    name, bracket, _ = head.partition("<")
    return bool(bracket) and "@" in head and len(name.split()) <= 7 and not _SENTENCE_END.search(name)


def begins_attribution(text: str) -> bool:
    """Whether a whole attribution stands on this line, beginning with a preposition."""
    return _BEFORE_DATE.match(text) is not None and is_sure(text) and is_attribution(text)


def is_loose_attribution(text: str) -> bool:
    """`On Tue, Bruno wrote:`, `Bruno Lima escreveu:`; counts only above a quote."""
    bare = text.strip("- \t*_")
    if len(bare) > 120 or not bare.endswith((":", "：")):
        return False
    found = _WROTE.search(bare.lower())
    if not found:
        return False
    who = bare[: found.start()].split()
    named = 0 < len(who) <= 4 and all(_NAME.fullmatch(word) and word[0].isupper() for word in who)
    return named or bool(_BY_DAY.match(bare))


def is_mailbox_line(text: str) -> bool:
    """`26.06.2014, 14:41, "Ada" <ada@example.org>:` in a language we do not know; counts only above a
    quote.
    """
    bare = text.strip()
    if len(bare) > _SEEN or "@" not in bare or not any(char.isdigit() for char in bare):
        return False
    return bare.endswith((":", "：")) or (bare.endswith(">") and bool(_OPENERS.match(bare)))


def is_dated_mailbox(text: str) -> bool:
    """`26.06.2014, 14:41, "Ada" <ada@example.org>:` with day and time: it counts wherever it stands."""
    bare = text.strip()
    return (
        len(bare) <= _SEEN
        and bool(_MAILBOX_END.search(bare))
        and bool(_OPENERS.match(bare))
        and bool(_DATE.search(bare) and _CLOCK.search(bare))
    )


def is_sure(text: str) -> bool:
    """Whether an attribution needs no quote below it: it says when, with a year or a time of day; it is drawn
    (`-----Ada wrote: -----`); or it is a mailbox and nothing else (`Ada <ada@example.org> wrote:`).
    """
    drawn = text.startswith("---") and text.rstrip().endswith("---")
    return drawn or bool(_WHEN.search(text[:_SEEN]) or _MAILBOX_WROTE.fullmatch(text[:_SEEN].strip()))


def may_attribute_late(line: str) -> bool:
    """Whether it is worth asking for `late_attribution`: the line is short enough, and holds a date."""
    return 20 < len(line) <= 1_000 and bool(_WHEN.search(line) or "@" in line) and bool(_LATE.search(line))


def late_attribution(line: str, below: Sequence[str]) -> int:
    """Where in a line an attribution begins behind an answer, 0 if none does: `Thanks! On Tue, 3 Jan 2026 at
    10:00 Ada <ada@example.org> wrote:`. `below` are the next lines, as it may be wrapped; it must hold an
    address or stand above a quote.
    """
    joined = [" ".join([line, *(text.strip() for text in below[:more])]) for more in range(len(below) + 1)]
    whole = any(is_attribution(text) for text in joined)
    for found in islice(_LATE.finditer(line), _MOST_LATE):
        before = line[: found.start()].strip()
        if not before.strip(_DASHES) or (_OPENERS.match(before) and _DATE.search(before)):
            continue
        if whole and not before.endswith((".", "!", "?", "-", "–", "—", ")")):
            continue
        for more, text in enumerate(joined):
            said = text[found.start() :]
            quoted = more < len(below) and below[more].startswith(">")
            if is_attribution(said) and is_sure(said) and ("@" in said or quoted):
                return len(line[: found.start()].rstrip("-–— "))
    return 0


# ---------------------------------------------------------------- forwards


def says_forward(subject: str) -> bool:
    """Whether the subject of a mail says that it is forwarded: `Fwd:`, `ENC:`, `WG:` …"""
    head, colon, _ = subject[:40].replace("：", ":").partition(":")
    return bool(colon) and head.strip(" [(").lower() in _FORWARD_PREFIXES


def says_see_below(text: str) -> bool:
    """Whether a few words ask to read what stands below them: `FYI`, `Segue abaixo` …"""
    words = " ".join(text.split())
    return len(words) <= 150 and _SEE_BELOW.search(words) is not None


def is_link_line(text: str) -> bool:
    """A line that is one link, broken out of a quote by a program that wraps."""
    bare = text.strip().lstrip("(<[").rstrip(">)] ")
    return bare.startswith(("http://", "https://")) and " " not in bare
