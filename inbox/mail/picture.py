"""Pictures from outside, drawn anew: what is shown is made of their pixels and of none of their bytes.

Only in the reading child: a picture that takes its decoder's time, memory or life takes nothing else. Its
size is known from its head, so what is too large is refused before a pixel is decoded. SVG and EPS are
programs, not pictures, and are never opened.
"""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps, ImageSequence

from inbox.mail.values import Picture, Unreadable

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_PIXELS = 40_000_000
MAX_MOVING_PIXELS = 12_000_000  # of all frames together; beyond it the first one stands still
MAX_DRAWN_PIXELS = 1_500_000  # of logos and screenshots, which JPEG would smear; larger ones are photos
MAX_FRAMES = 120
QUALITY = 85


def redraw(content: bytes, wide: int, high: int, moving: bool = False, filling: bool = False) -> Picture:
    """The picture within `wide` × `high` pixels, without what it carries beside its pixels.

    `moving` keeps a small animation; `filling` cuts what does not fit, so that it is exactly that large.
    Raises `Unreadable` (`too_large`, or `broken` for what is no picture).
    """
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            if image.format == "JPEG":
                image.draft("RGB", (wide, high))  # decoded at an eighth of its size, if that is enough
            if image.width * image.height > MAX_PIXELS:
                raise Unreadable("This picture has too many pixels.", "too_large")
            if moving and _moves(image):
                return _moving(image, wide, high)
            return _still(image, wide, high, filling)
    except Image.DecompressionBombError:
        raise Unreadable("This picture has too many pixels.", "too_large") from None
    except (OSError, ValueError, SyntaxError, IndexError, TypeError, KeyError):
        raise Unreadable("This is no picture that can be shown.", "broken") from None


def _still(image: Image.Image, wide: int, high: int, filling: bool = False) -> Picture:
    image.seek(0)
    drawing = image.format in ("PNG", "GIF")
    image = ImageOps.exif_transpose(image)
    if filling:
        image = ImageOps.fit(image, (wide, high), Image.Resampling.LANCZOS)
    else:
        image.thumbnail((wide, high), Image.Resampling.LANCZOS, reducing_gap=2)
    clear = image.has_transparency_data
    edges = drawing and image.width * image.height <= MAX_DRAWN_PIXELS
    drawn = _bare(image.convert("RGBA" if clear else "RGB"))
    made = BytesIO()
    if clear or edges:
        drawn.save(made, "PNG", compress_level=4)
        return Picture("image/png", made.getvalue(), *drawn.size)
    drawn.save(made, "JPEG", quality=QUALITY)
    return Picture("image/jpeg", made.getvalue(), *drawn.size)


def _bare(image: Image.Image) -> Image.Image:
    """Without comments, profiles and the like, which saving would write again."""
    image.info.clear()
    return image


def _moves(image: Image.Image) -> bool:
    frames = getattr(image, "n_frames", 1) if image.format == "GIF" else 1
    return 1 < frames <= MAX_FRAMES and frames * image.width * image.height <= MAX_MOVING_PIXELS


def _moving(image: Image.Image, wide: int, high: int) -> Picture:
    if image.width > wide or image.height > high:
        return _still(image, wide, high)
    frames, times = [], []
    for frame in ImageSequence.Iterator(image):
        times.append(max(20, int(frame.info.get("duration", 100))))  # milliseconds; browsers hold to 20
        frames.append(_bare(frame.convert("RGBA")))
    made = BytesIO()
    frames[0].save(
        made, "GIF", save_all=True, append_images=frames[1:], duration=times, disposal=2,
        loop=int(image.info.get("loop", 1)),
    )  # fmt: skip
    return Picture("image/gif", made.getvalue(), *image.size)
