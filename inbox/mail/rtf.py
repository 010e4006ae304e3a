"""Rich text as Outlook sends it: compressed (MS-OXRTFCP), and HTML hidden in it (MS-OXRTFEX). Bounded: a few
bytes may claim to be gigabytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from inbox.mail.charsets import decode

_MAX_BYTES = 3 * 1024 * 1024  # of decompressed RTF
_MOST_TOKENS = 600_000
_KNOWN = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans "
    rb"SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par "
    rb"\pard\plain\f0\fs20\b\i\u\tab\tx"
)
_WINDOW = 4096
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
_SKIPPED = {
    b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"headerf", b"footerf",
    b"themedata", b"listtable", b"filetbl", b"xmlnstbl",
}  # fmt: skip
_SAID = {
    b"par": "\n", b"line": "\n", b"tab": "\t", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“",
    b"rdblquote": "”", b"bullet": "•", b"endash": "–", b"emdash": "—", b"cell": "\t", b"row": "\n",
    b"sect": "\n", b"page": "\n",
}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "\u2011", b"-": "", b"\n": "\n", b"\r": "\n"}
_CHARSETS = {
    128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip


def decompress(data: bytes) -> bytes:
    """The RTF, cut at 3 MB; b'' when it is not compressed as Outlook does it."""
    kind = data[8:12]
    if kind == b"MELA":
        return data[16 : 16 + _MAX_BYTES]
    if kind != b"LZFu":
        return b""
    size = min(int.from_bytes(data[4:8], "little"), _MAX_BYTES) + len(_KNOWN)
    out = bytearray(_KNOWN)
    at = 16
    while at < len(data) and len(out) < size:
        flags = data[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            reference = int.from_bytes(data[at : at + 2], "big")
            at += 2
            back = (len(out) - (reference >> 4)) % _WINDOW
            if back == 0 or back > len(out):  # the end
                return bytes(out[len(_KNOWN) : size])
            _copy(out, back, (reference & 15) + 2)
    return bytes(out[len(_KNOWN) : size])


def _copy(out: bytearray, back: int, count: int) -> None:
    start = len(out) - back
    piece = out[start : start + count]
    out += (piece * (count // len(piece) + 1))[:count]


def html(source: bytes) -> str:
    """The HTML that an RTF hides, '' when it hides none."""
    if b"\\fromhtml" not in source[:2_000]:
        return ""
    return _Reader(source, hidden_html=True).read()


def text(source: bytes) -> str:
    """The words of an RTF."""
    return _Reader(source, hidden_html=False).read().strip("\n")


@dataclass(frozen=True)
class _State:
    """What a group passes on to the groups in it."""

    skip: bool = False
    tag: bool = False  # inside a piece of the original HTML
    suppressed: bool = False  # RTF that has no place in the HTML
    fonts: bool = False
    font: int = 0
    after_unicode: int = 1  # characters that stand for one in Unicode


class _Reader:
    def __init__(self, source: bytes, hidden_html: bool) -> None:
        self.source = source
        self.hidden_html = hidden_html
        self.state = _State()
        self.outer: list[_State] = []
        self.said: list[str] = []
        self.pending = bytearray()
        self.page = "cp1252"
        self.charsets: dict[int, str] = {}
        self.starred = False
        self.to_skip = 0

    def read(self) -> str:
        for number, token in enumerate(_TOKEN.finditer(self.source)):
            if number >= _MOST_TOKENS:
                break
            if token[6]:
                self._bytes(token[6])
            elif token[3]:
                self._bytes(bytes([int(token[3], 16)]))
            elif token[1]:
                self._command(token[1], int(token[2]) if token[2] else None)
            elif token[5]:
                self._brace(token[5])
            elif token[4] == b"*":
                self.starred = True
            elif token[4]:
                self._symbol(token[4])
        self._flush()
        return "".join(self.said)

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self.starred, self.to_skip = False, 0
        if brace == b"{":
            self.outer.append(self.state)
        elif self.outer:
            self.state = self.outer.pop()

    def _command(self, name: bytes, value: int | None) -> None:
        starred, self.starred = self.starred, False
        if starred:
            wanted = self.hidden_html and name == b"htmltag"
            self._change(tag=wanted, skip=not wanted)
        elif name in _SKIPPED:
            self._change(skip=True)
        elif name == b"fonttbl":
            self._change(fonts=True)
        elif name == b"htmlrtf":
            self._change(suppressed=value != 0)
        elif name == b"f" and value is not None:
            self._change(font=value)
        elif name == b"fcharset" and self.state.fonts:
            self.charsets[self.state.font] = _CHARSETS.get(value or 0, "")
        elif name == b"ansicpg" and value:
            self.page = f"cp{value}"
        elif name == b"uc" and value is not None:
            self._change(after_unicode=min(abs(value), 10))
        elif name == b"u" and value is not None:
            self._character(value)
        elif name in _SAID:
            self._say(_SAID[name])

    def _symbol(self, symbol: bytes) -> None:
        if symbol in (b"\\", b"{", b"}"):
            self._bytes(symbol)
        else:
            self._say(_SYMBOLS.get(symbol, ""))

    def _change(self, **changes: Any) -> None:
        self._flush()
        self.state = replace(self.state, **changes)

    def _silent(self) -> bool:
        state = self.state
        return state.skip or state.fonts or (self.hidden_html and state.suppressed)

    def _bytes(self, data: bytes) -> None:
        if self.to_skip:
            skipped = min(self.to_skip, len(data))
            self.to_skip, data = self.to_skip - skipped, data[skipped:]
        if not self._silent():
            self.pending += data

    def _say(self, text: str) -> None:
        self._flush()
        if not self._silent():
            self.said.append(text)

    def _character(self, value: int) -> None:
        self._say(chr(value % 0x10000))
        self.to_skip = self.state.after_unicode

    def _flush(self) -> None:
        if self.pending:
            self.said.append(decode(bytes(self.pending), self.charsets.get(self.state.font) or self.page))
            self.pending.clear()
