"""HTML made small and shallow before anything parses it: parsers need far more than linear time for deep
trees.

This reads tags only roughly. That is safe because it stands *before* the sanitiser, which reads its output
anew.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

from inbox.mail import limits

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})")
_VOID = {
    "br",
    "hr",
    "img",
    "input",
    "meta",
    "link",
    "base",
    "area",
    "col",
    "embed",
    "param",
    "source",
    "track",
    "wbr",
}
# A parser reopens all of these in every paragraph that follows one left open: they multiply.
_FORMATTING = {
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
}  # fmt: skip
_ENDED_BY_NEXT = {"p", "li", "td", "th", "tr", "option", "dt", "dd"}


def flatten(html: str) -> tuple[str, bool]:
    """The HTML without the tags that nest deeper than `MAX_HTML_DEPTH`, and whether its end had to be cut
    off.
    """
    short = html[: limits.MAX_HTML_CHARS]
    short = _until(short, "<", limits.MAX_HTML_TAGS)
    short = _until(short, "&", limits.MAX_HTML_ENTITIES)
    return _Flattener(short).run(), len(short) < len(html)


def _until(html: str, mark: str, most: int) -> str:
    """The HTML before the mark that is one too many."""
    if html.count(mark) <= most:
        return html
    over = next(islice(re.finditer(mark, html), most, None))
    return html[: over.start()]


class _Flattener:
    def __init__(self, html: str) -> None:
        self.html = html
        self.open: list[str] = []
        self.formats = 0  # how many of the open ones are formatting
        self.inside: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()

    def run(self) -> str:
        kept: list[str] = []
        at = end = 0
        for tag in _TAG.finditer(self.html):
            if tag.start() < at:
                continue
            end = self._end_of(tag.end()) if end <= tag.end() else end
            stays = self._keep(tag[1] == "/", tag[2].lower())
            if stays and not self._overloaded(tag.end(), end):
                continue
            kept.append(self.html[at : tag.start()])
            kept.append(f"<{tag[1]}{tag[2]}>" if stays else "")
            at = end
        kept.append(self.html[at:])
        return "".join(kept)

    def _end_of(self, start: int) -> int:
        end = self.html.find(">", start)
        return len(self.html) if end < 0 else end + 1

    def _overloaded(self, start: int, end: int) -> bool:
        """Whether a tag has so many attributes that parsers, which compare each with all, would choke."""
        return end - start > limits.MAX_TAG_CHARS and self.html.count("=", start, end) > 100

    def _keep(self, closing: bool, name: str) -> bool:
        if name in _VOID:
            return True
        return self._close(name) if closing else self._open(name)

    def _open(self, name: str) -> bool:
        if self.open and self.open[-1] == name and name in _ENDED_BY_NEXT:
            return True
        formats = name in _FORMATTING
        if len(self.open) >= limits.MAX_HTML_DEPTH or (formats and self.formats >= limits.MAX_HTML_FORMATS):
            self.dropped[name] += 1
            return False
        self.open.append(name)
        self.formats += formats
        self.inside[name] += 1
        return True

    def _close(self, name: str) -> bool:
        if self.dropped[name]:
            self.dropped[name] -= 1
            return False
        if self.inside[name]:
            closed = ""
            while closed != name:
                closed = self.open.pop()
                self.inside[closed] -= 1
                self.formats -= closed in _FORMATTING
        return True
