"""A file name a mail suggests, made harmless: a name, never a path, and it reads as what it is."""

from __future__ import annotations

import mimetypes
import re

from inbox.mail import limits

# Control, bidirectional, zero-width and tag characters: they make `gpj.exe` read as `exe.jpg`.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_EXTENSIONS = {
    "text/calendar": ".ics", "message/rfc822": ".eml", "application/pkcs7-signature": ".p7s",
    "text/plain": ".txt", "application/pgp-signature": ".asc", "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m", "application/pgp-encrypted": ".asc",
    "application/x-pkcs7-signature": ".p7s", "image/jpeg": ".jpg", "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt", "text/html": ".html", "audio/ogg": ".ogg",
    "message/partial": ".eml", "message/global": ".eml", "message/external-body": ".txt",
    "message/rfc822-headers": ".txt", "message/disposition-notification": ".txt",
    "message/feedback-report": ".txt", "image/pjpeg": ".jpg", "image/jpg": ".jpg", "image/x-png": ".png",
    "application/ics": ".ics",
    "application/ms-tnef": ".dat", "text/x-vcard": ".vcf", "text/directory": ".vcf",
    "application/octet-stream": ".bin", "application/pgp-keys": ".asc", "text/vcard": ".vcf",
}  # fmt: skip
_TYPES = mimetypes.MimeTypes()  # what Python knows, not what this machine happens to
_STEMS = {
    "text/calendar": "invite", "application/pgp-signature": "signature", "image": "image",
    "application/pkcs7-signature": "smime", "application/pkcs7-mime": "smime", "message/rfc822": "message",
    "message/delivery-status": "delivery-status", "application/x-pkcs7-mime": "smime",
    "text/rfc822-headers": "headers", "message/rfc822-headers": "headers", "message/partial": "message",
    "application/x-pkcs7-signature": "smime", "message/disposition-notification": "disposition",
    "application/ics": "invite", "text/vcard": "contact", "text/x-vcard": "contact",
    "application/ms-tnef": "winmail", "audio": "audio", "video": "video",
}  # fmt: skip


def safe(name: str) -> str:
    """`name` without folders, unseen characters or leading and trailing dots, at most 200 long; '' if nothing
    is left.

    The ending survives the cut, as people and programs go by it.
    """
    name = _UNSEEN.sub("", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = " ".join(re.sub(r'[:*?"<>|]', "_", name).split()).strip(". ")
    if len(name) <= limits.MAX_NAME_CHARS:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 20:
        return name[: limits.MAX_NAME_CHARS].strip(". ")
    return stem[: limits.MAX_NAME_CHARS - len(ending) - 1].rstrip(". ") + dot + ending


def ending(content_type: str) -> str:
    """The usual ending for a type, with its dot; '.bin' for an unknown one, '.txt' if it is text."""
    plain = ".txt" if content_type.startswith("text/") else ".bin"
    return _EXTENSIONS.get(content_type) or _TYPES.guess_extension(content_type) or plain


def kind(name: str) -> str:
    """The type a file's name suggests."""
    return _TYPES.guess_type(name)[0] or "application/octet-stream"


def has_ending(name: str) -> bool:
    """Whether `name` looks like that of a file."""
    return re.fullmatch(r".+\.[A-Za-z0-9]{1,5}", name) is not None


def unnamed(content_type: str, number: int) -> str:
    """A name for a part that has none: what it is, and which one."""
    stem = _STEMS.get(content_type) or _STEMS.get(content_type.partition("/")[0]) or "attachment"
    return f"{stem}-{number}{ending(content_type)}"
