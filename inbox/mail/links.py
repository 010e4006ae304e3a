"""Where links lead: said for each, and said aloud where a link claims to lead somewhere else.

It reads HTML that `clean` wrote, where every tag and value has one form; nothing else is understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import unquote

from inbox.mail.domains import aligned

LONGEST = 200

# Whole tags are stepped over, so that no `</a>` inside a quoted value ends a link.
_LINK = re.compile(r"""<a((?: [a-z-]+="[^"]*+")*+)>((?:[^<]++|<(?!/a>)(?:[^"<>]++|"[^"]*+")*+>)*+)</a>""")
_HREF = re.compile(r' href="([^"]*)"')
_TITLE = re.compile(r' title="[^"]*"')
_TAG = re.compile(r"<[^<>]*>")
_WEB = re.compile(r"https?:/*([^/?#]*)", re.IGNORECASE)
_MAIL = re.compile(r"mailto:/*([^?#]*)", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")
_NAMED = re.compile(
    r"(https?://|www\.)?(?:[^/?#@]*@)?((?:[\w-]+\.)+[^\W\d_]{2,24})\.?(?::\d+)?(?:[/?#].*)?", re.I
)
# Names of files read like names of hosts; these endings are no country's, or hardly.
_FILES = {
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "csv", "txt", "rtf", "html", "htm",
    "php", "js", "css", "py", "json", "xml", "yml", "md", "zip", "rar", "gz", "tar", "exe", "dmg", "jpg",
    "jpeg", "png", "gif", "svg", "webp", "mp", "mov", "avi", "wav", "eml", "ics", "vcf",
}  # fmt: skip


def marked(html: str, warning: Callable[[str], str]) -> str:
    """Every link with where it leads as its title; one that names another host with the real one behind it.

    `warning` makes a sentence of a host, in the reader's language.
    """

    def mark(link: re.Match[str]) -> str:
        href = _HREF.search(link[1])
        if href is None:
            return link[0]
        target = unescape(href[1])
        title = f' title="{escape(readable(target))}"'
        said = f"<a{_TITLE.sub('', link[1])}{title}>{link[2]}</a>"
        if not deceives(unescape(_TAG.sub("", link[2])), target):
            return said
        sentence = escape(warning(whom(target)))
        return f'{said} <strong class="elsewhere">{sentence}</strong>'

    whole = html.count("<a ") + html.count("<a>") <= html.count("</a>")  # else the search would be quadratic
    return _LINK.sub(mark, html) if whole else html


def readable(target: str) -> str:
    """An address as one line, its host in the letters DNS knows it by: раураl.com is not paypal.com."""
    shown = target
    if (web := _WEB.match(_plain(target))) and (host := host_of(target)):
        shown = host + _plain(target)[web.end() :]
    elif mail := _MAIL.match(_plain(target)):
        shown = unquote(mail[1])
    shown = "".join(c if c.isprintable() else "\ufffd" for c in shown.strip("/"))
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def host_of(target: str) -> str:
    """The host a browser would call, as DNS writes it; '' for what is no web address."""
    web = _WEB.match(_plain(target))
    if web is None:
        return ""
    host = unquote(web[1].rpartition("@")[2])
    host = host if host.startswith("[") else host.partition(":")[0]
    return _ascii(host.lower().rstrip("."))


def whom(target: str) -> str:
    """Host or mail address: what a link that deceives is warned of by."""
    mail = _MAIL.match(_plain(target))
    return unquote(mail[1])[:LONGEST] if mail else host_of(target)[:LONGEST]


def deceives(text: str, target: str) -> bool:
    """Whether the words of a link name another place than the one it leads to, or look-alike letters hide
    it.
    """
    host = host_of(target)
    if host and looks_alike(host):
        return True
    said = _INVISIBLE.sub("", text)
    named = _NAMED.fullmatch(said) if "." in said and len(said) < 2_000 else None
    if named is None or (not named[1] and "@" not in said and named[2].rpartition(".")[2].lower() in _FILES):
        return False
    if mail := _MAIL.match(_plain(target)):
        return "@" in said and said.lower() != unquote(mail[1]).strip().lower()
    shown = _ascii(named[2].lower())
    return bool(host) and shown.removeprefix("www.") != host.removeprefix("www.") and not aligned(shown, host)


def looks_alike(host: str) -> bool:
    """Whether a name mixes alphabets, or writes Latin-looking words in another one (UTS 39, in short)."""
    return any(_deceptive(_unicode(label)) for label in host.split(".") if label.startswith("xn--"))


_LOOKS_LATIN = set("аеорсухіјѕһԁԛԝькмнтвгѵӏүґαοινυρτκεγ")


def _deceptive(label: str) -> bool:
    scripts = {unicodedata.name(c, "?").split()[0] for c in label if c.isalpha()}
    if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}:
        return True
    letters = {c for c in label if c.isalpha()}
    return bool(letters) and letters <= _LOOKS_LATIN


def _plain(target: str) -> str:
    """As a browser reads it: without tabs and line ends, and with every slash the same way round."""
    return re.sub(r"[\t\r\n]", "", target).strip("".join(map(chr, range(33)))).replace("\\", "/")


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode().lower()
    except UnicodeError:
        return "".join(c if c.isascii() else f"%{ord(c):x}" for c in host)


def _unicode(label: str) -> str:
    try:
        return label.removeprefix("xn--").encode().decode("punycode")
    except UnicodeError:
        return label
