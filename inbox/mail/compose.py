"""A letter of ours as bytes for SMTP (RFC 5322, MIME, RFC 2047, 2231).

What goes out is read again and compared with what was meant: a header that nobody wrote stops the mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import Header
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime

from inbox.mail import filenames
from inbox.mail.addresses import address_list, is_address
from inbox.mail.clean import to_text
from inbox.mail.headers import split
from inbox.mail.values import Address

# Lines are folded at 78 by the policy. References and ids must not be: folded inside, they are encoded as
# words.
_POLICY = SMTP.clone(max_line_length=78)
_FORBIDDEN = re.compile(r"[\r\n\0]")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,400}>")
_CONTENT_ID = re.compile(r"[A-Za-z0-9.@_+$-]{1,200}")  # no `=?`: the library would decode it
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_OURS = {
    "from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "in-reply-to", "references",
    "auto-submitted", "mime-version", "content-type", "content-transfer-encoding", "sender", "return-path",
    "content-disposition", "content-id", "received",
}  # fmt: skip
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")  # a phrase that needs no quotes
_LINE = 76
_WORD = 900  # a longer one is encoded, for then it can be folded: a line has 998 at most


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file to send; an `inline` one is shown by the HTML as `cid:content_id`."""

    filename: str
    content_type: str
    content: bytes
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a mail says. `bcc` never becomes a header: it is for the envelope."""

    from_: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    message_id: str
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    html: str | None = None
    attachments: tuple[Enclosure, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    date: datetime | None = None
    auto_submitted: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def compose(letter: Letter) -> bytes:
    """The mail as sent, with CRLF. ValueError when a value cannot be sent as meant, line breaks in it
    included.
    """
    try:
        raw = _headers(letter) + _body(letter).as_bytes(policy=_POLICY)
    except (MessageError, UnicodeError, IndexError, LookupError) as error:
        raise ValueError("This mail cannot be written.") from error
    _check(letter, raw)
    return raw


def _headers(letter: Letter) -> bytes:
    """Written by hand: the library decodes encoded words it is given, line breaks in them included, and folds
    long Message-IDs into encoded words.
    """
    if not letter.to and not letter.cc and not letter.bcc:
        raise ValueError("A mail needs a recipient.")
    fields = [
        ("From", _people((letter.from_,))),
        ("To", _people(letter.to)),
        ("Cc", _people(letter.cc)),
        ("Reply-To", _people(letter.reply_to)),
        ("Subject", _words(_plain(letter.subject))),
        ("Date", [format_datetime(letter.date or datetime.now(UTC))]),
        ("Message-ID", [_id(letter.message_id)]),
        ("In-Reply-To", [_id(letter.in_reply_to)] if letter.in_reply_to else []),
        ("References", [_id(reference) for reference in letter.references]),
        ("Auto-Submitted", [_token(letter.auto_submitted)] if letter.auto_submitted else []),
        *((_extra_name(name), _words(_plain(value))) for name, value in letter.headers.items()),
    ]
    said = [_written(name, words) for name, words in fields if words or name == "Subject"]
    return "".join(said).encode("utf-8")  # ASCII, but for an address that is not (RFC 6532)


def _written(name: str, words: list[str]) -> str:
    """A field, folded between its words (RFC 5322 section 2.2.3)."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines) + len(lines[-1]) > len(name) + 2 and len(lines[-1]) + 1 + len(word) > _LINE:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _words(text: str) -> list[str]:
    """Text as words of a header, encoded where needed (RFC 2047); what looks encoded is, lest it be
    decoded.
    """
    words = text.split()
    if text.isascii() and text.isprintable() and "=?" not in text and all(len(w) < _WORD for w in words):
        return words
    return Header(" ".join(text.split()), "utf-8", maxlinelen=_LINE).encode(linesep="\n").split()


def _plain(value: str) -> str:
    if _FORBIDDEN.search(value):
        raise ValueError("A header cannot contain a line break.")
    return value.strip()


def is_message_id(value: str) -> bool:
    """Whether it can stand in a header of ours."""
    return _MESSAGE_ID.fullmatch(value) is not None


def _id(value: str) -> str:
    if not is_message_id(value):
        raise ValueError("This is no Message-ID.")
    return value


def _token(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z-]{1,40}", value):
        raise ValueError("This is no value for Auto-Submitted.")
    return value


