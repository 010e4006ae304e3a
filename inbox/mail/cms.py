"""The content of an S/MIME message that is signed and not encrypted (RFC 5652 section 5), unverified.

Reads only as much BER as it needs: the way down to the content, with definite and indefinite lengths.
"""

from __future__ import annotations

from dataclasses import dataclass

_SIGNED = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_SEQUENCE, _SET, _OID, _OCTETS, _OCTETS_IN_PIECES, _EXPLICIT = 0x30, 0x31, 0x06, 0x04, 0x24, 0xA0
_MOST_PIECES = 100_000
_MAX_DEPTH = 20


class _Bad(ValueError):
    pass


@dataclass(frozen=True)
class _Element:
    tag: int
    start: int  # of the value
    end: int  # of the value, or of the whole when it is indefinite
    indefinite: bool


def is_signed(data: bytes) -> bool:
    """Whether this is signed data, with or without a content that can be read."""
    return _SIGNED in data[:40]


def signed_content(data: bytes) -> bytes | None:
    """The content inside the signature, None when there is none or the data is of another kind."""
    try:
        return _content(data) or None
    except (_Bad, IndexError):
        return None


def _content(data: bytes) -> bytes:
    at = _enter(data, 0, _SEQUENCE)
    kind = _element(data, at, len(data))
    if kind.tag != _OID or data[kind.start : kind.end] != _SIGNED:
        raise _Bad
    at = _enter(data, _enter(data, kind.end, _EXPLICIT), _SEQUENCE)  # ContentInfo → SignedData
    at = _after(data, _after(data, at))  # its version and digest algorithms
    at = _after(data, _enter(data, at, _SEQUENCE))  # EncapsulatedContentInfo, its type
    return _octets(data, _enter(data, at, _EXPLICIT))


def _enter(data: bytes, at: int, tag: int) -> int:
    """Where the value of the element at `at` starts, which must be a `tag`."""
    found = _element(data, at, len(data))
    if found.tag != tag:
        raise _Bad
    return found.start


def _element(data: bytes, at: int, limit: int) -> _Element:
    tag, first = data[at], data[at + 1]
    start = at + 2
    if first == 0x80:
        return _Element(tag, start, limit, True)
    if first > 0x80:
        size = first & 0x7F
        first = int.from_bytes(data[start : start + size], "big")
        start += size
        if size > 4:
            raise _Bad
    return _Element(tag, start, min(start + first, limit), False)


def _after(data: bytes, at: int, depth: int = 0) -> int:
    """Where the next element starts."""
    found = _element(data, at, len(data))
    if not found.indefinite:
        return found.end
    if depth > _MAX_DEPTH:
        raise _Bad
    at = found.start
    while data[at : at + 2] != b"\0\0":
        at = _after(data, at, depth + 1)
    return at + 2


def _octets(data: bytes, at: int) -> bytes:
    """An octet string, whole or in pieces."""
    found = _element(data, at, len(data))
    if found.tag == _OCTETS:
        return data[found.start : found.end]
    if found.tag != _OCTETS_IN_PIECES:
        raise _Bad
    pieces: list[bytes] = []
    at = found.start
    for _ in range(_MOST_PIECES):
        if at >= found.end or data[at : at + 2] == b"\0\0":
            break
        piece = _element(data, at, len(data))
        if piece.tag == _OCTETS:
            pieces.append(data[piece.start : piece.end])
        elif piece.tag != _OCTETS_IN_PIECES or not piece.indefinite:
            raise _Bad
        at = piece.end if piece.tag == _OCTETS else piece.start
    return b"".join(pieces)
