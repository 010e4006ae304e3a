"""What was erased must not come back with a backup that is older than the erasure.

Every erasure adds a line to ``erasures.jsonl`` in the data directory: when, and the keyed digests of the
addresses. After a restore the worker reads it; whoever is in the restored database and was erased since is
erased again. Keep the file beside the backups (``docs/privacy.md``).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select, update

from inbox import audit, quarantine, queue
from inbox.config import settings
from inbox.db import now, reading, session, writing
from inbox.models import Customer, Event, Identity, PrivacyRequest
from inbox.models.privacy_request import UNDER_WAY
from inbox.privacy import ERASED, people
from inbox.privacy.requests import RUN, due

log = structlog.get_logger("privacy")

BATCH = 1000


def path() -> Path:
    return settings().data_dir / "erasures.jsonl"


def write_down(request: PrivacyRequest) -> None:
    """On the disk when it returns. A line that a crash repeats says the same."""
    line = {"request": request.id, "at": now().isoformat(), "people": list(request.digests)}
    fresh = not path().exists()
    handle = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, (json.dumps(line) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        folder = os.open(path().parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def lines() -> Iterator[dict[str, Any]]:
    """What was written down, damaged lines left out."""
    try:
        written = path().read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in written:
        try:
            said = json.loads(line)
            datetime.fromisoformat(said["at"])
            yield {
                "request": int(said["request"]),
                "at": said["at"],
                "people": [str(p) for p in said["people"]],
            }
        except (ValueError, KeyError, TypeError):
            log.warning("erasure_line_unreadable")


def replay() -> int:
    """Once after a restore: erase again whom this database brought back. How many requests were made."""
    with reading():
        restored = quarantine.restored_at()
        if restored is None or _looked_since(restored):
            return 0
        unknown = _unknown()
        back = _back(unknown) if unknown else {}
    with writing():
        for customer_id, at in _apart(back).items():
            _request(customer_id, at)
        audit.record("erasures_replayed", None, n=len(back))
    return len(back)


def _looked_since(restored: datetime) -> bool:
    last = select(func.max(Event.at)).where(Event.kind == "erasures_replayed")
    at = session.scalar(last)
    return at is not None and at >= restored


def _unknown() -> dict[str, datetime]:
    """Digests of people this database has not erased, and when they were."""
    ours: set[str] = set()
    for digests in session.scalars(select(PrivacyRequest.digests).where(PrivacyRequest.kind == "erasure")):
        ours.update(digests)
    return {
        digest: datetime.fromisoformat(line["at"])
        for line in lines()
        for digest in line["people"]
        if digest not in ours
    }


def _back(unknown: Mapping[str, datetime]) -> dict[int, datetime]:
    """Identities that were erased, and when."""
    found, last = {}, 0
    columns = (Identity.id, Identity.kind, Identity.address, Identity.created_at)
    while rows := session.execute(
        select(*columns).where(Identity.id > last, Identity.kind != ERASED).order_by(Identity.id).limit(BATCH)
    ).all():
        for row in rows:
            at = unknown.get(people.digest(row.kind, row.address))
            if at and row.created_at < at:
                found[row.id] = at
        last = rows[-1].id
    return found


def _apart(back: Mapping[int, datetime]) -> dict[int, datetime]:
    """Their customers. Whoever was made one with somebody who was not erased is a customer of their own
    first."""
    found: dict[int, datetime] = {}
    for number, at in back.items():
        identity = session.get_one(Identity, number)
        person = people.of(identity.customer_id)
        if not set(person.identities) <= back.keys():
            identity.customer = Customer(name=identity.name)
            identity.home_id = None
            session.flush()
        found[identity.customer_id] = at
    return found


def _request(customer_id: int, at: datetime) -> None:
    going = (PrivacyRequest.customer_id == customer_id, PrivacyRequest.state.in_(UNDER_WAY))
    session.execute(update(PrivacyRequest).where(*going).values(state="withdrawn", finished_at=now()))
    made = PrivacyRequest(
        kind="erasure",
        customer_id=customer_id,
        law="lgpd",
        asked_at=at,
        due_at=due(at, "lgpd"),
        proof="replayed",
        state="approved",
        decided_at=now(),
    )
    session.add(made)
    session.flush()
    audit.record("erasure_asked", None, customer_id=customer_id, request=made.id, proof="replayed")
    queue.later("reactions", RUN, made.id)
