"""HTML as lines of text, each knowing the leaves of the tree it is made of.

`to_text` writes the lines down; `quotes_html` asks which of them are history and parts the tree at their
leaves. It replaces a general HTML-to-text library because cutting needs the way back from a line to the tree,
and because layout engines pad table cells: a small hostile table becomes gigabytes of blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from inbox.mail import structure
from inbox.mail.flatten import flatten
from inbox.mail.quotes import Line
from inbox.mail.styles import inlined

Element = Any  # lxml has no types of its own

# What never is text. Parsing keeps none of it.
_NEVER = (
    "script", "style", "head", "title", "template", "noscript", "object", "embed", "iframe", "frameset",
    "svg", "math", "select", "textarea", "audio", "video", "canvas", "map", "meta", "link", "base",
)  # fmt: skip
_PARAGRAPHS = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "blockquote", "table", "pre", "hr",
}  # fmt: skip
_BLOCKS = _PARAGRAPHS | {
    "div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "main", "body", "html", "form",
    "center", "address", "fieldset", "tbody", "thead", "tfoot", "caption", "figure", "details", "summary",
    "aside", "nav",
}  # fmt: skip
_SPACES = re.compile(r"[ \t\r\n\f]+")
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MAYBE_REFUSED = re.compile(_REFUSED.pattern + "|&#")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_PRE = re.compile(r"white-space\s*:\s*(?:pre|break)", re.IGNORECASE)


@dataclass(slots=True)
class TreeLine(Line):
    """A line with its leaves: (number of the element in document order, which string of it)."""

    leaves: list[tuple[int, str]] = field(default_factory=list)
    gap: bool = False  # a paragraph begins: text shows a blank line before


def parse(html: str) -> tuple[Element, bool]:
    """A tree of at most the capped depth and size, and whether the HTML had to be cut; (None, …) for an empty
    one.
    """
    html, cut = flatten(html)
    html = inlined(html)
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None, cut
    if root is not None:
        etree.strip_elements(root, *_NEVER, with_tail=False)
        if _MAYBE_REFUSED.search(html):
            _without_refused(root)
    return root, cut


def _without_refused(root: Element) -> None:
    """The parser lets characters in that no tree takes when it is changed."""
    for element in root.iter():
        element.text = _REFUSED.sub("", element.text) if element.text else None
        element.tail = _REFUSED.sub("", element.tail) if element.tail else None


def to_text(html: str) -> str:
    """What a reader would read: paragraphs and lists, without markup, layout or hidden text."""
    root, _ = parse(html)
    return "" if root is None else text_of(tree_lines(root))


def text_of(lines: list[TreeLine]) -> str:
    """Lines written down, blank lines between paragraphs but never two in a row."""
    written: list[str] = []
    for line in lines:
        text = line.text.rstrip()
        if written and written[-1] and line.gap:
            written.append("")
        if text or (written and written[-1]):
            written.append(text)
    return "\n".join(written).strip("\n")


def tree_lines(root: Element) -> list[TreeLine]:
    """The lines of a tree in reading order."""
    walk = _Walk()
    walk.run(root)
    return walk.lines


@dataclass(slots=True)
class _State:
    """What an element passes on to everything inside it."""

    depth: int = 0
    weak: bool = False
    attribution: bool = False
    signature: bool = False
    pre: bool = False
    hidden: bool = False


class _Walk:
    def __init__(self) -> None:
        self.lines: list[TreeLine] = []
        self.words: list[str] = []
        self.states = [_State()]
        self.cut = False
        self.rule = False  # Outlook's: cuts if a quoted header begins below it
        self.gap = False
        self.line = TreeLine("")
        self.number = -1
        self.counters: list[int] = []

    def run(self, root: Element) -> None:
        numbers: list[int] = []
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if event == "start":
                self.number += 1
                numbers.append(self.number)
                self._enter(element)
                self._text(element.text, (self.number, "text"))
            else:
                self._leave(element)
                self._text(element.tail, (numbers.pop(), "tail"))
        self._break()

    def _enter(self, element: Element) -> None:
        tag = element.tag
        if tag in _BLOCKS:
            self._break()
            self.gap = self.gap or (tag in _PARAGRAPHS and element.get("class") != "MsoNormal")
        state = self._inside(element, self.states[-1])
        self.states.append(state)
        if tag == "br":
            self.line.leaves.append((self.number, "self"))
            self._break(always=True)
        elif tag in ("img", "hr"):
            self._mark(state)
            self.line.leaves.append((self.number, "self"))
            if tag == "img" and not state.hidden and (alt := (element.get("alt") or "").strip()):
                self.words.append(f"[{_SPACES.sub(' ', alt)[:200]}]")
        elif tag == "ol":
            self.counters.append(0)
        elif tag == "li":
            self.words.append(self._bullet(element))
        elif tag in ("td", "th") and "".join(self.words).strip():
            self.words.append("\t")

    def _bullet(self, element: Element) -> str:
        if not self.counters or element.getparent().tag != "ol":
            return "- "
        self.counters[-1] += 1
        return f"{self.counters[-1]}. "

    def _leave(self, element: Element) -> None:
        self.states.pop()
        if element.tag == "ol":
            self.counters.pop()
        if element.tag in _BLOCKS:
            self._break()
            self.gap = self.gap or (element.tag in _PARAGRAPHS and element.get("class") != "MsoNormal")

    def _inside(self, element: Element, outer: _State) -> _State:
        if not element.attrib and element.tag not in ("blockquote", "pre"):
            return outer
        names = structure.names(element)
        style = (element.get("style") or "")[:2_000]
        self.cut = self.cut or bool(names & structure.CUTTING)
        self.rule = self.rule or structure.has_outlook_rule(style)
        quote, weak = _quotes(element, names)
        return _State(
            depth=outer.depth + quote,
            weak=weak if quote and not outer.depth else outer.weak,
            attribution=outer.attribution or bool(names & structure.ATTRIBUTING),
            signature=outer.signature or bool(names & structure.SIGNING),
            pre=outer.pre or element.tag == "pre" or _PRE.search(style) is not None,
            hidden=outer.hidden or _HIDDEN.search(style) is not None,
        )

    def _text(self, text: str | None, leaf: tuple[int, str]) -> None:
        if not text:
            return
        state = self.states[-1]
        if state.pre and "\n" in text:
            self._preformatted(text, leaf)
            return
        words = _SPACES.sub(" ", text)
        if words.strip():
            self._mark(state)
        self.line.leaves.append(leaf)
        if not state.hidden and (words != " " or self.words):
            self.words.append(words)

    def _preformatted(self, text: str, leaf: tuple[int, str]) -> None:
        """One string, many lines: the first that says something owns it, as a string is never cut in two."""
        self._mark(self.states[-1])
        self.line.leaves.append(leaf)
        self.words.append(text.replace("\r", ""))

    def _mark(self, state: _State) -> None:
        """The first word or picture of a line says how it is quoted."""
        line = self.line
        if line.depth == 0:
            line.depth, line.weak = state.depth, state.weak
        line.attribution = line.attribution or (state.attribution and not state.depth)
        line.signature = line.signature or state.signature
        line.cut, self.cut = line.cut or self.cut, False

    def _break(self, always: bool = False) -> None:
        text = "".join(self.words).replace("\u00a0", " ").strip(" \t")
        if text or self.line.leaves or always:
            self.line.text, self.line.gap = text, self.gap
            if text and self.rule:
                self.line.cut, self.rule = self.line.cut or structure.is_field(text), False
            self.lines.append(self.line)
            self.gap = self.gap and not text
            self.line, self.words = TreeLine(""), []


def _quotes(element: Element, names: set[str]) -> tuple[bool, bool]:
    """(whether the element quotes a mail, whether that is only a guess)."""
    if names & structure.QUOTING:
        return True, False
    if element.tag != "blockquote":
        return False, False
    sure = element.get("type") == "cite" or element.get("cite") is not None
    return True, not sure
