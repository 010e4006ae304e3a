"""HTML parted into what is new and what is history, along the structure mail programs leave and the words
they use.

The tree is copied twice; from each copy the leaves of the other side are taken, and the elements left empty
by that. So the two together hold every word, and each keeps its formatting.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from lxml import etree

from inbox.mail.clean import clean_flat
from inbox.mail.lines import Element, TreeLine, parse, text_of, tree_lines
from inbox.mail.quotes import decide

_KEEP_EMPTY = {"html", "body"}


@dataclass(frozen=True, slots=True)
class Parted:
    """The text of all, both halves cleaned for storing, and their texts; `cut` says that the end of the HTML
    was too much to read.
    """

    text: str
    reply_html: str
    quoted_html: str
    reply_text: str
    quoted_text: str
    cut: bool


def split_html(html: str) -> tuple[str, str]:
    """(what is new, what is quoted or signature), both cleaned. All of it is new when nothing new would be
    left.
    """
    parted = split(html)
    return parted.reply_html, parted.quoted_html


def split(html: str, forward: bool = False) -> Parted:
    """`split_html` with the texts of both halves; `forward` as in `quotes.split`."""
    root, cut = parse(html) if html.strip() else (None, False)
    if root is None:
        return Parted("", "", "", "", "", cut)
    lines = tree_lines(root)
    text = text_of(lines)
    quoted = decide(lines, forward)
    new = [line for line, old in zip(lines, quoted, strict=True) if not old]
    history = [line for line, old in zip(lines, quoted, strict=True) if old]
    if not any(line.text for line in history):
        return Parted(text, clean_flat(_written(root)), "", text, "", cut)
    return Parted(
        text,
        clean_flat(_written(_without(root, history))),
        clean_flat(_written(_without(root, new))),
        text_of(new),
        text_of(history),
        cut,
    )


def _written(root: Element) -> str:
    written: str = etree.tostring(root, encoding="unicode", method="html", with_tail=False)
    return written


def _without(root: Element, lines: list[TreeLine]) -> Element:
    """A copy of the tree without the leaves of `lines`."""
    tree = copy.deepcopy(root)
    elements = list(tree.iter())
    emptied: set[Element] = set()
    gone = []
    for line in lines:
        for number, slot in line.leaves:
            element = elements[number]
            if slot == "self":
                gone.append(element)
                emptied.add(element.getparent())
            elif slot == "text":
                element.text = None
                emptied.add(element)
            else:
                element.tail = None
                emptied.add(element.getparent())
    for element in gone:
        _remove(element)
    _prune(elements, emptied)
    return tree


def _prune(elements: list[Element], emptied: set[Element]) -> None:
    """Remove, from the inside out, what became empty because something was taken from it."""
    for element in reversed(elements):
        if element not in emptied or element.tag in _KEEP_EMPTY:
            continue
        parent = element.getparent()
        if parent is not None and len(element) == 0 and not (element.text or "").strip():
            _remove(element)
            emptied.add(parent)


def _remove(element: Element) -> None:
    """Take an element out and leave its tail, which belongs to what follows."""
    parent, tail = element.getparent(), element.tail
    if parent is None:
        return
    before = element.getprevious()
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    parent.remove(element)
