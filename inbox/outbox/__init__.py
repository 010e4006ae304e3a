"""Queued message out: claimed, sent, and marked, so that none is lost and none leaves twice by mistake.

A crash between the provider's OK and our commit leaves a message ``unconfirmed``. It is then sent again
under the same key (for mail the same Message-ID), which receivers recognise.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from inbox import channels, connections, files, oauth, queue, vault
from inbox.channels import N_, SEALED, AccountError, NotLetIn, SendError, Sent, TooLarge
from inbox.config import settings
from inbox.db import now, reading, session
from inbox.models import Account, Message
from inbox.outbox import claims, outcome, parcel
from inbox.outbox.claims import Claim

log = structlog.get_logger("outbox")

LONGEST_SEND = 90.0
"""Seconds one delivery may take: less than a job may run, and than a claim lasts."""

SURPRISE = N_("Something unexpected went wrong: %(detail)s")
SEALED_WITH_ANOTHER_KEY = N_("Its password was saved with another key: type it again in Settings.")
FILE_MISSING = N_("A file of it is missing or damaged in the file store.")


def send_now(message_id: int) -> None:
    """Send what is next in this message's account, if it is due and nobody else has it in hand."""
    claim = claims.claim(message_id)
    if claim is None:
        return
    try:
        sent = _send(claim)
    except SendError as problem:
        outcome.not_sent(claim, problem)
    except files.Missing:
        outcome.not_sent(claim, SendError(FILE_MISSING, permanent=True))
    except vault.Unreadable:
        outcome.not_sent(claim, SendError(SEALED_WITH_ANOTHER_KEY, permanent=True))
    except Exception as problem:
        log.exception("send_failed", message=claim.message_id)
        outcome.not_sent(claim, SendError(SURPRISE, type(problem).__name__))
    else:
        outcome.sent(claim, sent)


def sweep() -> int:
    """Ring for everything that may leave now, and doubt what was being sent when its sender died."""
    with reading():
        stuck = claims.stuck()
    for message_id in stuck:
        claims.doubt(message_id)
    claims.set_right()
    with reading():
        due, unexplained = claims.next_due(), claims.unexplained()
    if unexplained:
        outcome.explain(unexplained)
    slot = str(int(now().timestamp() // 15))  # at most one more bell in 15 s: the first may be under way
    for message_id in due:
        queue.ring("outbox", send_now, message_id, again=slot)
    return len(due)


def previews(limit: int = 100) -> Sequence[Message]:
    """What would have left if an outgoing server were set, newest first."""
    return session.scalars(
        select(Message)
        .where(Message.sent_via == "preview")
        .options(selectinload(Message.ticket), selectinload(Message.author))
        .order_by(Message.id.desc())
        .limit(limit)
    ).all()


def config_of(account: Account, *, online: bool = True) -> dict[str, Any]:
    """An account's settings as its channel wants them: secrets opened, and the signing key beside them.

    ``online`` adds what is needed to reach the provider: ``access_token`` where it lets us in by permission.
    Getting one may wait for the provider, so hold no transaction that writes. Raises ConnectError (permanent
    where the permission is withdrawn), vault.Unreadable.
    """
    channel = channels.of(account.kind)
    sealed = {field.name for field in channel.fields if field.kind in SEALED}
    opened = {
        name: vault.unseal(value) if name in sealed else value
        for name, value in account.settings.items()
        if value is not None
    }
    config = {field.name: field.default for field in channel.fields} | opened
    config |= {"signing_key": vault.signing_key(), "address": account.address}
    if online and (config.get("auth") or "password") != "password":
        config["access_token"] = oauth.access_token(account)
    return config


def ready_to_send(account: Account) -> dict[str, Any]:
    """The same for one delivery, with ``seconds``, how long it may take. Raises AccountError."""
    try:
        config = config_of(account)
    except (oauth.Withdrawn, oauth.NotNow) as problem:
        raise AccountError(problem.reason, problem.detail) from problem
    return config | {"seconds": min(LONGEST_SEND, settings().outbox.lease_seconds / 2)}


def _send(claim: Claim) -> Sent:
    """Hand it over; what the provider finds too large goes once more, with its files as links."""
    ready = parcel.load(claim.message_id)
    if ready.message.attempts > settings().outbox.attempts:  # its sender died every time
        raise SendError(SURPRISE, "unconfirmed", permanent=True)
    config = ready_to_send(ready.account)
    deadline = time.monotonic() + config["seconds"]
    largest = config.get("largest_mail")
    limit = int(largest) * parcel.MEGABYTE if largest else None
    linked = parcel.too_large(ready, limit)
    try:
        return _hand_over(ready, linked, config, deadline)
    except TooLarge as problem:
        more = parcel.too_large(ready, problem.limit)
        if len(more) <= len(linked):
            raise
        return _hand_over(ready, more, config, deadline)
    except NotLetIn as problem:
        oauth.refused(ready.account)
        with reading():
            worked = ready.account.id in connections.working("out")
        if worked:  # its token ended early, or our clock is wrong: the next one is asked for at once
            raise AccountError(problem.reason, problem.detail, pause=1.0) from problem
        raise


def _hand_over(ready: parcel.Parcel, linked: Sequence[Any], config: dict[str, Any], deadline: float) -> Sent:
    parcel.keep_linked(linked)
    outbound = parcel.outbound(ready, linked)
    config["seconds"] = max(deadline - time.monotonic(), 1.0)
    return channels.of(ready.account.kind).send(config, outbound)
