"""HTML that strangers or agents wrote, made safe to keep and to show. nh3 (ammonia) does the work; this is
the list.

Safety has three layers: this cleaning, a sandboxed frame without scripts, and that frame's
Content-Security-Policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

import nh3

from inbox.mail import allowed
from inbox.mail.flatten import flatten
from inbox.mail.lines import to_text

__all__ = [
    "clean",
    "clean_flat",
    "clean_written",
    "remote_sources",
    "rewrite_images",
    "to_text",
    "trackers",
]

_LINK = re.compile(r"(?:https?:|mailto:|tel:)", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_LOADING = re.compile(r"url|image-set|expression|@|\\|javascript|behavio|/\*|&|<", re.IGNORECASE)
_ONLY_NUMBERS = {
    "width",
    "height",
    "border",
    "hspace",
    "vspace",
    "cellpadding",
    "cellspacing",
    "colspan",
    "rowspan",
}
_SIZE = re.compile(r"\s*\d{1,5}(?:\.\d+)?\s*(?:%|px|pt)?\s*")
# Most senders paint with the short property, which may load things: of it only the colour is kept.
_PAINT = re.compile(
    r"background\s*:\s*(#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\d.,%/\s]{1,60}\)|[a-z]{3,30})(?![^\s!])",
    re.IGNORECASE,
)
_PULLED = re.compile(r"(?:margin|text-indent|letter-spacing|word-spacing)[^:]{0,10}:[^;]{0,100}-\s*[\d.]")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_REL = "noopener noreferrer"


def clean(html: str) -> str:
    """A stranger's HTML, safe to store. Images keep `cid:`, `data:` and remote sources: see
    `rewrite_images`.
    """
    flat, _ = flatten(html)
    return clean_flat(flat)


def clean_flat(html: str) -> str:
    """`clean` for HTML that is known to be small and shallow."""
    return _MAIL.clean(html)


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    """The value of an attribute, or None to drop it."""
    value = value.strip()
    if attribute == "href":
        return value if _LINK.match(value) else None
    if attribute == "src":
        return value if _image_source(value) else None
    if attribute == "style":
        return _style(value)
    if attribute in _ONLY_NUMBERS:
        return value if _SIZE.fullmatch(value) else None
    return value


def _image_source(value: str) -> bool:
    if value[:5].lower() == "data:":
        return _DATA_IMAGE.fullmatch(value) is not None
    return value[:4].lower() == "cid:" or value[:7].lower() == "http://" or value[:8].lower() == "https://"


def _style(value: str) -> str | None:
    """Declarations that load nothing and leave their place: no url(), no negative margins, no escapes."""
    parts = [_painted(part.strip()) for part in value[:10_000].split(";")]
    kept = [part for part in parts if part and not _LOADING.search(part) and not _PULLED.match(part)]
    return ";".join(kept) or None


def _painted(declaration: str) -> str:
    found = _PAINT.match(declaration)
    return f"background-color:{found[1]}" if found else declaration


_MAIL = nh3.Cleaner(
    tags=set(allowed.TAGS.split()),
    clean_content_tags=set(allowed.DROPPED_WHOLE.split()),
    attributes=allowed.ATTRIBUTES,
    attribute_filter=_allowed,
    filter_style_properties=set(allowed.STYLES.split()),
    set_tag_attribute_values={"a": {"target": "_blank"}},
    url_schemes=allowed.SCHEMES,
    link_rel=_REL,
    strip_comments=True,
)


def clean_written(html: str, *, mentions: bool = False) -> str:
    """What an agent wrote in the composer, down to the few tags it offers. Images come from the mail or from
    us. ``mentions`` keeps colleagues who are named, which only a note may: ``<data value="3">``.
    """
    flat, _ = flatten(html)
    return (_NOTE if mentions else _WRITTEN).clean(flat)


def _allowed_written(tag: str, attribute: str, value: str) -> str | None:
    value = value.strip()
    if attribute == "href":
        return value if _LINK.match(value) else None
    if attribute == "src":
        local = value.startswith("/") and not value.startswith(("//", "/\\"))
        return value if local or value[:4].lower() == "cid:" else None
    if tag == "data":
        return value if _NUMBER.fullmatch(value) else None
    return value


def _cleaner_of(**more: set[str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(allowed.WRITTEN_TAGS.split()) | more.keys(),
        clean_content_tags=set(allowed.DROPPED_WHOLE.split()),
        attributes=allowed.WRITTEN_ATTRIBUTES | more,
        attribute_filter=_allowed_written,
        url_schemes=allowed.WRITTEN_SCHEMES,
        link_rel=_REL,
        strip_comments=True,
    )


_WRITTEN = _cleaner_of()
_NOTE = _cleaner_of(data={"value"})


def rewrite_images(
    html: str, url_for_cid: Callable[[str], str | None], url_for_remote: Callable[[str], str] | None = None
) -> str:
    """Cleaned HTML for showing: `cid:` becomes our address, and so do remote images where `url_for_remote`
    has one for them; else they wait in `data-remote`. What only counts who reads goes altogether.
    """
    if "<img" not in html:
        return html

    def source(tag: str, attribute: str, value: str) -> str | None:
        if attribute != "src":
            return _allowed(tag, attribute, value)
        if value[:4].lower() == "cid:":
            return url_for_cid(value[4:]) or None
        return value

    return _IMAGE.sub(lambda image: _shown(image[1], url_for_remote), _showing(source).clean(html))


def _showing(source: Callable[[str, str, str], str | None]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(allowed.TAGS.split()),
        clean_content_tags=set(allowed.DROPPED_WHOLE.split()),
        attributes=allowed.ATTRIBUTES,
        attribute_filter=source,
        filter_style_properties=set(allowed.STYLES.split()),
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes=allowed.SCHEMES,
        link_rel=_REL,
    )


# nh3 writes `<img a="…" b="…">` with every quote and `>` inside a value escaped or quoted: this reads only
# that.
_IMAGE = re.compile(r"<img((?: [a-z-]+=\"[^\"]*\")*)>")
_REMOTE_SRC = re.compile(r" src=\"(https?://[^\"]*)\"", re.IGNORECASE)
_SIDE = re.compile(
    r"(?:[ ;\"](?:min-|max-)?(?:width|height))(?:=\"|:)\s*(\d+)(?:\.\d+)?\s*(%?)", re.IGNORECASE
)
_HIDDEN = re.compile(r"display:\s*none", re.IGNORECASE)


def remote_sources(html: str) -> list[str]:
    """The addresses of a cleaned mail's remote images, in order, without those that only count readers."""
    sources = (_REMOTE_SRC.search(image) for image in _IMAGE.findall(html) if not _counts(image))
    return [unescape(source[1]) for source in sources if source]


def trackers(html: str) -> int:
    """How many remote images of a cleaned mail are there to be fetched and not to be seen."""
    return sum(1 for image in _IMAGE.findall(html) if _REMOTE_SRC.search(image) and _counts(image))


def _counts(attributes: str) -> bool:
    """Whether an image is a pixel or hidden: fetched, it tells that somebody read, and shows nothing."""
    sides = [int(number) if not percent else 100 for number, percent in _SIDE.findall(attributes)]
    return bool(_HIDDEN.search(attributes)) or (bool(sides) and max(sides) <= 2)


def _shown(attributes: str, url_for_remote: Callable[[str], str] | None) -> str:
    remote = _REMOTE_SRC.search(attributes)
    if remote is not None and _counts(attributes):
        return ""
    if ' alt="' not in attributes:
        attributes += ' alt=""'  # else its file's name is read aloud
    if remote is None:
        return f"<img{attributes}>"
    name, value = (
        ("src", escape(url_for_remote(unescape(remote[1])))) if url_for_remote else ("data-remote", remote[1])
    )
    return f'<img{attributes[: remote.start()]} {name}="{value}"{attributes[remote.end() :]}>'
