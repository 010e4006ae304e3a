"""The whole contract of a channel. A channel translates and sees no rows.

A new channel is one file beside this one: what a provider sent becomes ``Inbound`` values, an ``Outbound``
value becomes a provider call. Everything else (storage, dedupe, retry, threading, live update, composer)
is generic.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at an address of a channel."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A file that came or goes with a message."""

    filename: str
    content_type: str
    content: bytes
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """Something a provider handed over, as it came."""

    body: bytes
    recipients: tuple[str, ...] = ()
    """The envelope's, for mail."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What a provider's report says of one recipient of a message of ours (RFC 3464)."""

    address: str
    action: str
    """``failed`` or ``delayed``."""
    status: str = ""
    """``5.1.1``"""
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class Bounce:
    """That a message of ours did not arrive. ``keys`` are proved: they carry our signature."""

    keys: tuple[str, ...]
    """Of the messages meant, as in ``Outbound.key``; empty when the report proves none of ours."""
    recipients: tuple[Undelivered, ...] = ()


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message of a customer, in our words."""

    external_id: str
    """The provider's name for it; the same message twice has the same one."""
    sender: Person
    text: str
    subject: str = ""
    quoted_text: str = ""
    html: str | None = None
    quoted_html: str | None = None
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    files: tuple[Media, ...] = ()
    written_at: datetime | None = None
    thread: int | None = None
    """Our own thread, proved by a signature of ours in the address or the references."""
    conversation: str | None = None
    """The provider's own name for the conversation (a chat id)."""
    message_id: str = ""
    refers_to: tuple[str, ...] = ()
    """Message-IDs it answers, nearest last. They prove nothing about the sender."""
    automated: str = ""
    """Why we believe a machine wrote it; empty for a person."""
    reply_to: tuple[Person, ...] = ()
    """Where answers are wanted. Never who wrote."""
    arrived_at: tuple[str, ...] = ()
    """Addresses it was delivered to, envelope first, signed ones without their token, lower-cased."""
    trust: str = ""
    """``pass``, ``fail``, or empty where nobody we trust checked who the sender is."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """``{"spf": …, "dkim": …, "dmarc": …, "by": …}``"""
    notes: tuple[str, ...] = ()
    """Stable codes of what was odd or special about it."""
    forwarded_from: Person | None = None
    """Who first wrote what the sender forwards to us."""
    bounce: Bounce | None = None
    """A report about a message of ours, instead of a message."""
    loop: bool = False
    """It carries our own mark, or a Message-ID of ours: one of ours came back to us."""
    spam: str = ""
    """What calls it spam: ``headers``, ``rspamd``, ``spamassassin``; empty for nothing."""
    list_id: str = ""
    writer: Person | None = None
    """Who wrote it, by what a list says that put its own address into From: ``sender`` is the list."""
    doubted: bool = False
    """What it says of the writer does not fit together."""
    ticket: int | None = None
    """The number that its subject names. Proves nothing: it counts from who takes part, only."""


@dataclass(frozen=True, slots=True)
class Link:
    """A file that is too large for the message: it is fetched from us instead."""

    filename: str
    size: int
    """Bytes."""
    url: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Outbound:
    """One answer of ours, on its way to the provider."""

    key: str
    """Names this message at the provider when it is sent again after a doubt: the Message-ID, for mail."""
    sender: Person
    to: tuple[Person, ...]
    text: str
    thread: int
    """Our own, which answers to it belong to; 0 for a memo, which belongs to none."""
    cc: tuple[Person, ...] = ()
    subject: str = ""
    html: str | None = None
    files: tuple[Media, ...] = ()
    refers_to: tuple[str, ...] = ()
    written_at: datetime | None = None
    bcc: tuple[Person, ...] = ()
    signature: str = ""
    """Cleaned HTML that stands under it."""
    quoted_text: str = ""
    """What it passes on, in a forward: it stands under words and signature."""
    quoted_html: str = ""
    """The same as cleaned HTML, with a header block of its own."""
    links: tuple[Link, ...] = ()
    automated: str = ""
    """What it is if nobody wrote it: ``acknowledgement``; ``survey`` or ``memo``, which answer nothing."""
    ticket: int = 0
    """Its number, for channels whose customers see one."""
    unsubscribe: str = ""
    """Where a mail program ends mail of this kind with one POST (RFC 8058)."""
    language: str = ""
    """The customer's (``pt``), for the few words that are ours; empty where it is not known."""
    only: tuple[str, ...] = ()
    """The addresses that have not got it yet, when the others have; empty: everybody."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the provider said to an ``Outbound`` it took."""

    external_id: str
    via: str
    raw: bytes | None = None
    """The bytes as they left, for those who ask later."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Recipients the provider did not take although it took the message, and what it said to each."""
    later: tuple[str, ...] = ()
    """Those among them that it may take another time (a mailbox that is full or greylists)."""


