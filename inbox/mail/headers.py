"""The header block of a mail or part (RFC 5322 section 2.2): where it ends, its fields, unfolded."""

from __future__ import annotations

import codecs
import re

from inbox.mail import limits
from inbox.mail.charsets import decode, fits, likely
from inbox.mail.words import decode_words

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_END = re.compile(rb"\r?\n\r?\n|\r\r")
_BLANK = re.compile(rb"\s*")
_KNOWN = re.compile(
    rb"^(?:From|To|Cc|Subject|Date|Message-ID|MIME-Version|Received|Return-Path|Reply-To|Sender|"
    rb"Delivered-To|Content-(?:Type|Transfer-Encoding|Disposition|ID)|X-[A-Za-z0-9-]{1,60})[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_NEAR = 2_000  # bytes after a line that is no field within which a known field must come


class Headers:
    """The fields of one part, in order, raw; the values are decoded when asked for.

    Raw 8-bit values that are no UTF-8 are read as the mail's text is: `charset` is what it says of itself,
    `sample` what it and the headers hold of such bytes. One value alone is often too short to tell.
    """

    def __init__(self, fields: list[tuple[str, bytes]], cut: bool = False) -> None:
        self.fields = fields
        self.cut = cut
        self.charset = ""
        self.sample = b""
        self._first: dict[str, bytes] = {}
        for name, value in fields:
            key = name.lower()
            if not self._first.get(key):
                self._first[key] = value

    def raw(self, name: str) -> bytes | None:
        """The first field called `name` that is not empty, as it stood, unfolded; None when there is none."""
        return self._first.get(name.lower())

    def text(self, name: str) -> str:
        """The first field called `name`, decoded; '' when there is none."""
        value = self.raw(name)
        return self.shown(value) if value else ""

    def plain(self, name: str) -> str:
        """The first field called `name` for syntax: its 8-bit bytes read, its encoded words left as they
        are.
        """
        return self.read(self.raw(name) or b"").strip()

    def all(self, name: str) -> list[bytes]:
        """Every field called `name`."""
        if name.lower() not in self._first:
            return []
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def shown(self, value: bytes) -> str:
        """A value of these fields as people read it."""
        return decode_words(self.read(value))

    def read(self, value: bytes) -> str:
        """A value of these fields as text, its encoded words left as they are."""
        if value.isascii() or not self.sample or fits(value, "utf-8"):
            return decode(value)
        label = likely(self.sample, self.charset)
        return decode(value, label if fits(value, label) else "")


def begin(raw: bytes) -> bytes:
    """A mail without what got before and between its lines on the way: a byte order mark, blank lines at the
    top, line ends of a kind of their own.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raw = raw.decode("utf-16", "replace").encode()
    raw = raw.removeprefix(codecs.BOM_UTF8)
    top = raw[: limits.MAX_HEADER_BYTES]
    if b"\r" in top and b"\n" not in top:
        raw = raw.replace(b"\r", b"\n")
    elif b"\r\r\n" in top:
        raw = raw.replace(b"\r\r\n", b"\r\n")
    if raw[:1].isspace():
        blank = _BLANK.match(raw)
        start = blank.end() if blank else 0
        if _KNOWN.match(raw[start : start + 300]) or raw.startswith(b"From ", start):
            raw = raw[start:]
    return raw


def split(raw: bytes) -> tuple[Headers, bytes]:
    """A part's headers and its body. A block without one field is all body."""
    if raw.startswith((b"\n", b"\r\n")):
        return Headers([]), raw[1:] if raw.startswith(b"\n") else raw[2:]
    end = _END.search(raw, 0, limits.MAX_HEADER_BLOCK_BYTES)
    block, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    cut = len(block) > limits.MAX_HEADER_BLOCK_BYTES
    if cut:
        block, body = block[: limits.MAX_HEADER_BLOCK_BYTES], b""
    fields, junk_at, long = _fields(block)
    if junk_at is not None:  # the body began without an empty line
        body = raw[junk_at:]
    return Headers(fields, cut or long), body


def _fields(block: bytes) -> tuple[list[tuple[str, bytes]], int | None, bool]:
    fields: list[tuple[str, list[bytes]]] = []
    at, known_at, cut = 0, -1, False
    for line in block.splitlines(keepends=True):
        if line[:1] in b" \t" and fields:
            fields[-1][1].append(line)
        elif found := _FIELD.match(line):
            if len(fields) >= limits.MAX_HEADERS:
                cut = True
                break
            fields.append((found[1].decode("ascii"), [line[found.end() :]]))
        elif not line.startswith((b"From ", b">From ")) and line.strip():
            if known_at < at:
                known_at = _next_known(block, at + len(line), bool(fields))
            if line.startswith(b"--"):  # a delimiter: the parts begin
                known_at = -1
            if known_at < 0:
                return _joined(fields), at, cut
            if fields:  # a long line that somebody broke without indenting the rest
                fields[-1][1].append(b" " + line)
        at += len(line)
    joined = _joined(fields)
    return joined, None, cut or any(len(value) >= limits.MAX_HEADER_BYTES for _, value in joined)


def _next_known(block: bytes, at: int, begun: bool) -> int:
    """Where the header goes on after a line that is no field, -1 if that line begins the body: a known field
    follows soon, or, if that line is the first, two of them at once.
    """
    known = _KNOWN.search(block, at, at + _NEAR)
    if known and not begun and (known.start() > at or not _KNOWN.search(block, known.end(), at + _NEAR)):
        return -1
    return known.start() if known else -1


def _joined(fields: list[tuple[str, list[bytes]]]) -> list[tuple[str, bytes]]:
    return [(name, _unfold(b"".join(lines))) for name, lines in fields]


def _unfold(value: bytes) -> bytes:
    return value.replace(b"\r", b"").replace(b"\n", b"").strip()[: limits.MAX_HEADER_BYTES]
