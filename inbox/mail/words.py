"""Encoded words (RFC 2047), the broken ones that people read all the same included, and their base64."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

from inbox.mail.charsets import decode

_HEAD = re.compile(r"=\?([^?\s=]{0,60})\?\s?([bBqQ])\?")
_RUN = re.compile(r"[^\s,;<>\"]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CHECKSUM = re.compile(rb"[\r\n]=[A-Za-z0-9+/]{4}")  # of OpenPGP's armour, below its base64
_MOST_RUNS = 10_000  # of base64 in one body; nobody sends more than a few


def decode_words(value: str) -> str:
    """A header value with its encoded words decoded, broken ones included; control characters go."""
    if "=?" in value:
        value = "".join(_pieces(value))
    return value.strip() if value.isprintable() else _CONTROL.sub(" ", value).strip()


def spans(value: str) -> Iterator[tuple[int, int, str, str, str]]:
    """Where each encoded word starts and ends, its charset, its encoding (b or q) and its text.

    A word ends at `?=`, where the next one begins, or, if nothing closes it, with its run of characters.
    """
    at, close = 0, 0
    while head := _HEAD.search(value, at):
        if 0 <= close < head.end():
            close = value.find("?=", head.end())
        following = _HEAD.search(value, head.end(), close if close >= 0 else len(value))
        if following:
            end = at = following.start()
        elif close >= 0:
            end, at = close, close + 2
        else:
            run = _RUN.match(value, head.end())
            end = at = run.end() if run else len(value)
        text = value[head.end() : end]
        yield head.start(), at, head[1].split("*")[0], head[2].lower(), text.rstrip() if following else text


def _pieces(value: str) -> Iterator[str]:
    """Plain text and decoded words; neighbours of one charset are joined first, as senders cut characters in
    two.
    """
    at, pending, label = 0, b"", ""
    for start, end, charset, kind, text in spans(value):
        between = value[at:start]
        apart = bool(between.strip()) or (at == 0 and between)
        if pending and (apart or charset.lower() != label.lower()):
            yield decode(pending, label)
            pending = b""
        if apart:
            yield between
        pending, label, at = pending + _word_bytes(kind, text), charset, end
    if pending:
        yield decode(pending, label)
    yield value[at:]


def _word_bytes(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if kind == "q":
        data = data[:-1] + b"=3D" if data.endswith(b"=") else data  # no soft line break ends a word
        return binascii.a2b_qp(data.replace(b" ", b"_"), header=True)
    return base64_bytes(data)


def base64_bytes(data: bytes) -> bytes:
    """What can be had of base64 with junk, missing padding, or several runs one after another."""
    data = data.rstrip()
    if _CHECKSUM.fullmatch(data[-6:]):
        data = data[:-6].rstrip()
    if b"=" not in data[:-2]:  # one run: a2b_base64 skips the line ends by itself, much faster
        try:
            return binascii.a2b_base64(data)
        except binascii.Error:
            pass
    data = re.sub(rb"[^A-Za-z0-9+/=]+", b"", data)
    runs = [run for run in re.split(rb"=+", data, maxsplit=_MOST_RUNS) if run]
    return b"".join(binascii.a2b_base64(_padded(run)) for run in runs[:_MOST_RUNS])


def _padded(run: bytes) -> bytes:
    run = run[:-1] if len(run) % 4 == 1 else run  # one character alone holds no byte
    return run + b"=" * (-len(run) % 4)