class SendError(Exception):
    """It was not sent. ``permanent`` when trying again would not help.

    The reason is a sentence for the agent, translated where it is shown; what the provider said goes into
    ``detail``, for which ``%(detail)s`` stands in the sentence.
    """

    def __init__(
        self, reason: str, detail: str = "", *, permanent: bool = False, pause: float | None = None
    ) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail
        self.permanent = permanent
        self.pause = pause
        """Seconds for which the provider wants nothing of this account; it is no failed attempt."""


class AccountError(SendError):
    """Nothing of this account leaves, whatever it says: its server is silent, or does not let us in."""

    def __init__(self, reason: str, detail: str = "", *, pause: float = 60.0) -> None:
        super().__init__(reason, detail, pause=pause)


class NotLetIn(AccountError):
    """The outgoing server did not take our access token: it may take the next one."""


class TooLarge(SendError):
    """The provider does not take so much at once; ``limit`` is what it takes, in bytes, or 0 if unsaid."""

    def __init__(self, reason: str, detail: str = "", *, limit: int = 0) -> None:
        super().__init__(reason, detail, permanent=True)
        self.limit = limit


class ParseError(Exception):
    """It cannot be read; the sentence says why, for whoever opens *Needs attention*."""


def N_(sentence: str) -> str:  # noqa: N802 (what extraction looks for)
    """Marks a sentence that is translated where it is shown."""
    return sentence


SEALED = ("password", "secret")
"""Kinds of fields that are kept encrypted and never shown again."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of an account; they draw the form."""

    name: str
    label: str
    kind: str = "text"
    """``text password number select bool textarea secret``; a password and a secret (of several lines) are
    sealed and never shown again."""
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: Any = ""
    group: str = ""
    """Fields of one group stand together: ``in out mail``."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing fetched, and the place it was at: the same place is taken in once."""

    body: bytes
    source: str
    reason: str = ""
    """Why ``body`` is not the whole of it, for a person to look into: a sentence as in ``SendError``."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was fetched in one go. Keep it and the cursor in one transaction, then ask for the next."""

    items: tuple[Item, ...] = ()
    cursor: Mapping[str, Any] | None = None
    """Empty where it has not moved: a batch of nothing at all says that everything was looked into."""
    folder: str = ""
    total: int | None = None
    """How many there are in all, for an import."""
    done: int = 0
    """How many of them this run is through with."""
    trouble: ConnectError | None = None
    """Why a part of the mailbox cannot be read; the rest was looked into, and goes on."""


class ConnectError(Exception):
    """The provider cannot be reached or refuses us. The reason is a sentence, as in ``SendError``."""

    def __init__(
        self, reason: str, detail: str = "", *, permanent: bool = False, pause: float | None = None
    ) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail
        self.permanent = permanent
        """A person has to do something first: a wrong password, a withdrawn permission."""
        self.pause = pause
        """Seconds for which the provider wants nothing of this account."""


class TokenRefused(ConnectError):
    """The provider did not take our access token: a new one may be asked for before a person is."""


