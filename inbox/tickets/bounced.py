"""A message of ours that did not arrive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from inbox import customers, live
from inbox.channels import N_, Undelivered
from inbox.db import now, session
from inbox.models import Identity, Message, Payload
from inbox.tickets.changing import changing, lock

RETURNED = N_("It came back: %(detail)s")
"""Why a message failed that had left."""

_NOT_THE_ADDRESS = re.compile(r"4\.|5\.(?:2\.[23]|3\.4|7\.)")
"""A full mailbox, a mail that is too large or unwelcome, and what passes (RFC 3463) say nothing of it."""


def bounced(message: Message, undelivered: Sequence[Undelivered], payload: Payload | None) -> None:
    """Note who did not get a message of ours. Empty ``undelivered`` means: nobody got it.

    Only recipients of this very message count, whatever a report says. A later word on one replaces the
    earlier; that it is delayed never replaces that it failed.
    """
    lock(message.ticket)
    session.flush()
    session.refresh(message, ["bounces", "state"])
    known = {mark["address"]: mark for mark in message.bounces}
    about = payload.id if payload else None
    news = [mark for mark in _marks(message, undelivered) if _is_news(mark, known.get(mark["address"]))]
    if not news:
        return
    with changing(message.ticket) as change:
        message.bounces = list(
            (known | {mark["address"]: mark | {"payload_id": about} for mark in news}).values()
        )
        message.version = message.ticket.version
        for mark in news:
            facts = {"status": mark["status"], "action": mark["action"], "identity": _mark_address(mark)}
            change.record("bounced", message, payload=about, **facts)
        _give_back(message)


def _is_news(mark: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """A report may come twice, and a warning may come late."""
    if before is None or before["action"] != "failed":
        return before is None or mark["action"] == "failed"
    return mark["action"] == "failed" and mark["status"] != before["status"]


def _marks(message: Message, undelivered: Sequence[Undelivered]) -> list[dict[str, Any]]:
    """What the report says, of those we wrote to."""
    to = {customers.normal("mail", address): address for address in _recipients(message)}
    if not undelivered:
        undelivered = [Undelivered(address, "failed") for address in to]
    marks = []
    for one in undelivered:
        address = customers.normal("mail", one.address)
        if address not in to and len(to) == 1:  # they have it forwarded to another address
            [address] = to
        if address in to and one.action in ("failed", "delayed"):
            marks.append(_mark(address, one))
    return marks


def _mark(address: str, one: Undelivered) -> dict[str, Any]:
    return {
        "address": address,
        "action": one.action,
        "status": one.status,
        "diagnostic": one.diagnostic[:500],
        "at": now().isoformat(),
    }


def _recipients(message: Message) -> list[str]:
    return [one["address"] for role in ("to", "cc", "bcc") for one in message.recipients.get(role, ())]


def _mark_address(mark: dict[str, Any]) -> int | None:
    """Whoever writes there is warned, until somebody writes from it again. Returns whose it is: by a number,
    because an event can never be erased."""
    identity = session.scalar(
        select(Identity).where(Identity.kind == "mail", Identity.address == mark["address"])
    )
    if identity and mark["action"] == "failed" and not _NOT_THE_ADDRESS.match(mark["status"]):
        identity.bounced_at, identity.bounce_reason = now(), (mark["diagnostic"] or mark["status"])[:255]
    return identity.id if identity else None


def _give_back(message: Message) -> None:
    """What reached nobody is a failed message again, which somebody has to look at."""
    failed = {mark["address"]: mark for mark in message.bounces if mark["action"] == "failed"}
    everybody = {customers.normal("mail", address) for address in _recipients(message)}
    if message.automated or message.state != "sent" or not everybody <= failed.keys():
        return
    last = [*failed.values()][-1]
    message.state, message.put_aside = "failed", False
    message.failure, message.failure_detail = RETURNED, (last["diagnostic"] or last["status"])[:255]
    live.attention()
