"""Who wrote a mail that came through a list which put its own address into From, as DMARC makes lists do.

Google Groups writes `From: 'Maria' via Support <support@shop.example>` and names Maria in X-Original-From,
X-Original-Sender and, unless answers are to go to the group, in Reply-To; what it found out about her mail
stands in X-Original-Authentication-Results. Mailman ("munge from") names her in Reply-To only, and passes on
whatever else she wrote: there an X-Original-From is the writer's own, and worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inbox.mail.addresses import address_list
from inbox.mail.authentication import verdict
from inbox.mail.headers import Headers
from inbox.mail.values import Address, Unreadable

_ORIGINAL = ("X-Original-From", "X-Original-Sender")
_MAILMAN = ("X-Mailman-Version", "X-BeenThere")
_CHECKED = "X-Original-Authentication-Results"


@dataclass(frozen=True, slots=True)
class Writer:
    address: Address
    doubted: bool
    """The fields do not agree, or the list itself found the mail to be forged."""


def writer(fields: Headers, list_id: str, sender: str) -> Writer | None:
    """Who wrote it, if `sender`, the address in From, is that of the list; None where nobody is named.

    Nothing of it is proved: it is worth what the list is worth that says so.
    """
    if not list_id or sender.replace("@", ".") != list_id:
        return None
    original, answered = ([*_named(fields, names, sender)] for names in (_ORIGINAL, ("Reply-To",)))
    mailman = any(fields.raw(name) is not None for name in _MAILMAN)
    told = answered + original if mailman else original + answered
    if not told:
        return None
    address = told[0].address
    others = any(one.address.lower() != address.lower() for one in told)
    name = next((one.name for one in told if one.name and one.address == address), "")
    doubted = others or (mailman and not answered) or _found_forged(fields, address)
    return Writer(Address(name, address), doubted)


def _named(fields: Headers, names: tuple[str, ...], but: str) -> Iterator[Address]:
    """Everybody in these fields, however often they stand there, but the list itself."""
    for value in (fields.read(value) for name in names for value in fields.all(name)):
        try:
            yield from (one for one in address_list(value) if one.address and one.address.lower() != but)
        except Unreadable:
            continue


def _found_forged(fields: Headers, address: str) -> bool:
    domain = address.rpartition("@")[2]
    for value in map(fields.read, fields.all(_CHECKED)):
        by = value.partition(";")[0].strip()
        if verdict((("Authentication-Results", value),), by, domain)[0] == "fail":
            return True
    return False
