"""Delivery reports (RFC 3464) and their older kin: who was not reached, and which mail it was.

Anybody can write a report. So everything here is a claim: recipients, reasons, and *candidates* for the
Message-ID of the mail that came back. Only a candidate which carries our signature makes a report count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from inbox.mail import bounce_text, headers, limits
from inbox.mail.addresses import address_list
from inbox.mail.charsets import decode
from inbox.mail.headers import Headers
from inbox.mail.lines import to_text
from inbox.mail.mime import Part
from inbox.mail.values import Address, Delivery, Unreadable

_DAEMON = re.compile(
    r"(?:mailer[ _-]?daemon|mail[ _-]?daemon|postmaster|mdaemon|microsoftexchange[0-9a-f]{20,}|"
    r"(?:internet )?mail delivery (?:sub)?(?:system|service)|mail system|mail administrator|"
    r"system administrator|administrador (?:do|del) sistema|systemadministrator|administrateur système|"
    r"amministratore (?:di )?sistema|courier mail server)\b",
    re.IGNORECASE,
)
# Of a report, and not of an answer to one.
_SUBJECT = re.compile(
    r"^(?!(?:re|res|aw|sv|fwd?|enc|wg|tr|rv)\s*:).{0,200}?(?:undeliver|returned mail|"
    r"failure notice|mail failed|delivery (?:status notification|failure|problem)|"
    r"returning (?:message|mail) to sender|could not be delivered|non[ -]?delivery|unzustellbar|"
    r"não entregue|falha na entrega|non remis|mancat[oa] (?:recapito|consegna))",
    re.IGNORECASE,
)
_FAILED = {"failed", "failure", "fail"}
_ACTIONS = {"failed", "delayed", "delivered", "relayed", "expanded"}
_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = (
    "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers",
    "message/global-headers", "message/partial",
)  # fmt: skip
_ID = re.compile(r"<[^<>\s]{1,500}>")
_ID_LINE = re.compile(
    r"^[ \t>|*]{0,40}(?:X-)?(?:Original-|Internet-)?(?:Message-?ID|Envelope-ID)\*?[ \t]?:\**"
    r"\s{0,20}<?([^<>\s]{3,500}@[^<>\s]{1,250})",
    re.IGNORECASE | re.MULTILINE,
)
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")  # RFC 6533 section 3
_MOST_TEXT = 60_000  # characters of a report's text
_MOST_IDS = 20
_BY_STATUS = {"5": "failed", "4": "delayed", "2": "delivered"}


def read(root: Part) -> tuple[tuple[Delivery, ...], tuple[str, ...]]:
    """(what a report says of each recipient, candidates for the Message-ID of the mail it is about, the
    likeliest first); empty for a mail that is no report.
    """
    if not _may_report(root):
        return (), ()
    parts = list(_walk(root))
    texts = [text for part in parts if (text := _text(part))]
    found = _by_status(parts) or _by_text(root, texts)
    if not found and not _is_report(root) and not _failed_recipients(root.headers):
        return (), ()
    return tuple(found or _by_returned(parts)), tuple(_ids(root, parts, texts))


def is_bounce(root: Part, from_: Address, return_path: str | None, deliveries: tuple[Delivery, ...]) -> bool:
    """Whether our mail was not delivered: a report says so, or a mail system writes with a null return
    path and says nothing that can be read.
    """
    if deliveries:
        return any(delivery.action == "failed" for delivery in deliveries)
    if _is_report(root) or root.headers.raw("X-Failed-Recipients"):
        return True
    if root.content_type == "multipart/report" and "report-type" in root.params:  # a receipt, a complaint
        return False
    if not (_DAEMON.match(from_.address) or _DAEMON.match(from_.name)):
        return False
    return return_path == "" or bool(_SUBJECT.search(root.headers.text("Subject")))


def _may_report(root: Part) -> bool:
    """Whether a mail system may have written it: somebody who forwards a report to us is a person."""
    fields = root.headers
    if root.content_type == "multipart/report" and "report-type" in root.params:
        return _is_report(root)
    if fields.raw("X-Failed-Recipients"):
        return True
    path = decode(fields.raw("Return-Path") or b"<x>").strip(" <>")
    return not path or any(_DAEMON.match(name) for name in (path, *_writers(fields)))


def _is_report(root: Part) -> bool:
    if root.content_type != "multipart/report":
        return False
    kind = root.params.get("report-type", "").lower()
    return "delivery-status" in kind or (
        not kind and any(part.content_type in _STATUS_PARTS for part in root.children)
    )


def _writers(fields: Headers) -> list[str]:
    people = _people(fields.plain("From"))
    return [name for person in people for name in (person.address, person.name) if name]


def _people(value: str) -> tuple[Address, ...]:
    try:
        return address_list(value[: limits.MAX_HEADER_BYTES])
    except Unreadable:
        return ()


def _walk(part: Part) -> Iterator[Part]:
    """Every part in order; what is returned is not opened."""
    todo = [part]
    while todo:
        part = todo.pop()
        yield part
        if part.content_type not in _RETURNED:
            todo.extend(reversed(part.children))


def _text(part: Part) -> str:
    if part.children or part.content_type not in ("text/plain", "text/html"):
        return ""
    text = decode(part.content()[: _MOST_TEXT * 4], part.params.get("charset", ""))
    text = to_text(text[: _MOST_TEXT * 4]) if part.content_type == "text/html" else text
    return text[:_MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n")


# ---------------------------------------------------------------- recipients


def _by_status(parts: Iterable[Part]) -> list[Delivery]:
    """What the machine-readable part says."""
    for part in parts:
        if part.content_type in _STATUS_PARTS:
            found = [delivery for fields in _groups(part.content()) if (delivery := _delivery(fields))]
            if found:
                return found
    return []


def _groups(data: bytes) -> Iterator[Headers]:
    blocks = re.split(rb"\n[ \t]*\n", data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    return (headers.split(block.strip() + b"\n\n")[0] for block in blocks[: limits.MAX_RECIPIENTS])


def _delivery(fields: Headers) -> Delivery | None:
    """One recipient's fields. The original recipient is whom we wrote to; the final one, where that led."""
    recipient = _recipient(fields, "Original-Recipient") or _recipient(fields, "Final-Recipient")
    action = fields.plain("Action").lower().split(" ")[0].strip(";")[:20]
    kind, semicolon, said = fields.text("Diagnostic-Code").partition(";")
    diagnostic = (said if semicolon else kind).strip()[:500]
    status = _STATUS.search(fields.plain("Status")[:200]) or _STATUS.search(diagnostic)
    code = status[0] if status else ""
    if not recipient or not (action or code):
        return None
    action = "failed" if action in _FAILED else action
    if action not in _ACTIONS and (code or not action):
        action = _BY_STATUS[code[0]]
    return Delivery(recipient[:320], action, code, diagnostic)


