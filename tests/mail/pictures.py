"""Pictures for the tests: honest ones, and one that says it is larger than any screen."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def drawing(wide: int, high: int, kind: str, mode: str = "RGB", **more: Any) -> bytes:
    made = BytesIO()
    Image.new(mode, (wide, high), (200, 60, 20, 0)[: len(mode)]).save(made, kind, **more)
    return made.getvalue()


def moving(wide: int, high: int, frames: int) -> bytes:
    made = BytesIO()
    # each frame differs, for equal ones are put together
    drawn = [Image.new("RGB", (wide, high), (n * 2, 255 - n * 2, 80)) for n in range(frames)]
    drawn[0].save(made, "GIF", save_all=True, append_images=drawn[1:], duration=100, loop=0)
    return made.getvalue()


def bomb(wide: int, high: int) -> bytes:
    """A PNG of a few bytes whose head promises that many pixels."""
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(b""))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
