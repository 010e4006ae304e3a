"""What reading a mail yields: plain frozen values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


class Unreadable(Exception):
    """A mail that will not be read. `reason` is a sentence for the agent, `code` is stable and for programs.

    Codes: too_large, too_deep, too_many_parts, too_many_recipients, timeout, memory, crash, broken.
    """

    def __init__(self, reason: str, code: str = "broken") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: a display name as people read it, and an address, '' where none could be read strictly."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a mail. `inline` means the HTML shows it through `cid:content_id`; `size` is in bytes."""

    filename: str
    content_type: str
    content: bytes
    size: int
    sha256: str
    inline: bool
    content_id: str  # without <>


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was drawn anew, and its size in pixels."""

    content_type: str
    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient of a delivery report (RFC 3464): what happened to a mail we sent."""

    recipient: str
    action: str  # failed, delayed, delivered, relayed, expanded
    status: str  # '5.1.1'
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as read. Nothing in it is trusted: names, ids, HTML and dates are what the sender wrote.

    `html` is the sender's HTML, decoded and otherwise untouched: never show it. `reply_html` and
    `quoted_html` are cleaned. `reply_text` and `quoted_text` together hold all of `text`. `notes` holds
    stable codes of what was odd or special: from_missing, from_repeated, from_malformed, header_cut,
    references_cut, text_cut, html_cut, smime_signed, smime_encrypted, pgp_signed, pgp_encrypted, invitation,
    invitation_reply, invitation_cancelled. Nobody has verified a signature that is noted.
    """

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    from_: Address
    sender: Address
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    return_path: str | None  # '' is the null path <> of bounces; None is no Return-Path at all
    delivered_to: tuple[str, ...]
    subject: str
    date: datetime | None  # aware, UTC
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    reply_text: str
    quoted_text: str
    reply_html: str
    quoted_html: str
    auto_submitted: str  # '' for a person's, else why not: auto-replied, auto-generated, bulk, list …
    bounce: bool
    attachments: tuple[Attachment, ...]
    deliveries: tuple[Delivery, ...] = ()
    reported_ids: tuple[str, ...] = ()  # Message-IDs that a report seems to speak of, likeliest first
    forwarded_from: Address | None = None  # who first wrote what is forwarded
    notes: tuple[str, ...] = ()
