"""`text/plain; charset=x; name=…`: a value and its parameters (RFC 2045 section 5.1, RFC 2231), however they
are written.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from inbox.mail.charsets import decode
from inbox.mail.words import decode_words

_MAX_CHARS = 8_192
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_MAIN = re.compile(r"\s*([^;\s(]*)")
# Some write no semicolon between two parameters: these names begin another one all the same.
_NAMES = r"(?:charset|boundary|format|delsp|type|name|filename|method|report-type)\*?="
# A quote inside a quoted string ends it only where a parameter could end.
_PARAMETER = re.compile(
    r"([^\s=;\"]{1,100})\s{0,20}=\s{0,20}"
    r"(?:\"((?:[^\"\\]|\\.|\"(?!\s{0,20}(?:;|$|\(|[\w*-]{1,40}=)))*)(?:\"|$)"
    rf"|((?:(?!\s{_NAMES})[^;])*))",
    re.IGNORECASE,
)
_NAME = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The lower-cased value and its parameters, with lower-cased names, decoded. Of a repeated one the first
    counts, and one in the style of RFC 2231 before a plain one.
    """
    value = value[:_MAX_CHARS]
    if not value.isprintable():
        value = _CONTROL.sub(" ", value)
    found = _MAIN.match(value)
    main = found[1].lower() if found else ""
    if "=" in main:  # no value at all, parameters at once
        main, at = "", 0
    else:
        at = found.end() if found else 0
    return main, _decoded(value, at)


def _decoded(value: str, at: int) -> dict[str, str]:
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value, at):
        said = _unescape(match[2]) if match[2] is not None else match[3].strip().strip("'")
        name = _NAME.fullmatch(match[1].lower())
        if name is None:
            continue
        if name[2] is None and name[3] is None:
            plain[name[1]] = plain.get(name[1]) or said
        else:
            pieces.setdefault(name[1], {}).setdefault(int(name[2] or 0), (said, bool(name[3])))
    decoded = {key: _plain(said) for key, said in plain.items()}
    for key, numbered in pieces.items():
        decoded[key] = _joined([numbered[number] for number in sorted(numbered)]) or decoded.get(key, "")
    return decoded


def _unescape(text: str) -> str:
    """Only what must be escaped is unescaped: many write `C:\\temp` with one backslash."""
    return text.replace('\\"', '"').replace("\\\\", "\\") if "\\" in text else text


def _plain(said: str) -> str:
    if "%" in said and "''" in said[:40]:  # written as if it were filename*=
        label, _, quoted = said.partition("''")
        return decode(unquote_to_bytes(quoted), label)
    return decode_words(said)


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """The pieces of one parameter as one text. The first tells the charset, if it is encoded."""
    first, encoded = pieces[0]
    label = ""
    if encoded and first.count("'") >= 2:
        label, _, first = first.split("'", 2)
        pieces = [(first, True), *pieces[1:]]
    if not any(percent for _, percent in pieces):
        return decode_words("".join(text for text, _ in pieces))
    data = b"".join(unquote_to_bytes(text) if percent else text.encode() for text, percent in pieces)
    return decode_words(decode(data, label))
