"""What the parent and its reading child say to each other: frames, and a `Mail` as JSON with its files behind
it.

A frame is its length in eight bytes and that many bytes. A question is two frames: what to do (`MAIL`, or
`draw 640 480` for a picture of at most that size, and how) and the bytes to do it with. An answer is one
frame of JSON and one frame for each attachment or picture. No pickle: the child may have been taken over by a
mail.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from inbox.mail.values import Address, Attachment, Delivery, Mail, Picture, Unreadable

_LENGTH = struct.Struct(">Q")
MAX_FRAME = 512 * 1024**2

MAIL = b"mail"
DRAW = b"draw"

ReadExactly = Callable[[int], bytes]


def frame(data: bytes) -> bytes:
    """`data` with its length before it."""
    return _LENGTH.pack(len(data)) + data


def read_frame(read: ReadExactly) -> bytes:
    """The next frame. ValueError when its length cannot be true; `read` raises when there is no more."""
    (length,) = _LENGTH.unpack(read(_LENGTH.size))
    if length > MAX_FRAME:
        raise ValueError("A frame of this length is not sent.")
    return read(length)


def answer(mail: Mail) -> list[bytes]:
    """A mail as frames' contents: JSON, then each file."""
    said = json.dumps({"mail": mail}, default=_plain)
    return [said.encode(), *(file.content for file in mail.attachments)]


def _plain(value: Any) -> Any:
    """What JSON knows in place of a moment, or of one of our values; a file's bytes follow by themselves."""
    if isinstance(value, datetime):
        return value.isoformat()
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "content"}


def drawn(picture: Picture) -> list[bytes]:
    """A picture as frames' contents: JSON, then its bytes."""
    said = {"type": picture.content_type, "width": picture.width, "height": picture.height}
    return [json.dumps({"picture": said}).encode(), picture.content]


def refusal(error: Unreadable) -> list[bytes]:
    """Why a mail is not read, as the contents of one frame."""
    return [json.dumps({"error": {"reason": error.reason, "code": error.code}}).encode()]


def understand(read: ReadExactly) -> Mail:
    """The child's answer as a `Mail`. Raises the child's `Unreadable`, or ValueError and the like for
    nonsense.
    """
    mail = _said(read)["mail"]
    files = tuple(Attachment(content=read_frame(read), **file) for file in mail.pop("attachments"))
    if any(file.size != len(file.content) for file in files):
        raise ValueError("A file did not come whole.")
    date = mail.pop("date")
    return Mail(
        attachments=files,
        date=datetime.fromisoformat(date) if date else None,
        from_=Address(**mail.pop("from_")),
        sender=Address(**mail.pop("sender")),
        reply_to=_people(mail.pop("reply_to")),
        to=_people(mail.pop("to")),
        cc=_people(mail.pop("cc")),
        headers=tuple((name, value) for name, value in mail.pop("headers")),
        deliveries=tuple(Delivery(**delivery) for delivery in mail.pop("deliveries")),
        references=tuple(mail.pop("references")),
        delivered_to=tuple(mail.pop("delivered_to")),
        notes=tuple(mail.pop("notes")),
        reported_ids=tuple(mail.pop("reported_ids")),
        forwarded_from=Address(**forwarded) if (forwarded := mail.pop("forwarded_from")) else None,
        **mail,
    )


def understand_picture(read: ReadExactly) -> Picture:
    """The child's answer as a `Picture`; raises as `understand`."""
    said = _said(read)["picture"]
    kind, wide, high = str(said["type"]), int(said["width"]), int(said["height"])
    if kind not in ("image/png", "image/jpeg", "image/gif"):
        raise ValueError("A picture is drawn in one of three ways.")
    return Picture(kind, read_frame(read), wide, high)


def _said(read: ReadExactly) -> dict[str, Any]:
    said = json.loads(read_frame(read))
    if "error" in said:
        raise Unreadable(str(said["error"]["reason"])[:500], str(said["error"]["code"])[:40])
    return dict(said)


def _people(said: Sequence[dict[str, Any]]) -> tuple[Address, ...]:
    return tuple(Address(**person) for person in said)
