"""Pictures from outside: what is drawn anew, and what is never decoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from inbox.mail import limits
from inbox.mail.reader import Reader
from inbox.mail.values import Unreadable
from tests.mail.pictures import bomb, drawing, moving


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as made:
        yield made


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_drawn_anew_and_fits(reader: Reader, kind: str) -> None:
    made = reader.draw(drawing(300, 200, kind), 150, 150)
    assert (made.width, made.height) == opened(made.content).size == (150, 100)
    assert made.content_type in ("image/png", "image/jpeg")


def test_a_small_picture_keeps_its_size_and_its_holes(reader: Reader) -> None:
    made = reader.draw(drawing(30, 20, "PNG", "RGBA"), 150, 150)
    assert (made.content_type, made.width, made.height) == ("image/png", 30, 20)
    assert opened(made.content).getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_nothing_but_its_pixels_survives(reader: Reader) -> None:
    hidden = b"<script>alert(1)</script>"
    exif = Image.Exif()
    exif[0x010E] = hidden.decode()  # ImageDescription
    for content in (
        drawing(30, 20, "JPEG", exif=exif, comment=hidden) + hidden,
        drawing(30, 20, "PNG", exif=exif) + hidden,
        drawing(30, 20, "GIF", comment=hidden),
    ):
        made = reader.draw(content, 150, 150, moving=True)
        assert hidden not in made.content and not opened(made.content).getexif()


def test_a_photo_taken_sideways_stands_upright(reader: Reader) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation
    made = reader.draw(drawing(300, 200, "JPEG", exif=exif), 1000, 1000)
    assert (made.width, made.height) == (200, 300)


def test_a_printers_colours_become_a_screens(reader: Reader) -> None:
    made = reader.draw(drawing(30, 20, "JPEG", "CMYK"), 100, 100)
    assert opened(made.content).mode == "RGB"


def test_an_animation_is_kept_where_it_is_small_and_wanted(reader: Reader) -> None:
    small, huge = moving(40, 30, 5), moving(400, 300, 121)
    assert opened(reader.draw(small, 100, 100, moving=True).content).n_frames == 5  # type: ignore[attr-defined]
    assert reader.draw(small, 100, 100).content_type == "image/png"
    assert reader.draw(huge, 1000, 1000, moving=True).content_type == "image/png"


def test_attack_17_a_picture_of_too_many_pixels_is_not_decoded(reader: Reader) -> None:
    for wide, high in ((50_000, 50_000), (8_000, 6_000)):
        with pytest.raises(Unreadable) as refused:
            reader.draw(bomb(wide, high), 100, 100)
        assert refused.value.code == "too_large"
    assert reader.draw(drawing(3, 3, "PNG"), 9, 9).width == 3  # and the next one is drawn


def test_attack_17_a_large_photo_is_decoded_small(reader: Reader) -> None:
    made = reader.draw(drawing(9_000, 6_000, "JPEG"), 160, 160)
    assert max(made.width, made.height) == 160


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
        b"\xff\xd8\xff\xe0" + b"\0" * 64,
        drawing(30, 20, "PNG")[:60],
        drawing(30, 20, "TIFF"),
        drawing(30, 20, "BMP"),
        drawing(30, 20, "ICO"),
        b"II*\0" + b"\xff" * 100,
        zlib.compress(b"x" * 1000),
        struct.pack("<4sI4s", b"RIFF", 2**31, b"WEBP") + b"VP8 " + b"\xff" * 50,
    ],
)
def test_attack_17_what_is_no_raster_picture_is_refused(reader: Reader, content: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        reader.draw(content, 100, 100)
    assert refused.value.code == "broken"


def test_a_file_that_is_too_large_never_reaches_the_child() -> None:
    reader = Reader()
    with pytest.raises(Unreadable) as refused:
        reader.draw(b"x" * (limits.MAX_PICTURE_BYTES + 1), 9, 9)
    assert refused.value.code == "too_large" and reader._child is None


def test_mail_is_read_before_and_after_a_picture(reader: Reader) -> None:
    mail = b"From: a@x.example\r\nSubject: Cup\r\n\r\nHello"
    assert reader.read(mail).subject == "Cup"
    reader.draw(drawing(9, 9, "GIF"), 9, 9)
    assert reader.read(mail).subject == "Cup"
