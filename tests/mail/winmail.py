"""winmail.dat files built for tests (MS-OXTNEF), piece by piece."""

from __future__ import annotations

import struct
from base64 import encodebytes

from tests.mail.letters import letter

HEAD = b"\x78\x9f\x3e\x22\x01\x00"
TEXT, UNICODE, BINARY, OBJECT = 0x1E, 0x1F, 0x102, 0x0D
BODY, HTML, RTF, SUBJECT = 0x1000, 0x1013, 0x1009, 0x37
LONG_NAME, DATA, CONTENT_ID, TYPE, SENDER, SENDER_NAME = 0x3707, 0x3701, 0x3712, 0x370E, 0x5D01, 0x0C1A


def attribute(level: int, number: int, data: bytes) -> bytes:
    return bytes([level]) + struct.pack("<II", number, len(data)) + data + b"\0\0"


def prop(kind: int, number: int, data: bytes) -> bytes:
    padded = data + b"\0" * (-len(data) % 4)
    return struct.pack("<HHII", kind, number, 1, len(data)) + padded


def props(*each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + b"".join(each)


def message(*each: bytes) -> bytes:
    """The properties of the message."""
    return attribute(1, 0x69003, props(*each))


def file(name: str, content: bytes, *more: bytes) -> bytes:
    """A file with its short name, and its other properties."""
    return (
        attribute(2, 0x69002, b"\0" * 14)
        + attribute(2, 0x18010, name.encode("cp1252") + b"\0")
        + attribute(2, 0x6800F, content)
        + (attribute(2, 0x69005, props(*more)) if more else b"")
    )


def uncompressed(rtf: bytes) -> bytes:
    return struct.pack("<II", len(rtf) + 12, len(rtf)) + b"MELA\0\0\0\0" + rtf


def compressed(payload: bytes, size: int) -> bytes:
    return struct.pack("<II", len(payload) + 12, size) + b"LZFu\0\0\0\0" + payload


def mail(*pieces: bytes, text: str = "") -> bytes:
    """A mail with a text and a winmail.dat of these pieces."""
    parts = f"--w\r\nContent-Type: text/plain\r\n\r\n{text}\r\n".encode() if text else b""
    body = (
        parts
        + b"--w\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes(HEAD + b"".join(pieces))
        + b"--w--\r\n"
    )
    return letter('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="w"', body)