def _recipient(fields: Headers, name: str) -> str:
    value = fields.text(name).partition("(")[0]
    address = value.rpartition(";")[2].strip().strip("<>").strip()
    address = _ESCAPED.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), address)
    return address if "@" in address and " " not in address else ""


def _failed_recipients(fields: Headers) -> list[str]:
    """Exim's and Gmail's header."""
    return [person.address for person in _people(fields.plain("X-Failed-Recipients")) if person.address]


def _by_text(root: Part, texts: list[str]) -> list[Delivery]:
    """What the words for people say."""
    ours = {person.address.lower() for name in ("To", "From") for person in _people(root.headers.plain(name))}
    named = _failed_recipients(root.headers)
    for text in texts:
        if "final-recipient:" in text.lower():
            found = [said for fields in _groups(text.encode()) if (said := _delivery(fields))]
            if found:
                return found
        if found := bounce_text.read(text, ours, named):
            return found
    return [Delivery(address, "failed", "", "") for address in named[: limits.MAX_RECIPIENTS]]


def _by_returned(parts: Iterable[Part]) -> list[Delivery]:
    """Whom the returned mail was for, when it was for one."""
    for part in parts:
        if part.content_type in _RETURNED:
            fields = headers.split(part.content())[0]
            people = _people(fields.plain("To")) + _people(fields.plain("Cc"))
            if len(people) == 1 and people[0].address:
                return [Delivery(people[0].address, "failed", "", "")]
    return []


# ---------------------------------------------------------------- which mail


def _ids(root: Part, parts: Iterable[Part], texts: Iterable[str]) -> Iterable[str]:
    """Message-IDs from returned mails and headers, then from the text, then what the report answers."""
    found: dict[str, None] = {}
    for part in parts:
        if part.content_type in (*_RETURNED, *_STATUS_PARTS):
            _note(found, decode(part.content()[: limits.MAX_HEADER_BLOCK_BYTES // 4]))
    for text in texts:
        _note(found, text)
    own = root.headers.plain("Message-ID")
    for name in ("X-Original-Message-ID", "In-Reply-To", "References"):
        found |= dict.fromkeys(reversed(_ID.findall(root.headers.plain(name))))
    return [said for said in found if said != own][:_MOST_IDS]


def _note(found: dict[str, None], text: str) -> None:
    for line in _ID_LINE.finditer(text):
        found.setdefault(f"<{line[1]}>")
        if len(found) >= _MOST_IDS:
            return
