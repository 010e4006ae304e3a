"""Files written into text by uuencode (POSIX), as mail did before MIME and some programs still do."""

from __future__ import annotations

import binascii
import re

_BEGIN = re.compile(r"^begin(?:-(base64))? [0-7]{3,4} (\S[^\r\n]{0,250})\r?\n", re.MULTILINE)
_BEGIN_BYTES = re.compile(rb"^begin [0-7]{3,4} [^\r\n]{1,250}\r?\n", re.MULTILINE)
_MOST_FILES = 100
_END = ("end", "====")


def extract(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without the files in it, and the files: name and bytes. Only what decodes line by line, up to
    its `end`, is taken for a file.
    """
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    at = 0
    for found in _BEGIN.finditer(text):
        if found.start() < at or len(files) >= _MOST_FILES:
            continue
        data, end = _decoded(text, found.end(), base64=bool(found[1]))
        if data is not None:
            kept.append(text[at : found.start()])
            files.append((found[2].strip(), data))
            at = end
    kept.append(text[at:])
    return ("".join(kept), files) if files else (text, [])


def file(body: bytes) -> bytes:
    """The file of a body that is encoded as a whole, with or without its `begin`; the body itself when it
    holds none.
    """
    begin = _BEGIN_BYTES.search(body)
    lines = body[begin.end() if begin else 0 :].splitlines()
    data = bytearray()
    for line in lines:
        if line.strip() == b"end":
            break
        said = _line(line)
        if said is None and begin is None:
            return body
        data += said or b""
    return bytes(data)


def _decoded(text: str, at: int, base64: bool) -> tuple[bytes | None, int]:
    """The bytes of the file that starts at `at`, None when it is none, and where the text goes on."""
    data = bytearray()
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line, at = text[at:stop].rstrip("\r"), stop + 1
        if line.startswith("begin"):  # another one: the first had no end
            return None, at
        if line.strip() in _END:
            return bytes(data), at
        said = _base64_line(line) if base64 else _line(line.encode("latin-1", "replace"))
        if said is None:
            return None, at
        data += said
    return None, at


def _line(line: bytes) -> bytes | None:
    """One line; None when it is no line of uuencode. What a gateway cut from its end were blanks."""
    if not line.strip() or line.strip() == b"`":
        return b""
    size = (line[0] - 32) & 63
    wanted = 1 + (size + 2) // 3 * 4
    if not 32 <= line[0] <= 96 or len(line) > wanted + 64:
        return None
    try:
        return binascii.a2b_uu(line[:wanted].ljust(wanted))
    except binascii.Error:
        return None


def _base64_line(line: str) -> bytes | None:
    try:
        return binascii.a2b_base64(line.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
