"""A mail as it came or left, for people: its source, its fields, and the way it took."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from inbox.mail import Unreadable
from inbox.views.reading import READER

MOST_SOURCE = 300_000
MOST_HEAD = 200_000
MOST_HOPS = 50

_FROM = re.compile(r"\s*from\s+([^\s;()]{1,255})(?:\s+\(([^()]{0,300}))?", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]{1,255})", re.IGNORECASE)
_WITH = re.compile(r"\swith\s+([A-Za-z0-9]{1,20})", re.IGNORECASE)
_SECURE = re.compile(r"TLS|cipher", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the head: its value decoded, and as it stands there where that is something else."""

    name: str
    value: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """One server a mail came through (RFC 5321 section 4.4), as that server says."""

    sender: str
    sender_is: str
    """What the server found the sender to be, whatever it called itself."""
    receiver: str
    protocol: str
    secure: bool
    at: datetime | None
    took: timedelta | None


def source(content: bytes) -> dict[str, Any]:
    """The bytes as text; a long mail is cut, for the download has all of it."""
    text = content[:MOST_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n")
    return {"source": text, "cut": len(content) > MOST_SOURCE, "size": len(content)}


def head(content: bytes) -> dict[str, Any]:
    """Its fields in order, and its hops, the first server first."""
    fields = _fields(content)
    received = [field.raw or field.value for field in fields if field.name.lower() == "received"]
    return {"fields": fields, "hops": _hops(received[:MOST_HOPS][::-1])}


def _fields(content: bytes) -> list[Field]:
    block = re.split(rb"\r?\n\r?\n", content[:MOST_HEAD], maxsplit=1)[0]
    raw = lines(block.decode("utf-8", "replace").replace("\r\n", "\n"))
    try:
        decoded = READER.read(block + b"\r\n\r\n").headers
    except Unreadable:
        decoded = ()
    if [name.lower() for name, _value in raw] != [name.lower() for name, _value in decoded]:
        return [Field(name, value) for name, value in decoded or raw]
    return [
        Field(name, value, as_sent if _squeezed(value) != _squeezed(as_sent) else "")
        for (name, as_sent), (_name, value) in zip(raw, decoded, strict=True)
    ]


def lines(block: str) -> list[tuple[str, str]]:
    """Unfolded fields, in order."""
    found: list[tuple[str, str]] = []
    for line in block.split("\n"):
        if line[:1] in (" ", "\t") and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif ":" in line:
            name, _colon, value = line.partition(":")
            found.append((name.strip(), value.strip()))
    return found


def _squeezed(value: str) -> str:
    return "".join(value.split())


def _hops(received: list[str]) -> list[Hop]:
    hops: list[Hop] = []
    before: datetime | None = None
    for field in received:
        told, _semicolon, date = field[:2_000].rpartition(";")
        at = _moment(date)
        came, by, how = _FROM.match(told), _BY.search(told), _WITH.search(told)
        protocol = how[1].upper() if how else ""
        secure = protocol.startswith(("ESMTPS", "UTF8SMTPS", "LMTPS")) or bool(_SECURE.search(told))
        hops.append(
            Hop(
                came[1] if came else "",
                (came[2] or "").strip() if came else "",
                by[1] if by else "",
                protocol,
                secure,
                at,
                at - before if at and before else None,
            )
        )
        before = at or before
    return hops


def _moment(date: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(date.strip()[:100])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
