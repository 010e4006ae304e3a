"""Files that customers send along: a photo of a pot with a crack, an invoice. Drawn, not photographed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

SIZE = 160
CLAYS = ((186, 103, 72), (201, 148, 104), (94, 112, 108), (222, 205, 180), (70, 92, 122), (150, 84, 66))


@dataclass(frozen=True, slots=True)
class Paper:
    """A file; ``key`` says which, so that it is drawn once."""

    filename: str
    content_type: str
    key: str

    def content(self) -> bytes:
        kind, _dash, said = self.key.partition("-")
        return photo(int(said)) if kind == "photo" else document(said)


def picture(number: int, filename: str) -> Paper:
    return Paper(filename, "image/png", f"photo-{number}")


def invoice(order: str, filename: str) -> Paper:
    return Paper(filename, "application/pdf", f"invoice-{order}")


@cache
def photo(number: int) -> bytes:
    """A bowl on a table, with a crack somewhere."""
    dice = Random(number)
    clay = CLAYS[number % len(CLAYS)]
    wall, table = dice.randrange(200, 240), dice.randrange(120, 170)
    crack = _crack(dice)
    rows = b"".join(b"\0" + bytes(_line(y, clay, wall, table, crack.get(y))) for y in range(SIZE))
    return _png(rows)


def _crack(dice: Random) -> dict[int, int]:
    x, found = dice.randrange(50, 110), {}
    for y in range(62, 62 + dice.randrange(25, 50)):
        x += dice.choice((-1, 0, 1, 1))
        found[y] = x
    return found


def _line(y: int, clay: tuple[int, int, int], wall: int, table: int, crack: int | None) -> Iterator[int]:
    for x in range(SIZE):
        inside = (x - 80) ** 2 / 60**2 + (y - 60) ** 2 / 62**2 < 1 and y >= 60
        rim = (x - 80) ** 2 / 60**2 + (y - 60) ** 2 / 12**2 < 1
        if crack is not None and abs(x - crack) < 1 and (inside or rim):
            yield from (40, 30, 26)
        elif rim:
            yield from (part * 3 // 4 for part in clay)
        elif inside:
            yield from (max(0, part - abs(x - 60) // 3) for part in clay)
        elif y > 110:
            yield from (table, table - 20, table - 45)
        else:
            yield from (wall, wall - 4, wall - 10)


def _png(rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    )


@cache
def document(order: str) -> bytes:
    """One page that says which order it is about (PDF 1.4)."""
    words = (
        f"BT /F1 18 Tf 60 760 Td (Barro & Linho  -  pedido {order}) Tj "
        "0 -30 Td /F1 11 Tf (Nota fiscal, via do cliente) Tj ET"
    )
    things = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(words)} >>\nstream\n{words}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    said, places = "%PDF-1.4\n", []
    for number, thing in enumerate(things, 1):
        places.append(len(said))
        said += f"{number} 0 obj\n{thing}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start = len(said)
    said += f"xref\n0 {len(things) + 1}\n0000000000 65535 f \n{table}"
    said += f"trailer\n<< /Size {len(things) + 1} /Root 1 0 R >>\n"
    return (said + f"startxref\n{start}\n%%EOF\n").encode()