def _extra_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name) or name.lower() in _OURS:
        raise ValueError("A header of this name cannot be added.")
    return name


def _people(people: tuple[Address, ...]) -> list[str]:
    words: list[str] = []
    for person in people:
        words += [*_name(person.name), f"<{on_the_line(person.address)}>,"]
    if words:
        words[-1] = words[-1].removesuffix(",")
    return words


def _name(name: str) -> list[str]:
    name = " ".join("".join(char if char.isprintable() else " " for char in _plain(name)).split())
    words = _words(name)
    if not words or words[0].startswith("=?") or _ATOMS.fullmatch(name):
        return words
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{quoted}"']


def can_be_written_to(address: str) -> bool:
    """Whether a mail can name this address, and nothing but an address.

    One with letters beyond ASCII before the @ can be named; whether it can be reached is up to the server.
    """
    try:
        return bool(on_the_line(address))
    except ValueError:  # UnicodeError is one, too
        return False


def on_the_line(address: str) -> str:
    """The address as headers and envelope name it: its domain in ASCII. ValueError if it is none."""
    if not is_address(address) or not address.isprintable():
        raise ValueError("This is no mail address.")
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def _body(letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message.set_content(_normal(letter.text or to_text(letter.html or "")), cte="quoted-printable")
    if letter.html:
        message.add_alternative(_normal(letter.html), subtype="html", cte="quoted-printable")
        root = list(message.iter_parts())[-1]
        for file in letter.attachments:
            if _is_shown(file, letter.html):
                _enclose(root, file, related=True)
    for file in letter.attachments:
        if not _is_shown(file, letter.html):
            _enclose(message, file, related=False)
    return message


def _is_shown(file: Enclosure, html: str | None) -> bool:
    """Whether it stands in the HTML; one that only should would be found by nobody."""
    named = file.inline and _CONTENT_ID.fullmatch(file.content_id)
    return bool(named and html and f"cid:{file.content_id}" in html)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").rstrip("\n") + "\n"


def _enclose(part: MIMEPart, file: Enclosure, related: bool) -> None:
    kind = (
        file.content_type.lower()
        if _TYPE.fullmatch(file.content_type.lower())
        else "application/octet-stream"
    )
    if kind.startswith(("message/", "multipart/")):  # would be read as a part of the mail itself
        kind = "application/octet-stream"
    main, _, sub = kind.partition("/")
    name = filenames.safe(file.filename) or f"attachment{filenames.ending(kind)}"
    cid = f"<{file.content_id}>" if _CONTENT_ID.fullmatch(file.content_id) else None
    if related:
        part.add_related(file.content, main, sub, filename=name, cid=cid, disposition="inline")
    else:
        part.add_attachment(file.content, main, sub, filename=name, cid=cid)


def _check(letter: Letter, raw: bytes) -> None:
    """Read the mail again: it must have the headers that were meant, each once, and no others."""
    headers, _ = split(raw)
    names = [name.lower() for name, _ in headers.fields]
    meant = {"message-id", "from", "subject", "date", "mime-version", "content-type"}
    meant |= {name.lower() for name in letter.headers}
    optional = {
        "to": letter.to,
        "cc": letter.cc,
        "reply-to": letter.reply_to,
        "in-reply-to": letter.in_reply_to,
        "references": letter.references,
        "auto-submitted": letter.auto_submitted,
    }
    meant |= {name for name, value in optional.items() if value}
    extra = set(names) - meant - {"content-transfer-encoding"}
    if headers.cut or extra or not meant <= set(names) or len(names) != len(set(names)):
        raise ValueError("The headers of this mail are not the ones that were meant.")
    if " ".join(headers.text("Subject").split()) != " ".join(letter.subject.split()):
        raise ValueError("The subject of this mail is not the one that was meant.")
    people = {"From": (letter.from_,), "To": letter.to, "Cc": letter.cc, "Reply-To": letter.reply_to}
    for name, meant_people in people.items():
        read = [person.address for person in address_list(headers.plain(name))]
        if read != [on_the_line(person.address) for person in meant_people]:
            raise ValueError("The recipients of this mail are not the ones that were meant.")
    if any(len(line) > 998 for line in raw.split(b"\r\n")):  # RFC 5322 section 2.1.1
        raise ValueError("A line of this mail is too long.")
