"""Japanese and Korean in seven bits (RFC 1468, 1557), with the vendors' characters that Python's own codecs
refuse.
"""

from __future__ import annotations

import re

_SHIFT = re.compile(rb"\x1b(\$[@B]|\$\([DQO]|\([BJIH]|\$\)C|\$A|\$\(C)")
_TWO_BYTES = {b"$@", b"$B"}


def decode(data: bytes) -> str:
    """The text, '' when `data` holds no escape of these encodings."""
    if b"\x1b" not in data or not _SHIFT.search(data):
        return ""
    for name in ("iso2022_jp_2", "iso2022_kr"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return "".join(_runs(data))


def _runs(data: bytes) -> list[str]:
    pieces = _SHIFT.split(data)
    runs = [pieces[0].decode("latin-1")]
    for shift, run in zip(pieces[1::2], pieces[2::2], strict=True):
        if shift in _TWO_BYTES:
            runs.append(_double(run))
        elif shift == b"(I":  # half-width katakana
            runs.append(bytes(byte | 0x80 for byte in run).decode("cp932", "replace"))
        else:
            runs.append(run.decode("latin-1"))
    return runs


def _double(run: bytes) -> str:
    """JIS X 0208 by way of Shift JIS, which has the vendors' rows too; a line break ends a broken run."""
    text, at = bytearray(), 0
    while at < len(run):
        row, cell = run[at], run[at + 1] if at + 1 < len(run) else 0
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            text.append(row)
            at += 1
            continue
        lead = (row - 0x21) // 2 + (0x81 if row <= 0x5E else 0xC1)
        odd = row % 2
        trail = cell + (0x1F + (cell >= 0x60) if odd else 0x7E)
        text += bytes((lead, trail))
        at += 2
    return text.decode("cp932", "replace")
