"""A message of ours as its channel wants it: from whom, with its pictures in place and its files in reach."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from inbox import downloads, files, surveys
from inbox.channels import Link, Media, Outbound, Person
from inbox.db import reading, session, writing
from inbox.models import Account, Attachment, Message, Thread

MEGABYTE = 1_000_000
_IMAGE = re.compile(r"<img\b[^<>]*?\ssrc=\"([^\"]*)\"[^<>]*>", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9.@_+$-]{1,200}")
_OUR_FILE = re.compile(r"/files/([A-Za-z0-9_-]{20,43})/[^\s\"]*")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent, with the rows it is made of; they are detached, and only read."""

    message: Message
    account: Account


def load(message_id: int) -> Parcel:
    with reading():
        message = session.scalars(
            select(Message)
            .where(Message.id == message_id)
            .options(
                joinedload(Message.ticket),
                joinedload(Message.thread).joinedload(Thread.address),
                selectinload(Message.attachments),
                joinedload(Message.author),
            )
        ).one()
        return Parcel(message, session.get_one(Account, message.account_id))


def too_large(parcel: Parcel, limit: int | None) -> list[Attachment]:
    """The files that must become links so that the rest fits into ``limit`` bytes: the largest first, and
    pictures that stand in the text last. With 0 no file fits; None is no limit.
    """
    attached = parcel.message.attachments
    if limit is None:
        return []
    whole = sum(_on_the_way(file.size) for file in attached)
    message = parcel.message
    words = (message.text, message.html, message.quoted_text, message.quoted_html)
    whole += sum(2 * len(part or "") for part in words) + 4000
    linked: list[Attachment] = []
    for file in sorted(attached, key=lambda file: (file.inline, -file.size)):
        if whole <= limit:
            break
        linked.append(file)
        whole -= _on_the_way(file.size)
    return linked


def keep_linked(linked: Sequence[Attachment]) -> None:
    """From now on these can be fetched; a link that left before is not changed."""
    fresh = [file for file in linked if file.linked_until is None]
    if not fresh:
        return
    until = downloads.ends()
    with writing():
        for row in session.scalars(select(Attachment).where(Attachment.id.in_([f.id for f in fresh]))):
            row.linked_until = until
    for file in fresh:
        file.linked_until = until


def outbound(parcel: Parcel, linked: Sequence[Attachment]) -> Outbound:
    """Raises files.Missing."""
    message, ticket = parcel.message, parcel.message.ticket
    going = [file for file in message.attachments if file not in linked]
    text, html, way_out = _worded(message)
    html, shown = _in_place(html, going)
    passed_on, shown_there = _in_place(message.quoted_html, going)
    signature, shown_below = _in_place(message.signature, going)
    return Outbound(
        key=message.message_id_header or message.external_id or "",
        sender=_sender(parcel),
        to=_people(message, "to"),
        cc=_people(message, "cc"),
        bcc=_people(message, "bcc"),
        subject=message.subject,
        text=text,
        html=html,
        files=tuple(_media(file, shown | shown_there | shown_below) for file in going),
        thread=message.thread_id or 0,
        refers_to=tuple(message.references),
        written_at=message.created_at,
        signature=signature or "",
        quoted_text=message.quoted_text,
        quoted_html=passed_on or "",
        links=_links(linked),
        automated=message.automated,
        unsubscribe=way_out,
        ticket=ticket.id,
        language=ticket.language or "",
        only=tuple(address for address, answer in message.refused.items() if answer["again"]),
    )


def _worded(message: Message) -> tuple[str, str | None, str]:
    """Its words, and where such mails are ended; a survey's address is written in only now, because nobody
    else may have it."""
    if message.automated != "survey":
        return message.text, message.html, ""
    with reading():
        return *surveys.worded(message), surveys.way_out(message)


def _sender(parcel: Parcel) -> Person:
    """The address the customer wrote to, named as the company wants it there."""
    account, author = parcel.account, parcel.message.author
    ours = parcel.message.thread.address if parcel.message.thread else None
    if ours is not None and ours.account_id != account.id:
        ours = None
    name = (ours.name if ours else "") or account.name
    address = ours.address if ours and ours.address != account.address.lower() else account.address
    return Person(address, f"{author.name} ({name})" if author else name)


def _people(message: Message, role: str) -> tuple[Person, ...]:
    found: Sequence[Mapping[str, Any]] = message.recipients.get(role, ())
    return tuple(Person(p["address"], p["name"]) for p in found)


def _links(linked: Sequence[Attachment]) -> tuple[Link, ...]:
    if not linked:
        return ()
    with reading():
        return tuple(
            Link(file.filename, file.size, downloads.address(file, file.linked_until), file.linked_until)
            for file in linked
            if file.linked_until
        )


def _media(file: Attachment, shown: Mapping[str, str]) -> Media:
    inline = file.token in shown
    content_id = shown.get(file.token, file.content_id)
    return Media(file.filename, file.content_type, files.get(file.sha256), inline, content_id)


def _in_place(html: str | None, going: Sequence[Attachment]) -> tuple[str | None, dict[str, str]]:
    """The HTML with every picture of ours as ``cid:``, and the content ids it shows, by file token.

    An address of ours means nothing to the customer's mail program: what cannot be put in goes.
    """
    if not html:
        return html, {}
    by_token = {file.token: file for file in going}
    by_content_id = {file.content_id: file for file in going if file.content_id}
    shown: dict[str, str] = {}

    def placed(image: re.Match[str]) -> str:
        source = image[1]
        local = _OUR_FILE.fullmatch(source)
        if local:
            file = by_token.get(local[1])
        elif source[:4].lower() == "cid:":
            file = by_content_id.get(source[4:])
        else:
            return "" if source.startswith("/") else image[0]
        if file is None:
            return ""
        plain = _PLAIN.fullmatch(file.content_id)  # one that came with a forwarded mail may be anything
        shown[file.token] = file.content_id if plain else f"{file.token}@prosa"
        return image[0].replace(f'"{source}"', f'"cid:{shown[file.token]}"', 1)

    return _IMAGE.sub(placed, html), shown


def _on_the_way(size: int) -> int:
    """Bytes of a file in a mail: base64 in lines of 76, and its headers."""
    return -(-size // 57) * 78 + 500
