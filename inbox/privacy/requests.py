"""What people ask of their data: taken down, approved by a second person, carried out in the worker.

Whoever takes a request down says how they know that it is the person who asks (LGPD art. 18 § 3, GDPR art.
12(6)): a mail alone proves nothing, for anybody can write a From. Somebody else approves it. Where nobody
else could, the same person types their password again; that this was so stays on the request and in the
audit trail.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from inbox import audit, downloads, memos, queue
from inbox.db import now, session
from inbox.models import Agent, Customer, PrivacyRequest
from inbox.models.privacy_request import KINDS, LAWS, PROOFS, UNDER_WAY
from inbox.privacy import holds, people

LGPD_DAYS = 15
"""LGPD art. 19, II: a clear and complete answer within fifteen days of the request."""
LINK_DAYS = timedelta(days=7)
"""So long the file of an export can be fetched; then it is removed."""
LONGEST_NOTE = 1000
MOST = 100
RUN = "inbox.privacy.run.now_"


class Refused(Exception):
    """``reason`` is one of ``kind``, ``law``, ``proof``, ``note``, ``asked_at``, ``there``, ``held``,
    ``erased``, ``own``, ``decided``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def due(asked_at: datetime, law: str) -> datetime:
    """When the answer is due: after fifteen days, or on the same day of the next month (GDPR art. 12(3))."""
    if law == "lgpd":
        return asked_at + timedelta(days=LGPD_DAYS)
    year, month = (asked_at.year + asked_at.month // 12, asked_at.month % 12 + 1)
    return asked_at.replace(
        year=year, month=month, day=min(asked_at.day, calendar.monthrange(year, month)[1])
    )


# --------------------------------------------------------------------------------------- asking


def ask(
    customer: Customer,
    kind: str,
    by: Agent,
    *,
    law: str,
    proof: str,
    note: str = "",
    asked_at: datetime | None = None,
) -> PrivacyRequest:
    """Take down what a person asked. It waits for ``approve``. Raises Refused."""
    moment = now()
    asked_at = asked_at or moment
    _check(kind, law, proof, note, asked_at)
    customer = people.kept(customer)
    if people.is_erased(customer):
        raise Refused("erased")
    if kind == "erasure" and holds.over_person(people.of(customer.id)):
        raise Refused("held")
    request = PrivacyRequest(
        kind=kind,
        customer_id=customer.id,
        law=law,
        asked_at=asked_at,
        due_at=due(asked_at, law),
        proof=proof,
        note=note,
        by_id=by.id,
    )
    try:
        with session.begin_nested():
            session.add(request)
    except IntegrityError as twice:
        raise Refused("there") from twice
    audit.record(f"{kind}_asked", by, customer_id=customer.id, request=request.id, proof=proof)
    _ask_others(request, by)
    return request


def _ask_others(request: PrivacyRequest, by: Agent) -> None:
    """Everybody who could approve it. No mail names the customer."""
    for other in others(by):
        memos.write(
            other.email,
            "privacy_approval",
            other.language,
            agent=other,
            kind=request.kind,
            by=by.name,
            due=request.due_at,
            link=link(request),
        )


def link(request: PrivacyRequest) -> str:
    """Where colleagues find it; it opens nothing by itself."""
    return f"{downloads.public_url()}/settings/privacy/requests/{request.id}"


def _check(kind: str, law: str, proof: str, note: str, asked_at: datetime) -> None:
    if kind not in KINDS:
        raise Refused("kind")
    if law not in LAWS:
        raise Refused("law")
    if proof not in PROOFS[:-1]:
        raise Refused("proof")
    if len(note) > LONGEST_NOTE:
        raise Refused("note")
    if not now() - timedelta(days=366) < asked_at <= now() + timedelta(days=1):
        raise Refused("asked_at")


def others(by: Agent) -> Sequence[Agent]:
    """Who could approve what this one takes down."""
    return session.scalars(
        select(Agent)
        .where(
            Agent.active,
            Agent.password_hash != "",
            Agent.role.in_(("admin", "supervisor")),
            Agent.id != by.id,
        )
        .order_by(Agent.name)
    ).all()


def needs_another(request: PrivacyRequest, by: Agent) -> bool:
    """Whether somebody else has to say so, too. Alone one may, by typing one's password again."""
    return request.by_id == by.id and bool(others(by))


# -------------------------------------------------------------------------------------- deciding


def approve(request: PrivacyRequest, by: Agent) -> None:
    """Let it be carried out: once, whoever presses first. Raises Refused."""
    if needs_another(request, by):
        raise Refused("own")
    if request.kind == "erasure" and holds.over_person(people.of(request.customer_id)):
        raise Refused("held")
    # whom it is about: a merge after this must not take somebody else along
    about = {"identities": list(people.of(request.customer_id).identities)}
    _decide(request, "waiting", "approved", by, scratch=about)
    audit.record(
        f"{request.kind}_approved",
        by,
        customer_id=request.customer_id,
        request=request.id,
        alone=request.by_id == by.id,
    )
    queue.later("reactions", RUN, request.id)


def refuse(request: PrivacyRequest, by: Agent) -> None:
    """Say no: whoever took it down takes it back. Raises Refused."""
    state = "withdrawn" if request.by_id == by.id else "refused"
    _decide(request, "waiting", state, by, finished_at=now())
    audit.record(f"request_{state}", by, customer_id=request.customer_id, request=request.id)


def again(request: PrivacyRequest, by: Agent) -> None:
    """Carry out once more what failed. Raises Refused."""
    _decide(request, "failed", "approved", None, attempts=0, failure="", retry_at=now())
    audit.record("request_retried", by, customer_id=request.customer_id, request=request.id)
    queue.later("reactions", RUN, request.id)


def _decide(request: PrivacyRequest, was: str, state: str, by: Agent | None, **values: Any) -> None:
    if by is not None:
        values |= {"decided_by_id": by.id, "decided_at": now()}
    try:
        with session.begin_nested():
            changed = session.execute(
                update(PrivacyRequest)
                .where(PrivacyRequest.id == request.id, PrivacyRequest.state == was)
                .values(state=state, **values)
                .execution_options(synchronize_session=False)
            )
    except IntegrityError as twice:  # another one was asked for meanwhile
        raise Refused("there") from twice
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused("decided")
    session.refresh(request)


# --------------------------------------------------------------------------------------- finding


def recent() -> Sequence[PrivacyRequest]:
    """What is under way, the most urgent first; then what ended, the newest first."""
    options = (
        joinedload(PrivacyRequest.customer),
        joinedload(PrivacyRequest.by),
        joinedload(PrivacyRequest.decided_by),
    )
    going = PrivacyRequest.state.in_(UNDER_WAY)
    first = select(PrivacyRequest).where(going).order_by(PrivacyRequest.due_at, PrivacyRequest.id)
    then = select(PrivacyRequest).where(~going).order_by(PrivacyRequest.id.desc())
    return [
        *session.scalars(first.options(*options).limit(MOST)),
        *session.scalars(then.options(*options).limit(MOST)),
    ]


def of(customer_id: int) -> Sequence[PrivacyRequest]:
    """Of one customer, newest first."""
    query = select(PrivacyRequest).where(PrivacyRequest.customer_id == customer_id)
    return session.scalars(query.order_by(PrivacyRequest.id.desc()).limit(20)).all()


def to_approve(by: Agent) -> int:
    """How many wait for this one's word."""
    waiting = select(func.count()).select_from(PrivacyRequest).where(PrivacyRequest.state == "waiting")
    return session.scalar(waiting.where(PrivacyRequest.by_id != by.id)) or 0


# ----------------------------------------------------------------------------------------- files


def fetch(token: str) -> PrivacyRequest | None:
    """The export at this address; None if there is none, or its time is over, all alike."""
    found = session.scalar(select(PrivacyRequest).where(PrivacyRequest.token == token))
    if found is None or found.file_sha256 is None or found.expires_at is None or found.expires_at <= now():
        return None
    return found


def fetched(request: PrivacyRequest, by: Agent) -> None:
    """Write down who took it out of the house, before they have it."""
    audit.record("export_fetched", by, customer_id=request.customer_id, request=request.id)
