"""One part of text as it is read: charset, wrapped lines (RFC 3676), text/enriched (RFC 1896)."""

from __future__ import annotations

import re

from inbox.mail import limits
from inbox.mail.charsets import codec, decode
from inbox.mail.mime import Part

PLAIN = {
    "text/plain", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown", "application/pgp",
}  # fmt: skip
_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_COMMAND = re.compile(r"<(/?)([a-z-]{1,60})>|<<", re.IGNORECASE)
_MOST_COMMANDS = 50_000


def html(part: Part) -> str:
    """The HTML of a part. Its own `<meta>` counts where the header names no charset, or only ASCII."""
    data = part.content()
    label = part.params.get("charset", "")
    if not codec(label) or label.lower().endswith("ascii"):
        meta = _META_CHARSET.search(data[:2_048])
        label = meta[1].decode("ascii") if meta else label
    return _lines(decode(data, label))


def plain(part: Part) -> str:
    """The text of a part, its wrapped lines joined if it says that they may be."""
    text = _lines(decode(part.content(), part.params.get("charset", "")))[: limits.MAX_TEXT_CHARS]
    if part.content_type in ("text/enriched", "text/richtext"):
        return _enriched(text, breaks_flow=part.content_type == "text/enriched")
    if part.params.get("format", "").lower() == "flowed":
        return unflow(text, delsp=part.params.get("delsp", "").lower() == "yes")
    return text


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def unflow(text: str, delsp: bool = False) -> str:
    """Lines that a mailer wrapped joined again (RFC 3676 section 4); quotes keep their depth."""
    paragraphs: list[list[str]] = []
    depth_before, open_ = 0, False
    for line in text.split("\n"):
        quoted = line.lstrip(">")
        depth = len(line) - len(quoted)
        words = quoted.removeprefix(" ")  # space-stuffing
        flows = words.endswith(" ") and words != "-- "
        piece = words[:-1] if flows and delsp else words
        if open_ and depth == depth_before and words != "-- ":
            paragraphs[-1].append(piece)
        else:
            paragraphs.append([">" * depth + (" " if depth else "") + piece])
        depth_before, open_ = depth, flows
    return "\n".join("".join(pieces) for pieces in paragraphs)


def _enriched(text: str, breaks_flow: bool) -> str:
    """Without its commands; a single line break in text/enriched is only a blank."""
    if breaks_flow:
        text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
        text = re.sub(r"\n(\n+)", r"\1", text)
    kept: list[str] = []
    at = hidden = 0
    for number, command in enumerate(_COMMAND.finditer(text)):
        if number >= _MOST_COMMANDS:
            break
        if not hidden:
            kept.append(text[at : command.start()])
        at = command.end()
        name = (command[2] or "").lower()
        if not name:
            kept.append("<" if not hidden else "")
        elif name in ("param", "comment"):
            hidden = max(0, hidden + (-1 if command[1] else 1))
        elif name in ("nl", "np"):
            kept.append("\n")
        elif name == "lt":
            kept.append("<")
    kept.append(text[at:] if not hidden else "")
    return "".join(kept)
