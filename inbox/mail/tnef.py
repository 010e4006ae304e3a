"""winmail.dat, what Outlook sends to those it takes for Outlook too (MS-OXTNEF): its text, its files, and the
mails inside it.

Nothing in it is bigger than what was sent, except its compressed text, which `rtf` bounds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from inbox.mail import filenames, limits, nested, rtf
from inbox.mail.charsets import decode, sound

_SIGNATURE = b"\x78\x9f\x3e\x22"
_MAX_NESTING = 3
_MOST = 20_000  # attributes
_MOST_PROPERTIES = 1_000  # of one attribute, and values of one property

# Attributes (MS-OXTNEF section 2.1.3.2), by the low half of their number.
_BODY, _FILE_DATA, _FILE_TITLE = 0x800C, 0x800F, 0x8010
_FILE_BEGINS, _PROPERTIES, _FILE_PROPERTIES, _CODE_PAGE = 0x9002, 0x9003, 0x9005, 0x9007
# Properties (MS-OXPROPS).
_P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_CODE_PAGE = 0x0037, 0x1000, 0x1009, 0x1013, 0x3FDE
_P_SENDER_NAME, _P_SENDER, _P_NAME, _P_DATA = 0x0C1A, 0x5D01, 0x3001, 0x3701
_P_SHORT_NAME, _P_LONG_NAME, _P_TYPE, _P_CONTENT_ID = 0x3704, 0x3707, 0x370E, 0x3712
_FIXED = {
    0x0000: 0, 0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4,
    0x000B: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}  # fmt: skip
_TEXT, _UNICODE, _OBJECT = 0x001E, 0x001F, 0x000D
_SEVERAL = 0x1000


@dataclass
class Item:
    """One file; `content_id` is '' unless the HTML may show it."""

    name: str = ""
    content_type: str = ""
    content: bytes = b""
    content_id: str = ""


@dataclass
class Parcel:
    """What a winmail.dat holds."""

    subject: str = ""
    sender_name: str = ""
    sender: str = ""
    text: str = ""
    html: str = ""
    files: list[Item] = field(default_factory=list)


def read(data: bytes) -> Parcel | None:
    """What is in it, as far as it can be read; None when it is no TNEF."""
    return _Reader(0).read(data)


class _Reader:
    def __init__(self, nesting: int) -> None:
        self.nesting = nesting
        self.parcel = Parcel()
        self.charset = ""
        self.rtf = b""

    def read(self, data: bytes) -> Parcel | None:
        if not data.startswith(_SIGNATURE):
            return None
        for number, value in _attributes(data):
            self._attribute(number, value)
        self.parcel.files = [file for file in self.parcel.files if file.content or file.name]
        for file in self.parcel.files:
            file.content_type = file.content_type or filenames.kind(file.name)
        self._body()
        return self.parcel

    def _attribute(self, number: int, value: bytes) -> None:
        files = self.parcel.files
        if number == _CODE_PAGE and len(value) >= 4:
            self.charset = f"cp{int.from_bytes(value[:4], 'little')}"
        elif number == _BODY:
            self.parcel.text = self._text(value)
        elif number == _PROPERTIES:
            self._message(value)
        elif number == _FILE_BEGINS and len(files) < limits.MAX_PARTS:
            files.append(Item())
        elif files and number == _FILE_TITLE:
            files[-1].name = self._text(value)
        elif files and number == _FILE_DATA:
            files[-1].content = value
        elif files and number == _FILE_PROPERTIES:
            self._file(files[-1], value)

    def _message(self, data: bytes) -> None:
        found = _properties(data)
        if page := found.get(_P_CODE_PAGE):
            self.charset = f"cp{int.from_bytes(page[1][:4], 'little')}"
        parcel = self.parcel
        parcel.text = self._string(found, _P_BODY) or parcel.text
        parcel.html = self._string(found, _P_HTML)
        parcel.subject = self._string(found, _P_SUBJECT)
        parcel.sender_name = self._string(found, _P_SENDER_NAME)
        parcel.sender = self._string(found, _P_SENDER)
        self.rtf = found.get(_P_RTF, (0, b""))[1]

    def _file(self, item: Item, data: bytes) -> None:
        found = _properties(data)
        item.name = (
            self._string(found, _P_LONG_NAME)
            or self._string(found, _P_SHORT_NAME)
            or self._string(found, _P_NAME)
            or item.name
        )
        item.content_type = self._string(found, _P_TYPE).lower()
        item.content_id = self._string(found, _P_CONTENT_ID).strip("<> ")
        kind, content = found.get(_P_DATA, (0, b""))
        if kind == _OBJECT:  # an embedded object, behind the identifier of its interface
            self._object(item, content[16:])
        elif content:
            item.content = content

    def _object(self, item: Item, content: bytes) -> None:
        inner = _Reader(self.nesting + 1).read(content) if self.nesting < _MAX_NESTING else None
        item.content = content
        if inner is not None:
            item.name, item.content_type = f"{inner.subject or item.name}.eml", "message/rfc822"
            item.content = nested.as_mail(inner)

    def _body(self) -> None:
        """HTML as such or hidden in the RTF; else text; else what the RTF says."""
        parcel = self.parcel
        if self.rtf and not parcel.html:
            source = rtf.decompress(self.rtf)
            parcel.html = rtf.html(source)
            if not parcel.html and not parcel.text.strip():
                parcel.text = rtf.text(source)
        parcel.text = parcel.text.replace("\r\n", "\n").replace("\r", "\n")

    def _string(self, found: dict[int, tuple[int, bytes]], number: int) -> str:
        kind, value = found.get(number, (0, b""))
        if kind == _UNICODE:
            return sound(value.decode("utf-16-le", "replace"))
        return self._text(value)

    def _text(self, value: bytes) -> str:
        return decode(value.rstrip(b"\0"), self.charset)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, value) of each, up to the first that cannot be whole."""
    at = 6  # the signature and a key that nobody uses
    for _ in range(_MOST):
        if at + 9 > len(data) or data[at] not in (1, 2):
            return
        number, size = struct.unpack_from("<II", data, at + 1)
        at += 9
        yield number & 0xFFFF, data[at : at + size]
        at += size + 2  # a checksum


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    """The type and first value of each property (MS-OXTNEF section 2.1.3.4)."""
    found: dict[int, tuple[int, bytes]] = {}
    try:
        (count,) = struct.unpack_from("<I", data, 0)
        at = 4
        for _ in range(min(count, _MOST_PROPERTIES)):
            kind, number = struct.unpack_from("<HH", data, at)
            at = _after_name(data, at + 4) if number >= 0x8000 else at + 4
            value, at = _value(data, at, kind)
            found.setdefault(number, (kind & ~_SEVERAL, value))
    except struct.error:  # it was cut off: what came before stands
        pass
    return found


def _after_name(data: bytes, at: int) -> int:
    """Behind the name of a property that has one."""
    (kind,) = struct.unpack_from("<I", data, at + 16)
    if kind == 0:
        return at + 24
    (size,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + size + -size % 4


def _value(data: bytes, at: int, kind: int) -> tuple[bytes, int]:
    """The first value of a property, and where the next property starts."""
    size = _FIXED.get(kind & ~_SEVERAL)
    count = 1
    if size is None or kind & _SEVERAL:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    first: bytes | None = None
    if count > _MOST_PROPERTIES:
        raise struct.error("nobody has so many")
    if size is not None:
        return data[at : at + size], at + size * count
    for _ in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        if first is None:
            first = data[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4
    return first or b"", at
