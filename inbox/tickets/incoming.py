"""What comes in and is read: a message, a report about one of ours, or one of ours that came back."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from inbox.channels import N_, Bounce, Inbound
from inbox.db import session
from inbox.models import Account, Event, Message, Payload
from inbox.models.payload import KNOWN
from inbox.tickets.bounced import bounced
from inbox.tickets.imported import bring_in
from inbox.tickets.ours import is_ours
from inbox.tickets.receive import receive

NOT_OURS = N_("A report about mail that did not come from here.")
CAME_BACK = N_("One of our own mails came back: taken in, it would go round in circles.")
FROM_US = N_("It says that it comes from one of our own addresses: taken in, it could go round in circles.")


def take_in(account: Account, inbound: Inbound, payload: Payload) -> str:
    """Do with it what it is for; returns why nothing was done, '' if something was.

    Raises IntegrityError as ``receive`` does.
    """
    if inbound.automated in ("list", "bulk") and account.is_list(inbound.list_id):
        inbound = replace(inbound, automated="")
    if inbound.bounce is not None:
        return _report(inbound.bounce, payload)
    if inbound.loop and not payload.imported:
        return _drop(account, payload, "own_mark", CAME_BACK)
    inbound = _from_its_writer(inbound)
    if is_ours(inbound.sender.address):
        if not payload.imported or inbound.trust == "fail":
            return _drop(account, payload, "own_address", FROM_US)
        return "" if bring_in(account, inbound, payload) else KNOWN
    return "" if receive(account, inbound, payload) else KNOWN


def _from_its_writer(inbound: Inbound) -> Inbound:
    """A group of ours that put its own address into From says who wrote it; nobody else would be its sender.

    It is believed like any customer if our mail server vouches for the group and nothing contradicts it.
    Otherwise anybody may have written all of it, and it is shown as from somebody unverified: that is no
    customer of ours and is never answered by itself, so nothing goes round in circles.
    """
    if inbound.writer is None or not is_ours(inbound.sender.address) or is_ours(inbound.writer.address):
        return inbound
    vouched = inbound.trust == "pass" and not inbound.doubted
    return replace(
        inbound,
        sender=inbound.writer,
        automated="" if inbound.automated in ("list", "bulk") else inbound.automated,
        trust="",  # what was checked is the group, not the writer
        checks={},
        notes=(*inbound.notes, "through_group" if vouched else "from_group"),
    )


def _report(bounce: Bounce, payload: Payload) -> str:
    """Mark what it proves to be about. Without our signature it touches nobody: anybody can write one."""
    named = select(Message).where(
        Message.message_id_header.in_([key.lower() for key in bounce.keys]),
        Message.kind == "reply",
    )
    messages = session.scalars(named.order_by(Message.id)).all() if bounce.keys else ()
    for message in messages:
        bounced(message, bounce.recipients, payload)
    return "" if messages else NOT_OURS


def _drop(account: Account, payload: Payload, why: str, reason: str) -> str:
    """For the audit: no ticket knows of it."""
    data = {"why": why, "account": account.id, "payload": payload.id}
    session.add(Event(kind="loop_dropped", data=data))
    return reason
