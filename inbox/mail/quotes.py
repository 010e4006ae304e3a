"""New text told from history and signature. Nothing is dropped: every line ends on one side or the other.

`decide` works on lines, wherever they come from: `split` cuts plain text, `quotes_html` cuts HTML with the
same rules. In doubt a line is new text: showing history twice is a nuisance, hiding what a customer wrote is
a fault.

Where the authors of such rules disagree, this is ours:

* a signature is folded with the history, above a quote as well as at the end, where a program marks it: the
  line `-- `, an element of the HTML, `Sent from my iPhone`, the footer of a list, a lawyer's notice.
  Greetings and names are part of the letter;
* answers between quotes keep the quotes they answer;
* what is forwarded is news, with all it quotes;
* a mail that would be left with nothing stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from inbox.mail import markers, signatures
from inbox.mail.ours import without_ours

__all__ = ["Line", "decide", "split", "without_ours"]

_MAX_LINES = 20_000  # looked at; the rest goes where the last of them went
_MOST_LATE = 100  # lines that are looked at for an attribution behind an answer
_ATTRIBUTION_LINES = 4
_SIGNATURE_LINES = 15
_SIGNATURE_CHARS = 1_500
_NOTICE_LINES = 40  # of a legal notice
_LONGEST_WRAPPED = 120  # characters of a line that a program has broken
_WRAPPED = 55  # and the least


@dataclass(slots=True)
class Line:
    """One line as the rules see it."""

    text: str  # without its `>` marks
    depth: int = 0  # how often it is quoted, by `>` or by structure
    weak: bool = False  # quoted by a bare <blockquote>, which people also use for emphasis
    cut: bool = False  # a mail program says: from here on it is history
    attribution: bool = False  # a mail program says: this names whom I quote
    signature: bool = False  # a mail program says: this is the signature


@dataclass(slots=True)
class _Run:
    """A stretch of quoted lines with the attribution above it."""

    start: int
    stop: int
    attributed: bool


def split(text: str, forward: bool = False) -> tuple[str, str]:
    """(what is new, what is quoted or signature), each in the order it was written.

    `forward` says that the mail's subject calls it forwarded: then a quoted header opens what is news.
    """
    raw = text.replace("\r\n", "\n").split("\n")
    broken, at = _broken(raw)
    quoted = decide([_line(line) for line in broken], forward)
    if at and quoted[at - 1] == quoted[at]:  # nothing was cut there
        del quoted[at]
    else:
        raw = broken
    reply = "\n".join(line for line, old in zip(raw, quoted, strict=True) if not old)
    history = "\n".join(line for line, old in zip(raw, quoted, strict=True) if old)
    return reply.strip("\n").rstrip(), history.strip("\n").rstrip()


def _broken(raw: list[str]) -> tuple[list[str], int]:
    """The lines, the first that holds both an answer and an attribution broken in two, and where that is."""
    left = _MOST_LATE
    for at, line in enumerate(raw[:_MAX_LINES]):
        if line.startswith(">") or not markers.may_attribute_late(line):
            continue
        if where := markers.late_attribution(line, raw[at + 1 : at + 3]):
            return [*raw[:at], line[:where].rstrip(), line[where:].lstrip(), *raw[at + 1 :]], at + 1
        left -= 1
        if not left:
            break
    return raw, 0


def _line(raw: str) -> Line:
    rest = raw.lstrip("> ") if raw.startswith((">", " >")) else raw
    marks = raw[: len(raw) - len(rest)].count(">")
    return Line(rest.strip() if marks else raw.rstrip("\r"), depth=marks)


def decide(lines: Sequence[Line], forward: bool = False) -> list[bool]:
    """For each line whether it is history or signature. All False when nothing new would be left."""
    seen = lines[:_MAX_LINES]
    quoted = _history(seen, forward)
    if not _has_text(seen, quoted):
        quoted = [False] * len(seen)
    with_signature = _signed(seen, quoted)
    if _has_text(seen, with_signature):
        quoted = with_signature
    return quoted + [bool(quoted) and quoted[-1]] * (len(lines) - len(seen))


def _has_text(lines: Sequence[Line], quoted: Sequence[bool]) -> bool:
    return any(
        line.text.strip() and not markers.is_separator(line.text)
        for line, old in zip(lines, quoted, strict=True)
        if not old
    )


# ---------------------------------------------------------------- history


def _history(lines: Sequence[Line], forward: bool) -> list[bool]:
    attributed, known, end = _scan(lines, forward)
    quoted = [index >= end for index in range(len(lines))]
    runs = _runs(lines[:known], attributed)
    if _interleaved(lines, runs):
        runs = [run for run in runs[-1:] if _ends(lines, run, end)]
    for run in runs:
        if run.attributed or _ends(lines, run, end):
            quoted[run.start : run.stop] = [True] * (run.stop - run.start)
    return quoted


def _scan(lines: Sequence[Line], forward: bool) -> tuple[dict[int, int], int, int]:
    """Where attributions stand (first line: line after the last), where quotes end to be the sender's own,
    and from where all is history. A forwarded mail is news to us with all it quotes.
    """
    attributed: dict[int, int] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        if not (line.text or line.cut or line.attribution):  # every other line of most mails
            at += 1
        elif markers.is_forwarded(line.text) and (not line.depth or not at or not lines[at - 1].depth):
            return attributed, at, len(lines)
        elif line.depth and not line.cut:
            at += 1
        elif line.cut or _opens_history(lines, at):
            if forward or _asks_to_read(lines, at):
                return attributed, at, len(lines)
            end = _before(lines, at)
            return attributed, end, end
        elif stop := _attribution(lines, at):
            if _quote_follows(lines, stop):
                attributed[at] = stop
            elif markers.is_sure(_joined(lines, at, stop)):
                end = _before(lines, at)
                return attributed, end, end
            at = stop
        else:
            at += 1
    return attributed, len(lines), len(lines)


def _opens_history(lines: Sequence[Line], at: int) -> bool:
    text = lines[at].text
    if markers.is_original(text) or markers.is_reply_line(text):
        return True
    return bool(markers.label(text)) and markers.is_header_block([line.text for line in lines[at : at + 10]])


def _asks_to_read(lines: Sequence[Line], at: int) -> bool:
    """Whether what stands above is but `FYI` or `Segue abaixo`."""
    above = [line.text for line in lines[max(0, at - 12) : at] if not _is_filler(line.text)]
    return at <= 12 and markers.says_see_below(" ".join(above))


def _before(lines: Sequence[Line], at: int) -> int:
    """The cut moved up over blank lines and drawn separators."""
    while at and not lines[at - 1].depth and _is_filler(lines[at - 1].text):
        at -= 1
    return at


def _is_filler(text: str) -> bool:
    return not text.strip() or (markers.is_separator(text) and not signatures.is_signature_mark(text))


def _attribution(lines: Sequence[Line], at: int) -> int:
    """The line after an attribution that begins at `at`, 0 if none does."""
    text = lines[at].text
    if lines[at].attribution:
        return _while_attribution(lines, at)
    if not text.strip() or not any(
        markers.may_close_attribution(line.text) for line in lines[at : at + _ATTRIBUTION_LINES]
    ):
        return 0
    opens = markers.opens_attribution(text)
    for stop in range(at + 1, min(at + (_ATTRIBUTION_LINES if opens else 1), len(lines)) + 1):
        if stop > at + 1 and _ends_attribution(lines[stop - 1]):
            break
        if not markers.may_close_attribution(lines[stop - 1].text):
            continue
        joined = _joined(lines, at, stop)
        if markers.is_attribution(joined) or markers.is_dated_mailbox(joined):
            return stop
    if markers.is_mailbox_line(text) or markers.is_loose_attribution(text):
        return at + 1 if _quote_follows(lines, at + 1) else 0
    return 0


def _ends_attribution(line: Line) -> bool:
    """Whether an attribution that began above cannot go on with this line."""
    return bool(line.depth) or not line.text.strip() or markers.begins_attribution(line.text)


def _while_attribution(lines: Sequence[Line], at: int) -> int:
    while at < len(lines) and lines[at].attribution:
        at += 1
    return at


def _joined(lines: Sequence[Line], start: int, stop: int) -> str:
    return " ".join(line.text[:500].strip() for line in lines[start:stop])


def _quote_follows(lines: Sequence[Line], at: int) -> bool:
    while at < len(lines) and not lines[at].depth and not lines[at].text.strip():
        at += 1
    return at < len(lines) and lines[at].depth > 0


def _runs(lines: Sequence[Line], attributed: dict[int, int]) -> list[_Run]:
    """Stretches of quoted lines. Blank lines and stray links between two belong to both."""
    runs: list[_Run] = []
    start: int | None = None
    for at, line in enumerate(lines):
        if at in attributed:
            start = at
        elif line.depth:
            named = start is not None
            if runs and not named and _only_filler(lines, runs[-1].stop, at):
                runs[-1].stop = at + 1
            elif named or not line.weak or markers.is_attribution(line.text):
                runs.append(_Run(at if start is None else start, at + 1, named))
            start = None
    return runs


def _only_filler(lines: Sequence[Line], start: int, stop: int) -> bool:
    return all(
        not line.text.strip() or markers.is_link_line(line.text) for line in lines[start:stop]
    ) or _is_wrapped(lines, start, stop)


def _is_wrapped(lines: Sequence[Line], start: int, stop: int) -> bool:
    """Whether the one line between two quotes is the end of the line above, broken off by a program."""
    if stop - start != 1 or not start:
        return False
    above, text = lines[start - 1].text.rstrip(), lines[start].text
    if " " not in text.strip() and "http" in above[-200:].rpartition(" ")[2]:
        return True
    return len(above) >= _WRAPPED and above[-1] not in ".?!:" and text[:1].islower()


def _interleaved(lines: Sequence[Line], runs: Sequence[_Run]) -> bool:
    """Whether somebody answers between the quotes: then the quotes are needed to read the answers."""
    return any(not _only_filler(lines, before.stop, after.start) for before, after in pairwise(runs))


def _ends(lines: Sequence[Line], run: _Run, end: int) -> bool:
    """Whether nothing but a signature follows the run."""
    rest = lines[run.stop : end]
    return not any(line.text.strip() for line in rest) or _is_signature(rest)


# ---------------------------------------------------------------- signatures


def _is_signature(lines: Sequence[Line]) -> bool:
    first = next((line for line in lines if line.text.strip()), None)
    if first is None:
        return False
    if first.signature or signatures.is_list_footer([line.text for line in lines[:20] if line.text.strip()]):
        return True
    return signatures.is_signature_mark(first.text) and _is_short([line.text for line in lines])


def _is_short(texts: Sequence[str]) -> bool:
    filled = [text for text in texts if text.strip()]
    return len(filled) <= _SIGNATURE_LINES and sum(map(len, filled)) <= _SIGNATURE_CHARS


def _signed(lines: Sequence[Line], quoted: Sequence[bool]) -> list[bool]:
    """`quoted` with the signature added: the block below `-- ` or a list's rule, what lawyers and telephones
    write at the end, what a server warns of at the top.
    """
    result = [old or line.signature for line, old in zip(lines, quoted, strict=True)]
    left = [index for index, old in enumerate(result) if not old and lines[index].text.strip()]
    if len(left) > 1 and signatures.is_banner(lines[left[0]].text):
        result[left.pop(0)] = True
    left = _without_notices(lines, left, result)
    for place, index in list(enumerate(left))[-_SIGNATURE_LINES - 1 :]:
        below = [lines[later].text for later in left[place:]]
        if signatures.is_list_footer(below) or (
            signatures.is_signature_mark(below[0]) and _is_short(below[1:])
        ):
            result[index:] = [True] * (len(lines) - index)
            left = left[:place]
            break
    for index in left[-2:]:
        if signatures.is_sent_from(lines[index].text):
            result[index] = True
    return result


def _without_notices(lines: Sequence[Line], left: list[int], result: list[bool]) -> list[int]:
    """Marks the legal notices at the end with the lines drawn around them, and returns what is left."""
    end = len(left)
    while True:
        last = end
        while last and _is_trimming(lines[left[last - 1]].text):
            last -= 1
        start = _paragraph(lines, left, last)
        if not start or not signatures.is_disclaimer(" ".join(lines[at].text for at in left[start:last])):
            return left[:end]
        while start > 1 and _is_trimming(lines[left[start - 1]].text):
            start -= 1
        for index in left[start:end]:
            result[index] = True
        end = start


def _is_trimming(text: str) -> bool:
    """A drawn line, or the heading of a notice."""
    return markers.is_separator(text) or signatures.is_notice_heading(text)


def _paragraph(lines: Sequence[Line], left: Sequence[int], end: int) -> int:
    """Where in `left` the paragraph begins that ends there: one long line, or short ones without a gap."""
    start = max(end - 1, 0)
    while start > 0 and end - start < _NOTICE_LINES and left[start - 1] == left[start] - 1:
        if max(len(lines[left[start - 1]].text), len(lines[left[start]].text)) > _LONGEST_WRAPPED:
            break
        start -= 1
    return start
