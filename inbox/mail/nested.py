"""A message that lay inside a winmail.dat, written as a mail of its own; the same bytes every time."""

from __future__ import annotations

from base64 import b64encode, encodebytes
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from inbox.mail.addresses import is_address

if TYPE_CHECKING:
    from inbox.mail.tnef import Item, Parcel

_WORD = 30  # characters in one encoded word


def as_mail(parcel: Parcel) -> bytes:
    """The parcel's text, HTML and files under its subject and sender."""
    letter = _part("text/plain; charset=utf-8", parcel.text.encode())
    if parcel.html:
        letter = _multipart("alternative", [letter, _part("text/html; charset=utf-8", parcel.html.encode())])
    if parcel.files:
        letter = _multipart("mixed", [letter, *map(_file, parcel.files)])
    address = parcel.sender if parcel.sender.isascii() and is_address(parcel.sender) else ""
    head = [f"Subject: {_words(parcel.subject)}", f"From: {_words(parcel.sender_name)} <{address}>"]
    return "".join(line + "\r\n" for line in (*head, "MIME-Version: 1.0")).encode() + letter


def _part(kind: str, content: bytes, disposition: str = "") -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{disposition}\r\n"
    return head.encode() + encodebytes(content).replace(b"\n", b"\r\n")


def _file(item: Item) -> bytes:
    kind = item.content_type if item.content_type.isascii() and item.content_type.isprintable() else ""
    disposition = f"Content-Disposition: attachment; filename*=UTF-8''{quote(item.name[:200], safe='')}\r\n"
    return _part(kind or "application/octet-stream", item.content, disposition)


def _multipart(kind: str, parts: Sequence[bytes]) -> bytes:
    """`_` stands in no base64: the boundary cannot occur in a part."""
    boundary = f"=_{kind}"
    body = b"".join(b"--%s\r\n%s" % (boundary.encode(), part) for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    return head.encode() + body + f"--{boundary}--\r\n".encode()


def _words(text: str) -> str:
    """Text for a header, as encoded words."""
    text = " ".join(text.split())[:1_000]
    pieces = [text[at : at + _WORD].encode("utf-8", "replace") for at in range(0, len(text), _WORD)]
    return "\r\n ".join(f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in pieces)
