"""What became of a message that was claimed, written down once, by whoever still holds it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from inbox import connections, files, live, queue
from inbox.channels import N_, AccountError, SendError, Sent
from inbox.config import settings
from inbox.db import after_commit, now, session, writing
from inbox.models import Event, Handling, Message, Ticket
from inbox.models.event import INTERESTED
from inbox.outbox import claims
from inbox.outbox.claims import Claim

log = structlog.get_logger("outbox")

REFUSED = N_("Refused for %(detail)s")


def sent(claim: Claim, taken: Sent) -> None:
    """The provider has it, for all or for some; those it refused for now are tried again."""
    raw = files.put(taken.raw) if taken.raw is not None else None
    told = {a: {"said": said[:255], "again": a in taken.later} for a, said in taken.refused.items()}
    known = {a: answer for a, answer in claim.refused.items() if not answer["again"]}
    values = {
        "refused": known | told,
        "sent_at": now(),
        "sent_via": taken.via,
        "raw_sha256": raw,
        "undo": None,
    }
    if taken.later and claim.attempts < settings().outbox.attempts:
        _finish(claim, None, {"state": "queued", "not_before": again_at(claim.attempts), **values}, left=True)
    else:
        _finish(claim, "reply_sent", {"state": "sent", **values}, left=True)


def not_sent(claim: Claim, problem: SendError) -> None:
    """It waits, is tried again, or has failed; a pause of its account is no attempt of its own."""
    why = {"failure": problem.reason[:255], "failure_detail": problem.detail[:255]}
    if problem.pause is not None:
        paused(claim.account_id, problem)
        values = {"state": "queued", "attempts": claim.attempts - 1, "not_before": None, **why}
        _finish(claim, None, values)
    elif not problem.permanent and claim.attempts < settings().outbox.attempts:
        _finish(claim, None, {"state": "queued", "not_before": again_at(claim.attempts), **why})
    elif claim.refused:  # some have it: to send it again would reach them twice
        _finish(claim, "reply_sent", {"state": "sent", "refused": _given_up(claim)})
    else:
        _finish(claim, "reply_failed", {"state": "failed", **why})


def explain(message_ids: Sequence[int]) -> None:
    """Let these say why they wait, as those before them do."""
    for message_id in message_ids:
        with writing():
            message = session.get_one(Message, message_id)
            reason, detail = claims.reason_of(message.account_id)
            if reason and not message.failure and message.state in claims.CLAIMABLE:
                message.failure, message.failure_detail = reason, detail
                _touch(message, None)


def paused(account_id: int, problem: SendError) -> None:
    """Nothing of this account leaves for a while, and everything of it says why."""
    with writing():
        if isinstance(problem, AccountError):
            connections.failing(account_id, "out", problem.reason, problem.detail)
        connections.paused(account_id, problem.pause or 0.0, "out")
        claims.explain(account_id, problem.reason, problem.detail)


def again_at(attempts: int) -> datetime:
    """When to try what has failed so often: soon, then in growing pauses."""
    return now() + claims.pause(attempts) * random.uniform(1 - claims.SPREAD, 1 + claims.SPREAD)


def _given_up(claim: Claim) -> dict[str, Any]:
    return {address: {**answer, "again": False} for address, answer in claim.refused.items()}


def _finish(claim: Claim, event: str | None, values: dict[str, Any], *, left: bool = False) -> None:
    """Write down the outcome, unless our lease ran out and somebody else took over.

    That it has left is true whoever has it in hand by now: a server slower than the lease would be given it
    again and again.
    """
    if "refused" in values:
        said = "; ".join(f"{address}: {answer['said']}" for address, answer in values["refused"].items())
        values |= {"failure": REFUSED if said else "", "failure_detail": said[:255]}
    holds = Message.lease == claim.lease
    with writing():
        ours = session.execute(
            update(Message)
            .where(Message.id == claim.message_id, or_(holds, Message.state != "sent") if left else holds)
            .values(lease=None, leased_until=None, **values)
        )
        if ours.rowcount != 1:  # type: ignore[attr-defined]
            log.warning("lease_lost", message=claim.message_id)
            return
        message = session.scalars(select(Message).where(Message.id == claim.message_id)).one()
        if left and message.sent_via != "preview":
            connections.ok(claim.account_id, "out")
            connections.seen(claim.account_id, "out")
        _touch(message, event)


def _touch(message: Message, kind: str | None) -> None:
    """A new version, for the screens, and the event, for the history."""
    session.execute(update(Ticket).where(Ticket.id == message.ticket_id).values(version=Ticket.version + 1))
    ticket = session.scalars(
        select(Ticket).where(Ticket.id == message.ticket_id).options(joinedload(Ticket.identity))
    ).one()
    session.refresh(ticket, ["version"])
    message.version = ticket.version
    if kind:
        _record(kind, message, ticket)
    if message.state == "failed":
        live.attention()
    live.changed(ticket, live.where(ticket))
    after_commit(lambda: log.info("outcome", message=message.id, state=message.state, via=message.sent_via))


def _record(kind: str, message: Message, ticket: Ticket) -> None:
    """The event, and that reactions are to look at it."""
    event = Event(
        kind=kind,
        ticket_id=ticket.id,
        message_id=message.id,
        version=ticket.version,
        customer_id=ticket.identity.customer_id,
    )
    session.add(event)
    session.flush()
    if reactions := INTERESTED.get(kind):
        session.add_all(Handling(event_id=event.id, reaction=name) for name in reactions)
        queue.later("reactions", "inbox.reactions.run", event.id)
