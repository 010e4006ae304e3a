"""Carrying requests out in the worker: a lease, small steps, each its own transaction; so a worker that is
killed loses nothing, and whoever comes second does nothing twice."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import or_, select, update

from inbox import audit, quarantine, queue
from inbox.db import now, reading, session, writing
from inbox.models import PrivacyRequest
from inbox.privacy import erase, export, holds, shred, tombstones

log = structlog.get_logger("privacy")

LEASE = timedelta(seconds=90)
SECONDS = 45
"""One job works so long, then rings for the next: a queue's job may take two minutes."""
MOST_ATTEMPTS = 5
PAUSE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Claim:
    request_id: int
    lease: str
    kind: str


def sweep() -> int:
    """Ring for what was approved and is not done, remove what nobody needs, end what has expired."""
    shred.sweep()
    expire()
    tombstones.replay()
    moment = now()
    with reading():
        due = session.scalars(_open(moment).order_by(PrivacyRequest.id).limit(20)).all()
    slot = str(int(moment.timestamp() // 30))
    for request_id in due:
        queue.ring("reactions", "inbox.privacy.run.now_", request_id, again=slot)
    return len(due)


def _open(moment: Any) -> Any:
    free = or_(PrivacyRequest.leased_until.is_(None), PrivacyRequest.leased_until < moment)
    state = PrivacyRequest.state.in_(("approved", "running"))
    return select(PrivacyRequest.id).where(state, free, PrivacyRequest.retry_at <= moment)


def now_(request_id: int) -> None:
    """Go on with this request, unless somebody has it in hand, it is held, or its time has not come."""
    claim = _claim(request_id)
    if claim is None:
        return
    try:
        reason = _work(claim)
    except Exception as problem:
        log.exception("privacy_request_failed", request=request_id, kind=claim.kind)
        _give_back(claim, type(problem).__name__, failed=True)
    else:
        _give_back(claim, reason)


def _claim(request_id: int) -> Claim | None:
    moment = now()
    lease = secrets.token_hex(16)
    with writing():
        found = session.get(PrivacyRequest, request_id)
        if found is None or (quarantine.is_held() and found.proof != "replayed"):
            return None  # a restored copy keeps still
        claimed = session.execute(
            update(PrivacyRequest)
            .where(PrivacyRequest.id.in_(_open(moment)), PrivacyRequest.id == request_id)
            .values(state="running", lease=lease, leased_until=moment + LEASE)
            .execution_options(synchronize_session=False)
        )
        if claimed.rowcount != 1:  # type: ignore[attr-defined]
            return None
        return Claim(request_id, lease, found.kind)


def _work(claim: Claim) -> str:
    """Until it is done, waits, or its minute is over. Why it waits, if it does."""
    if claim.kind == "export":
        return export.make(claim.request_id, claim.lease)
    until = time.monotonic() + SECONDS
    waits: str | None = None
    while waits is None and time.monotonic() < until:
        waits = _step(claim)
    return waits or ""


def _step(claim: Claim) -> str | None:
    """One batch of an erasure. None to go on; else why not, and the empty string where it is done."""
    with writing():
        request = _mine(claim)
        if request is None or request.state != "running":
            return ""
        if holds.over_person(erase.person(request)):
            return "held"
        request.leased_until = now() + LEASE
        waits = erase.step(request)
    if waits == "compact":
        return "" if erase.compacted(claim.request_id, claim.lease) else "busy"
    return waits


def _mine(claim: Claim) -> PrivacyRequest | None:
    """The request, if the lease is still ours; nobody else changes it until we commit."""
    query = select(PrivacyRequest).where(
        PrivacyRequest.id == claim.request_id, PrivacyRequest.lease == claim.lease
    )
    return session.scalar(query.with_for_update())


def _give_back(claim: Claim, reason: str, failed: bool = False) -> None:
    with writing():
        request = _mine(claim)
        if request is None:
            return
        request.lease, request.leased_until, request.failure = None, None, reason
        if request.state != "running":
            return
        if failed:
            request.attempts += 1
        if request.attempts >= MOST_ATTEMPTS or reason == "changed":
            request.state = "failed"
            audit.record("request_failed", None, customer_id=request.customer_id, request=request.id)
        elif reason:
            request.retry_at = now() + PAUSE
        else:
            queue.later("reactions", "inbox.privacy.run.now_", request.id)


def expire() -> int:
    """Remove the files of exports whose time is over; how many."""
    which = (PrivacyRequest.expires_at <= now(), PrivacyRequest.file_sha256.is_not(None))
    with reading():
        if session.scalar(select(PrivacyRequest.id).where(*which).limit(1)) is None:
            return 0
    with writing():
        over = session.scalars(select(PrivacyRequest).where(*which).limit(100)).all()
        for request in over:
            shred.doom([request.file_sha256])
            request.file_sha256 = None
            audit.record("export_ended", None, customer_id=request.customer_id, request=request.id)
    return len(over)
