"""Telling a customer that their request arrived."""

from __future__ import annotations

import re

from inbox import channels, outbox, queue, vault
from inbox.db import now, session
from inbox.models import Account, Installation, Message, Ticket
from inbox.tickets import words
from inbox.tickets.changing import changing
from inbox.tickets.ours import is_ours

_NOBODY_READS = re.compile(
    r"(?:^|[._+-])(?:(?:no|do[._-]?not|never)[._-]?repl(?:y|ies)|n[aã]o[._-]?respond(?:a|er)|"
    r"mailer-daemon|postmaster|daemon|bounces?|auto[._-]?(?:reply|responder|mailer))(?:$|[._+-])",
    re.IGNORECASE,
)


def is_wanted(account: Account) -> bool:
    """Whether this account confirms requests: unless somebody turned it off, it does."""
    wanted = (account.settings or {}).get("acknowledge")
    return account.kind == "mail" and account.active and (wanted is None or bool(wanted))


def may_have_one(message: Message) -> bool:
    """Whether a person wrote this first message of a request, from an address that is theirs and is read."""
    identity, ticket = message.identity, message.ticket
    if identity is None or identity.kind != "mail" or ticket.status == "spam" or message.third_party:
        return False
    if message.automated or message.imported or message.trust == "fail":
        return False
    return not nobody_reads(identity.address) and not is_ours(identity.address)


def nobody_reads(address: str) -> bool:
    """Whether the address says so itself: ``no-reply@``, ``mailer-daemon@`` …"""
    return _NOBODY_READS.search(address.rpartition("@")[0]) is not None


def acknowledge(message: Message) -> Message:
    """Write the confirmation of a customer's first message; it leaves at once.

    Of a sender whom nobody vouches for it repeats nothing, neither name nor subject: the address may be a
    stranger's who never wrote, and whoever forged it would have us carry their words.
    """
    ticket, believed = message.ticket, message.trust == "pass"
    with changing(ticket) as change:
        ours = _row(ticket, message, believed)
        session.add(ours)
        session.flush()
        change.record("acknowledged", ours)
    queue.later("outbox", outbox.send_now, ours.id)
    return ours


def _row(ticket: Ticket, message: Message, believed: bool) -> Message:
    account, identity, thread = ticket.account, message.identity, message.thread
    assert identity is not None and thread is not None
    house = Installation.current()
    language = words.spoken(ticket.language, identity.customer.language, house.language)
    sender = thread.address.address if thread.address else account.address
    key = channels.of(account.kind).new_key({"signing_key": vault.signing_key()}, thread.id, sender)
    values = _values(ticket, identity.display_name if believed else "", house.company)
    own = str((account.settings or {}).get(f"acknowledge_{language}") or "").strip()
    return Message(
        ticket=ticket,
        thread=thread,
        account_id=account.id,
        kind="reply",
        state="queued",
        automated="acknowledgement",
        subject=_subject(ticket, language, values, believed),
        text=words.fill(own or words.RECEIVED[language], values),
        recipients={"to": [{"name": identity.name if believed else "", "address": identity.address}]},
        references=[message.message_id_header] if message.message_id_header else [],
        external_id=key,
        message_id_header=key,
        version=ticket.version,
        created_at=now(),
    )


def _values(ticket: Ticket, name: str, company: str) -> dict[str, str]:
    return {
        "ticket.number": f"{ticket.id}",
        "customer.first_name": words.first_name(name),
        "company": company,
    }


def _subject(ticket: Ticket, language: str, values: dict[str, str], believed: bool) -> str:
    if not believed or not ticket.subject:
        return words.fill(words.RECEIVED_SUBJECT[language], values)
    return ticket.subject if ticket.subject.lower().startswith("re:") else f"Re: {ticket.subject}"[:998]