class Known:
    """What of a mailbox we have, for a channel that cannot tell by its cursor. This one knows nothing."""

    def places(self, sources: Collection[str]) -> set[str]:
        """Those of these ``Item.source`` that were taken in."""
        return set()

    def mails(self, facts: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of these (Message-ID, bytes) that were taken in."""
        return set()


@dataclass(frozen=True, slots=True)
class Check:
    """One step of trying out an account's settings, for the admin who types them."""

    label: str
    """What was found, a sentence to translate: ``N_("The line is encrypted: %(detail)s")``."""
    ok: bool
    detail: str = ""
    """What stands for ``%(detail)s`` in it (``TLSv1.3``, the server's own words); never translated."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    undo_seconds: bool = False
    """Sending waits for the undo window (mail-like channels)."""
    stops_on_newer: bool = False
    """A message that arrived since the composer was opened stops the reply and asks."""
    subject: bool = False
    html: bool = False
    copies: bool = False
    """Cc exists."""
    in_child: bool = False
    """Hostile enough to be read by the worker, in a child process."""


class Channel(ABC):
    """A kind of channel. Instances hold no state of an account: settings come with every call."""

    kind: str
    label: str
    icon: str
    fields: tuple[Field, ...] = ()
    capabilities = Capabilities()

    @abstractmethod
    def verify(self, settings: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a webhook's request is really the provider's. Abstract, so that none can forget it."""

    @abstractmethod
    def parse(self, settings: Mapping[str, Any], received: Received) -> list[Inbound]:
        """The messages in what was received. Raises ParseError."""

    @abstractmethod
    def send(self, settings: Mapping[str, Any], outbound: Outbound) -> Sent:
        """Hand one message to the provider. Raises SendError."""

    def check(self, settings: Mapping[str, Any]) -> Mapping[str, Sequence[Check]]:
        """Try an account's settings out, by direction (``in``, ``out``); nothing where there is nothing to
        try. It talks to the provider for some seconds and raises nothing.
        """
        return {}

    def listens(self, settings: Mapping[str, Any]) -> bool:
        """Whether messages of this account must be fetched."""
        return False

    def listen(
        self,
        settings: Mapping[str, Any],
        cursors: Mapping[str, Mapping[str, Any]],
        stopped: Callable[[], bool],
        known: Known,
    ) -> Iterator[Batch]:
        """Fetch, and wait for more, until ``stopped``. Cursors are by folder.

        When the caller asks for the next batch, it has committed the last one: only then may something be
        moved or deleted at the provider. A lost connection ends it: begin again from the committed cursors.
        ``settings["max_bytes"]`` is the largest that is taken in whole. Raises ConnectError.
        """
        raise NotImplementedError(self.kind)

    def history(
        self,
        settings: Mapping[str, Any],
        folder: str,
        cursor: Mapping[str, Any],
        since: datetime | None,
        heard: Mapping[str, Any] | None = None,
    ) -> Iterator[Batch]:
        """Everything in one folder, oldest first; ``cursor`` is where an earlier run ended, or empty.

        ``heard`` is the cursor of listening to that folder: what lies beyond it is new, and no history. What
        listening brought has the same ``source`` here. Raises ConnectError.
        """
        raise NotImplementedError(self.kind)

    def new_key(self, settings: Mapping[str, Any], thread: int, sender: str) -> str:
        """A name for a message before it is sent, which it keeps when it is sent again."""
        return secrets.token_urlsafe(24)


@dataclass
class Registry:
    """The channels by kind, in the order they are offered."""

    channels: dict[str, Channel] = field(default_factory=dict)

    def add(self, channel: type[Channel]) -> type[Channel]:
        self.channels[channel.kind] = channel()
        return channel

    def __getitem__(self, kind: str) -> Channel:
        return self.channels[kind]


registry = Registry()


def of(kind: str) -> Channel:
    """The channel of this kind."""
    return registry[kind]


from inbox.channels import email  # noqa: E402, F401 (a list of what exists; each registers itself)
