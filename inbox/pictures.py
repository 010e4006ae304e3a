"""Pictures within words of ours: named as the mail names them (``cid:``, RFC 2392), shown from an address of
ours, and copied to every message that carries them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from inbox import files
from inbox.models import Attachment

_PICTURE = re.compile(r"<img((?: [a-z-]+=\"[^\"]*\")*)>")
_SOURCE = re.compile(r" src=\"([^\"]*)\"")
_SHOWN_AT = re.compile(r"/files/([\w-]{20,60})/inline")


def made(filename: str, content_type: str, content: bytes, *, inline: bool = True) -> Attachment:
    """A file that is kept and belongs to nothing yet; an ``inline`` one has a name by which words show it."""
    return Attachment(
        filename=filename[:255],
        content_type=content_type[:255],
        size=len(content),
        sha256=files.put(content),
        inline=inline,
        content_id=f"{secrets.token_hex(12)}@inline" if inline else "",
    )


def keep(html: str, pictures: Iterable[Attachment]) -> tuple[str, list[Attachment]]:
    """Cleaned words whose pictures are among these, as ``cid:``, and those that are shown. Any other picture
    goes."""
    by_name = {name: file for file in pictures if file.content_id for name in (file.token, file.content_id)}
    shown: dict[int, Attachment] = {}

    def named(image: re.Match[str]) -> str:
        found = _SOURCE.search(image[1])
        source = found[1] if found else ""
        at = _SHOWN_AT.fullmatch(source)
        file = by_name.get(at[1] if at else source.removeprefix("cid:"))
        if file is None:
            return ""
        shown[file.id] = file
        return _at(image, f"cid:{file.content_id}")

    return _PICTURE.sub(named, html), list(shown.values())


def show(html: str, pictures: Iterable[Attachment]) -> str:
    """The same words for the screen."""
    addresses = {
        f"cid:{file.content_id}": f"/files/{file.token}/inline" for file in pictures if file.content_id
    }

    def shown(image: re.Match[str]) -> str:
        found = _SOURCE.search(image[1])
        address = addresses.get(found[1]) if found else None
        return _at(image, address) if address else ""

    return _PICTURE.sub(shown, html)


def _at(image: re.Match[str], address: str) -> str:
    attributes = _SOURCE.sub(f' src="{address}"', image[1])
    return f"<img{attributes}>"


def are_in(html: str) -> bool:
    """Whether these words show any: most do not, and then nobody has to look for their files."""
    return "cid:" in html


def copies(html: str, pictures: Iterable[Attachment]) -> list[Attachment]:
    """Those that these words show, under the same names, for a message that carries the words."""
    same = ("filename", "content_type", "size", "sha256", "inline", "content_id")
    return [
        Attachment(**{name: getattr(file, name) for name in same})
        for file in pictures
        if f'"cid:{file.content_id}"' in html
    ]
