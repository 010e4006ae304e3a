"""Bytes to text when the label is missing, wrong or made up (RFC 2978 names, WHATWG habits)."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from charset_normalizer import from_bytes

from inbox.mail import iso2022

# Names seen in mail that mean a superset of what they say.
_MEANT = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "latin-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "euc_kr": "cp949", "shift_jis": "cp932", "big5": "big5hkscs", "iso8859-9": "cp1254", "tis-620": "cp874",
    "iso8859-11": "cp874",
}  # fmt: skip
_ALIASES = {
    "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "unicode-1-1-utf-7": "utf-7", "gbk": "gb18030",
    "sjis": "cp932", "ansi": "cp1252", "utf8mb4": "utf-8", "mac-roman": "mac_roman",
    "mac-cyrillic": "mac_cyrillic", "cn-gb": "gb18030", "hz-gb-2312": "hz", "unicode": "utf-8",
    "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "latin": "cp1252", "cyrillic": "iso8859-5",
    "unicode-2-0-utf-7": "utf-7", "iso-10646-ucs-2": "utf-16-be", "ucs-2": "utf-16-be", "us": "cp1252",
    # Windows code pages that Python knows by other names.
    "cp65000": "utf-7", "cp65001": "utf-8", "cp20127": "cp1252", "cp20866": "koi8-r", "cp21866": "koi8-u",
    "cp28591": "cp1252", "cp28592": "iso8859-2", "cp28605": "iso8859-15", "cp50220": "iso2022_jp",
    "cp50225": "iso2022_kr", "cp51932": "euc_jp", "cp51949": "cp949", "cp54936": "gb18030", "cp52936": "hz",
}  # fmt: skip
_NUMBERED = re.compile(r"(?:windows|win|cp|ibm|ms|dos)[-_]?(\d{3,5})")
_PARTS_OF_8859 = re.compile(r"iso[-_]?8859[-_]?(\d{1,2})\b")
_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:+-]*")
# Text codecs of Python that are no charsets, or cost more than linear time.
_REFUSED = {
    "idna", "punycode", "unicode_escape", "raw-unicode-escape", "unicode-escape", "raw_unicode_escape",
    "undefined", "mbcs", "oem",
}  # fmt: skip
_GUESSES = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "iso8859_7", "cp1253", "cp1254", "cp1255", "cp1256", "cp874",
    "cp932", "euc_jp", "gb18030", "big5", "cp949",
]  # fmt: skip
_WESTERN = {"cp1252", "cp1254", "iso8859-15"}
_ASCII = bytes(range(0x20, 0x7F)).replace(b"~", b"").replace(b"\\", b"")
_WESTERN_BYTES = "prosa-western"
_SAMPLE = 8_192
_SURELY_UTF8 = 12  # bytes beyond ASCII that read as UTF-8 and happen to read as something else too
_SYMBOL_IN_WORD = re.compile(r"[^\W\d_][\ufffd¡-©¬-¶¸¹¼-¿×÷][^\W\d_]")
_C1 = re.compile("[\x80-\x84\x86-\x9f]")  # control characters; 0x85 ends lines in texts of mainframes
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=256)
def codec(label: str) -> str:
    """Python's codec for a charset label, '' when it is unknown or not a charset."""
    found = _LABEL.search(label.lower()[:60])
    if found is None:
        return ""
    name = found[0].removeprefix("x-")
    if number := _NUMBERED.fullmatch(name):
        name = f"cp{number[1]}"
    elif number := _PARTS_OF_8859.match(name):
        name = _ALIASES.get(name, f"iso8859-{number[1]}")
    return _python_name(_ALIASES.get(name, name))


