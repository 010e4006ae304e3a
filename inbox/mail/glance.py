"""A look at a mail's headers before it is opened: who sends it, and whether many others come with it.

Cheap on purpose: floods are counted by it, and what is held is never parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inbox.mail.addresses import address_list
from inbox.mail.headers import Headers, split
from inbox.mail.through import Writer, writer
from inbox.mail.values import Unreadable

SEEN_BYTES = 65_536
_LIST_ID = re.compile(r"<([^<>\s]{1,200})>")
_BULK = ("bulk", "junk", "list", "auto_reply")


@dataclass(frozen=True, slots=True)
class Glance:
    sender: str
    """The address in From, lower-cased; '' where there is none."""
    list_id: str = ""
    """RFC 2919, without its brackets."""
    automated: bool = False
    """It says of itself that no person sent it (RFC 3834, or Precedence)."""
    writer: Writer | None = None
    """Who wrote it, where a list put its own address into From."""


def glance(raw: bytes) -> Glance:
    """What the first headers say; nothing of it is trusted."""
    fields, _body = split(raw[:SEEN_BYTES])
    sender, list_id = _sender(fields), _list_id(fields)
    return Glance(sender, list_id, _is_automated(fields), writer(fields, list_id, sender))


def _sender(fields: Headers) -> str:
    for name in ("From", "Sender", "Reply-To", "Return-Path"):
        try:
            people = address_list(fields.plain(name))
        except Unreadable:
            people = ()
        if people and people[0].address:
            return people[0].address.lower()
    return ""


def _list_id(fields: Headers) -> str:
    value = fields.plain("List-Id")
    found = _LIST_ID.search(value)
    return (found[1] if found else value.strip())[:200].lower()


def _is_automated(fields: Headers) -> bool:
    said = fields.plain("Auto-Submitted").lower()
    precedence = fields.plain("Precedence").lower()
    return (bool(said) and not said.startswith("no")) or precedence in _BULK
