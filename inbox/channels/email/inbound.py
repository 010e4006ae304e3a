"""A mail as read becomes an ``Inbound``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inbox.channels import Bounce, Inbound, Media, Person, Received, Undelivered
from inbox.mail import junk, marks
from inbox.mail.authentication import verdict
from inbox.mail.fingerprint import called, content_hash
from inbox.mail.glance import Glance, glance
from inbox.mail.tokens import Signer
from inbox.mail.values import Address, Mail

_ID = re.compile(r"<t[0-9][^<>\s]{20,320}>")
_REPORTED = ("failed", "delayed")
_SEARCHED_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class Look:
    """What can be told of a mail without reading it, while the child does."""

    seen: Glance
    content: str
    """Hash of what its sender wrote."""


def look(raw: bytes) -> Look:
    return Look(glance(raw), content_hash(raw))


def inbound(mail: Mail, looked: Look, received: Received, settings: Mapping[str, Any]) -> Inbound:
    """In our words: who, what, and what proves where it belongs."""
    signer = Signer(settings["signing_key"])
    refers_to = tuple(dict.fromkeys((*mail.references, *filter(None, (mail.in_reply_to,)))))
    trust, checks = _trust(mail, settings)
    sender, notes = _sender(mail.from_, mail.notes)
    seen = looked.seen
    return Inbound(
        external_id=called(mail.message_id, looked.content),
        sender=sender,
        subject=mail.subject,
        text=mail.reply_text,
        quoted_text=mail.quoted_text,
        html=mail.reply_html or None,
        quoted_html=mail.quoted_html or None,
        to=_people(mail.to),
        cc=_people(mail.cc),
        files=tuple(
            Media(a.filename, a.content_type, a.content, a.inline, a.content_id) for a in mail.attachments
        ),
        written_at=mail.date,
        thread=_signed_thread(mail, received, signer, refers_to),
        message_id=mail.message_id,
        refers_to=refers_to,
        automated=mail.auto_submitted or ("bounce" if mail.bounce else ""),
        reply_to=_people(mail.reply_to),
        arrived_at=tuple(dict.fromkeys(_arrived_at(mail, received, signer))),
        trust=trust,
        checks=checks,
        notes=notes,
        forwarded_from=_person(mail.forwarded_from) if mail.forwarded_from else None,
        bounce=_bounce(mail, signer, refers_to),
        loop=_is_ours(mail, signer, settings["signing_key"]),
        spam=_spam(mail, settings),
        list_id=seen.list_id,
        writer=_sender(seen.writer.address, ())[0] if seen.writer else None,
        doubted=bool(seen.writer and seen.writer.doubted),
        ticket=next(iter(marks.numbers(mail.subject)), None),
    )


# -------------------------------------------------------------------------------------- who wrote it


def _sender(who: Address, notes: tuple[str, ...]) -> tuple[Person, tuple[str, ...]]:
    """A name that is another address is dropped: it is there to be taken for the sender."""
    if "@" in who.name and who.name.strip().lower() != who.address.lower():
        return Person(who.address), (*notes, "name_is_address")
    return _person(who), notes


def _is_ours(mail: Mail, signer: Signer, key: bytes) -> bool:
    """Whether it left from here: a list may take our mark away, but its Message-ID stays."""
    marked = (value for name, value in mail.headers if name.lower() == marks.HEADER.lower())
    return signer.thread_of(mail.message_id) is not None or any(marks.is_ours(key, one) for one in marked)


def _trust(mail: Mail, settings: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """What our own mail server found out about the From; nothing where we were not told its name."""
    domain = mail.from_.address.rpartition("@")[2]
    return verdict(mail.headers, str(settings.get("authserv_id") or ""), domain)


def _spam(mail: Mail, settings: Mapping[str, Any]) -> str:
    """Verdicts in headers count from the server whose checks count, and from no other."""
    ours = str(settings.get("authserv_id") or "").replace(",", " ").split()
    return junk.by_headers(mail.headers, ours[0]) if ours else ""


# ---------------------------------------------------------------------------------- where it belongs


def _signed_thread(mail: Mail, received: Received, signer: Signer, refers_to: tuple[str, ...]) -> int | None:
    """The thread an address or a Message-ID of ours proves it belongs to; the nearest proof counts."""
    for address in (*received.recipients, *(a.address for a in (*mail.to, *mail.cc))):
        if found := signer.thread_of_address(address):
            return found[1]
    for message_id in reversed(refers_to):
        if (thread := signer.thread_of(message_id)) is not None:
            return thread
    return None


def _arrived_at(mail: Mail, received: Received, signer: Signer) -> Iterator[str]:
    """The envelope first, then what servers on the way wrote, then what the sender did."""
    named = (address.address for address in (*mail.to, *mail.cc))
    for address in filter(None, (*received.recipients, *mail.delivered_to, *named)):
        signed = signer.thread_of_address(address)
        yield signed[0] if signed else address.strip().lower()


# ------------------------------------------------------------------------------------------- reports


def _bounce(mail: Mail, signer: Signer, refers_to: tuple[str, ...]) -> Bounce | None:
    """A report about a mail of ours (RFC 3464), if this is one. Only what we signed proves which."""
    told = tuple(
        Undelivered(one.recipient, one.action, one.status, one.diagnostic)
        for one in mail.deliveries
        if one.action in _REPORTED
    )
    if not mail.bounce and not told:
        return None
    text = f"{mail.text[:_SEARCHED_CHARS]}\n{mail.quoted_text[:_SEARCHED_CHARS]}"
    candidates = dict.fromkeys((*mail.reported_ids, *refers_to, *_ID.findall(text)))
    keys = tuple(one for one in candidates if signer.thread_of(one) is not None)
    return Bounce(keys, told)


def _people(addresses: tuple[Address, ...]) -> tuple[Person, ...]:
    return tuple(map(_person, addresses))


def _person(address: Address) -> Person:
    return Person(address.address, address.name)