def _python_name(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if found.name in _REFUSED or not getattr(found, "_is_text_encoding", True):
        return ""
    return _MEANT.get(found.name, found.name)


@lru_cache(maxsize=256)
def _extends_ascii(name: str) -> bool:
    """Whether plain ASCII reads in the codec as what it is."""
    try:
        return (_ASCII + b"~{:").decode(name) == (_ASCII + b"~{:").decode("ascii")
    except UnicodeError:
        return False


def decode(data: bytes, label: str = "") -> str:
    """`data` as text: by its label if the bytes agree with it, else by evidence. Never fails, never holds
    NUL.
    """
    name = codec(label) if label else ""
    if data.isascii() and (not name or _extends_ascii(name)):
        return (iso2022.decode(data) or data.decode("ascii")).replace("\0", "")
    if data.startswith(codecs.BOM_UTF8):
        data, name = data[3:], "utf-8"
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(data) % 2 == 0:
        name = "utf-16"
    return sound(_by_label(data, name) or _by_evidence(data))


def sound(text: str) -> str:
    """`text` without what databases and encoders refuse: NUL and lone surrogates."""
    return _LONE_SURROGATE.sub("\ufffd", text).replace("\0", "")


def fits(data: bytes, label: str) -> bool:
    """Whether `data` can be what `label` says, without a byte out of place."""
    try:
        return bool(codec(label)) and bool(data.decode(codec(label)))
    except (UnicodeError, ValueError):
        return False


@lru_cache(maxsize=64)
def likely(data: bytes, label: str) -> str:
    """The codec of 8-bit `data`: that of its label if the bytes agree with it, else by evidence."""
    name = codec(label)
    agrees = name and _mostly(data, name) and (name not in _WESTERN or _is_western(data))
    return name if agrees else _guess(data[:_SAMPLE])


def eight_bit(data: bytes) -> bytes:
    """The lines of `data` that are neither ASCII nor UTF-8, nor of a file: what to guess a charset from."""
    if data.isascii() or fits(data, "utf-8"):
        return b""
    lines = (line for line in data.splitlines() if not line.isascii() and not _NO_TEXT.search(line))
    return b"\n".join(line for line in lines if not fits(line, "utf-8"))[:_SAMPLE]


def _by_label(data: bytes, name: str) -> str:
    if not name or not data or (name.startswith("utf-16") and b"\0" not in data[:_SAMPLE]):
        return ""
    if not data.isascii() and _is_utf8(data, name):
        return data.decode("utf-8")
    if name in _WESTERN and not _is_western(data):
        return ""
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return iso2022.decode(data) if name.startswith("iso2022") else _mostly(data, name)


def _is_utf8(data: bytes, name: str) -> bool:
    """Single bytes accept anything: what is well-formed UTF-8 all through was mislabelled. So, if it is long
    enough to be no accident, was what bears another label of several bytes.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if _C1.search(text):  # nobody writes these: a program read bytes of Windows as Latin-1
        return False
    several = not name.startswith(("cp12", "iso8859", "koi8", "mac", "cp8", "cp4", "cp7"))
    return not several or len(data) - len(text) >= _SURELY_UTF8


def _is_western(data: bytes) -> bool:
    """Whether text labelled Western is that. Many programs put that label on everything."""
    sample = data[:_SAMPLE]
    high = sum(byte >= 0x80 for byte in sample)
    return high < 8 or _reads_western(sample, high) or _guess(sample) in _WESTERN


def _mostly(data: bytes, name: str) -> str:
    """Keep the label when only a few bytes break it: a mail cut in the middle of a character."""
    text = data.decode(name, "replace")
    return text if text.count("\ufffd") * 50 < len(text) + 50 else ""


def _by_evidence(data: bytes) -> str:
    if data.isascii():
        return iso2022.decode(data) or data.decode("ascii")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = max(0, error.start - 200)
    name = _guess(data[start : start + _SAMPLE])
    return _mixed(data) if name == "cp1252" else data.decode(name, "replace")


def _mixed(data: bytes) -> str:
    """Western text, and UTF-8 where bytes are that, as when a footer was added in another charset."""
    return data.decode("utf-8", _WESTERN_BYTES)


def _western_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_WESTERN_BYTES, _western_bytes)


def _reads_western(sample: bytes, high: int) -> bool:
    """Mostly plain letters, and no symbol in the middle of a word: accents of Portuguese, Spanish, French
    …
    """
    letters = sum(byte >= 0x80 or chr(byte).isalpha() for byte in sample)
    return high * 5 < letters * 2 and not _SYMBOL_IN_WORD.search(sample.decode("cp1252", "replace"))


def _guess(sample: bytes) -> str:
    high = sum(byte >= 0x80 for byte in sample)
    if high < 4 or _reads_western(sample, high):
        return "cp1252"
    best = from_bytes(sample, cp_isolation=_GUESSES, enable_fallback=False).best()
    return best.encoding if best else "cp1252"
