"""The bytes behind the messages: what a customer's mail program sent, and what left from here.

A demo has every mail as it came. A world of many thousands shares a few: their rows are as many and as large
as ever, and only *show source* shows somebody else's.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from inbox import files, vault
from inbox.demo.pictures import Paper
from inbox.demo.rows import moment
from inbox.mail import fingerprint, marks
from inbox.mail.tokens import Signer

if TYPE_CHECKING:
    from inbox.demo.case import Case
    from inbox.demo.desk import Desk
    from inbox.demo.house import Address

EPOCH = datetime.fromtimestamp(0, UTC)

SHARED = 64
"""So many bodies a large world shares."""


@dataclass(slots=True)
class Letter:
    """What a customer sends; the second half is filled in when it is packed."""

    subject: str
    text: str
    files: list[Paper] = field(default_factory=list)
    automated: str = ""
    quotes: bool = False
    quoted: str = ""
    message_id: str = ""
    external_id: str = ""
    refers: list[str] = field(default_factory=list)
    recipients: str = ""
    written: datetime = EPOCH
    sha256: str = ""
    size: int = 0


class Post:
    """Packs and names what is sent; everything it makes up is the same again for the same installation."""

    def __init__(self, seed: int, every: bool) -> None:
        self.every = every
        """Whether each mail has bytes of its own."""
        self._key = vault.derived(b"demo" + str(seed).encode()[:12])
        self._signer, self._mark = Signer(vault.signing_key()), marks.mark(vault.signing_key())
        self._shared: list[tuple[str, int]] = []
        self._papers: dict[str, tuple[str, int]] = {}

    def once(self, what: str, number: int, size: int = 10) -> bytes:
        """Bytes that nobody outside this installation can guess."""
        return blake2b(f"{what}{number}".encode(), digest_size=size, key=self._key).digest()

    def token(self, what: str, number: int) -> str:
        return urlsafe_b64encode(self.once(what, number, 24)).decode()

    def our_key(self, thread: int, message: int, address: str) -> str:
        return self._signer.message_id(thread, address.rpartition("@")[2], self.once("message", message))

    # ------------------------------------------------------------------------------- what comes in

    def pack(self, letter: Letter, case: Case, address: Address, message: int, at: datetime) -> None:
        buyer = case.buyer
        domain = buyer.address.rpartition("@")[2]
        letter.message_id = f"<{self.once('mail', message).hex()}@{domain}>"
        if case.ours:
            letter.refers = [case.ours]
            letter.subject = (
                f"Re: {case.subject}" if not case.subject.lower().startswith("re:") else case.subject
            )
        letter.written = at.replace(microsecond=0) - timedelta(seconds=2 + message % 7)
        to = {"name": address.name, "address": address.address}
        letter.recipients = json.dumps({"to": [to], "cc": [], "reply_to": []})
        if letter.quotes and case.our_words:
            letter.quoted = _quoted(case, address, at)
        if self.every:
            raw = _incoming(letter, case, address, message)
            letter.sha256, letter.size = keep(raw), len(raw)
            letter.external_id = fingerprint.named(raw, letter.message_id)
        else:
            letter.sha256, letter.size = self._one_of_few(letter, case, address, message)
            letter.external_id = f"{letter.message_id[1:-1]}#{self.once('hash', message, 20).hex()}"

    def _one_of_few(self, letter: Letter, case: Case, address: Address, message: int) -> tuple[str, int]:
        if len(self._shared) < SHARED:
            raw = _incoming(letter, case, address, message)
            self._shared.append((keep(raw), len(raw)))
            return self._shared[-1]
        return self._shared[message % SHARED]

    def attach(self, desk: Desk, message: int, papers: list[Paper], at: datetime) -> str:
        """Rows for its files; returns their names."""
        for paper in papers:
            desk.file += 1
            kept = self._papers.get(paper.key)
            if kept is None:
                content = paper.content()
                kept = self._papers[paper.key] = (keep(content), len(content))
            desk.batch.rows["attachment"].append(
                (
                    desk.file, self.token("file", desk.file), message, None, None, paper.filename,
                    paper.content_type, kept[1], kept[0], 0, "", None, moment(at),
                )
            )  # fmt: skip
        return " ".join(paper.filename for paper in papers)

    # ------------------------------------------------------------------------------- what leaves

    def ours(self, case: Case, sender: str, address: Address, row: Any, at: datetime) -> str | None:
        """A mail as it left; none of a large world is kept."""
        if not self.every:
            return None
        key, subject, text, refers, automated = row
        lines = [
            _mailbox("From", sender, address.address),
            _mailbox("To", case.buyer.name, case.buyer.address),
            _field("Subject", subject),
            f"Date: {format_datetime(at)}",
            f"Message-ID: {key}",
            *([f"In-Reply-To: {refers[-1]}", "References: " + "\n ".join(refers)] if refers else []),
            f"{marks.HEADER}: {self._mark}",
            *(["Auto-Submitted: auto-generated"] if automated else []),
            *_PLAIN_TEXT,
        ]
        return keep(("\n".join(lines) + "\n\n" + text + "\n").replace("\n", "\r\n").encode())

    def report(self, case: Case, address: str, status: str, diagnostic: str, at: datetime) -> tuple[str, int]:
        """What a mail server says of one it could not deliver (RFC 3464)."""
        about = case.our_last
        head = [
            f"From: Mail Delivery System <mailer-daemon@{address.rpartition('@')[2]}>",
            f"To: {address}",
            "Subject: Undelivered Mail Returned to Sender",
            f"Date: {format_datetime(at)}",
            f"Message-ID: <{self.once('report', case.id).hex()}@mx.{address.rpartition('@')[2]}>",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="report"',
        ]
        parts = [
            "Content-Type: text/plain; charset=utf-8\n\nThis is the mail system. Your message could not be "
            f"delivered to {case.buyer.address}: {diagnostic}",
            "Content-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; mx.{address.rpartition('@')[2]}\n\n"
            f"Final-Recipient: rfc822; {case.buyer.address}\nAction: failed\nStatus: {status}\n"
            f"Diagnostic-Code: smtp; {diagnostic}",
            f"Content-Type: text/rfc822-headers\n\nMessage-ID: {about[27]}",
        ]
        body = "".join(f"--report\n{part}\n\n" for part in parts) + "--report--\n"
        raw = ("\n".join(head) + "\n\n" + body).replace("\n", "\r\n").encode()
        return keep(raw), len(raw)


_PLAIN_TEXT = (
    "MIME-Version: 1.0",
    'Content-Type: text/plain; charset="utf-8"',
    "Content-Transfer-Encoding: 8bit",
)


def _incoming(letter: Letter, case: Case, address: Address, message: int) -> bytes:
    buyer = case.buyer
    domain = buyer.address.rpartition("@")[2]
    received = format_datetime(letter.written + timedelta(seconds=1))
    lines = [
        f"Received: from mail.{domain} (mail.{domain} [203.0.113.{message % 250 + 1}])",
        f" by mx.{address.address.rpartition('@')[2]} with ESMTPS id {message:08x}; {received}",
        _mailbox("From", buyer.name, buyer.address),
        _mailbox("To", address.name, address.address),
        _field("Subject", letter.subject),
        f"Date: {format_datetime(letter.written)}",
        f"Message-ID: {letter.message_id}",
        *([f"In-Reply-To: {letter.refers[-1]}", f"References: {letter.refers[-1]}"] if letter.refers else []),
        *([f"Auto-Submitted: {letter.automated}"] if letter.automated else []),
    ]
    text = f"{letter.text}\n\n{letter.quoted}" if letter.quoted else letter.text
    if not letter.files:
        body = "\n".join([*lines, *_PLAIN_TEXT]) + "\n\n" + text + "\n"
        return body.replace("\n", "\r\n").encode()
    lines += ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="=-parts"']
    parts = ["\n".join(_PLAIN_TEXT[1:]) + "\n\n" + text + "\n", *map(_enclosed, letter.files)]
    body = "".join(f"--=-parts\n{part}\n" for part in parts) + "--=-parts--\n"
    return ("\n".join(lines) + "\n\n" + body).replace("\n", "\r\n").encode()


def _enclosed(paper: Paper) -> str:
    coded = b64encode(paper.content()).decode()
    lines = "\n".join(coded[n : n + 76] for n in range(0, len(coded), 76))
    return (
        f'Content-Type: {paper.content_type}; name="{paper.filename}"\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment; filename="{paper.filename}"\n\n{lines}\n'
    )


def _mailbox(name: str, who: str, address: str) -> str:
    if not who:
        return f"{name}: {address}"
    if who.isascii():
        return f'{name}: "{who}" <{address}>'
    return f"{name}: {Header(who, 'utf-8').encode()} <{address}>"


def _field(name: str, value: str) -> str:
    return f"{name}: {value if value.isascii() else Header(value, 'utf-8', header_name=name).encode()}"


_DAYS = ("seg.", "ter.", "qua.", "qui.", "sex.", "sáb.", "dom.")
_MONTHS = ("jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez.")


def _quoted(case: Case, address: Address, at: datetime) -> str:
    """Our last answer, below theirs, as Gmail writes it."""
    local = at - timedelta(hours=3)
    who = f"{address.name} <{address.address}>"
    if case.language == "pt":
        said = (
            f"Em {_DAYS[local.weekday()]}, {local.day} de {_MONTHS[local.month - 1]} de {local.year} às "
            f"{local:%H:%M}, {who} escreveu:"
        )
    else:
        said = f"On {local:%a, %b %d, %Y at %H:%M}, {who} wrote:"
    return said + "\n\n" + "\n".join(f"> {line}".rstrip() for line in case.our_words.split("\n"))


def keep(content: bytes) -> str:
    """Into the file store; what is made up can be made up again, so nobody waits for the disk."""
    return files.put(content, wait=False)
