"""The chain over the events: each seal holds the SHA-256 of the one before it and of what it covers.

Ids come from a sequence, and PostgreSQL commits them out of order: a seal waits a minute, notes which ids
were missing, and an event that is committed later under one of those is listed and covered by the next seal.
So every event is covered exactly once, and one that appears, changes or goes afterwards does not agree.

Who can write to the database can also write a new chain. The digest of the last seal, kept elsewhere (it is
logged, shown to admins and printed by ``audit head``), shows that as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import Table, func, or_, select

from inbox import db
from inbox.db import now, session
from inbox.models import Event, Seal

log = structlog.get_logger("audit")

WAIT = timedelta(seconds=60)
"""How old an event is before it is sealed: nearly every transaction has ended by then."""

LATEST = timedelta(days=1)
"""How long after a seal an event may still come late. No transaction takes so long."""

LATE_SEAL = timedelta(hours=1)
"""After so long something is wrong with whoever seals."""

MOST = 1000
"""Events in a seal: so near a rewritten one is found."""

MOST_SEALS = 20
"""In one sweep; a house with years of history catches up in a few."""

START = "0" * 64

_EVENT = cast(Table, Event.__table__).c
_COLUMNS = (
    _EVENT.id,
    _EVENT.kind,
    _EVENT.ticket_id,
    _EVENT.message_id,
    _EVENT.customer_id,
    _EVENT.agent_id,
    _EVENT.data,
    _EVENT.version,
    _EVENT.at,
)


def canonical(row: Any) -> bytes:
    """An event as bytes that are the same on every database and machine: JSON, sorted, in UTC."""
    values = [*row[:-1], row.at.isoformat(timespec="microseconds")]
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def digest(before: str, seal: Seal, rows: Iterable[Any]) -> str:
    head = json.dumps([before, seal.after_id, seal.to_id, seal.gaps, seal.late], separators=(",", ":"))
    said = hashlib.sha256(head.encode() + b"\n")
    for row in rows:
        said.update(canonical(row))
    return said.hexdigest()


# ------------------------------------------------------------------------------------------- sealing


def sweep() -> int:
    """Seal what is old enough; how many seals that took."""
    made = 0
    while made < MOST_SEALS and make():
        made += 1
    return made


def make() -> bool:
    """One more seal, with a transaction of its own, if there is something to cover."""
    with db.writing():
        db.alone("seal")
        before = last()
        after = before.to_id if before else 0
        rows = _ripe(after)
        if not rows:
            return False
        seal = Seal(after_id=after, to_id=rows[-1].id, gaps=_gaps(after, [row.id for row in rows]))
        late = _late(before)
        seal.late, seal.n = [row.id for row in late], len(late) + len(rows)
        seal.digest = digest(before.digest if before else START, seal, [*late, *rows])
        session.add(seal)
        session.flush()
        log.info("sealed", seal=seal.id, to=seal.to_id, events=seal.n, digest=seal.digest)
        return True


def last() -> Seal | None:
    return session.scalar(select(Seal).order_by(Seal.id.desc()).limit(1))


def oldest_open() -> datetime | None:
    """When the first event happened that no seal covers."""
    to_id = select(func.coalesce(func.max(Seal.to_id), 0)).scalar_subquery()
    return session.scalar(select(Event.at).where(Event.id > to_id).order_by(Event.id).limit(1))


def _ripe(after: int) -> list[Any]:
    """The next events in their order, until one that is too young."""
    limit, ripe = now() - WAIT, []
    for row in session.execute(select(*_COLUMNS).where(_EVENT.id > after).order_by(_EVENT.id).limit(MOST)):
        if row.at > limit:
            break
        ripe.append(row)
    return ripe


def _gaps(after: int, ids: Sequence[int]) -> list[list[int]]:
    pairs = zip([after, *ids], ids, strict=False)
    return [[left + 1, right - 1] for left, right in pairs if right > left + 1]


def _late(before: Seal | None) -> Sequence[Any]:
    """Events in the gaps of earlier seals that none has covered."""
    if before is None:
        return []
    lately = session.scalars(select(Seal).where(Seal.made_at > before.made_at - LATEST)).all()
    found = _between([gap for seal in lately for gap in seal.gaps])
    covered = {number for seal in lately for number in seal.late}
    return [row for row in found if row.id not in covered]


def _between(ranges: Sequence[Sequence[int]]) -> list[Any]:
    """Every event whose id is in one of these, in order."""
    found: list[Any] = []
    for start in range(0, len(ranges), 100):
        which = or_(*(_EVENT.id.between(first, end) for first, end in ranges[start : start + 100]))
        found += session.execute(select(*_COLUMNS).where(which)).all()
    return sorted(found, key=lambda row: row.id)


# ----------------------------------------------------------------------------------------- verifying


@dataclass(frozen=True, slots=True)
class Wrong:
    """A stretch of events that is not what was sealed."""

    after_id: int
    to_id: int
    sealed_at: datetime
    missing: tuple[int, ...] = ()
    """Events that are gone."""
    added: tuple[int, ...] = ()
    """Events that were put in afterwards."""

    def __str__(self) -> str:
        where = f"events {self.after_id + 1} to {self.to_id} (sealed {self.sealed_at:%Y-%m-%d %H:%M} UTC)"
        both = ((self.missing, "gone"), (self.added, "added"))
        said = [f"{_listed(ids)} {what}" for ids, what in both if ids]
        return f"{where}: {', '.join(said) or 'one was changed, or the seal was'}"


@dataclass(slots=True)
class Report:
    """What a walk along the chain has found."""

    seals: int = 0
    events: int = 0
    head: str = START
    wrong: list[Wrong] = field(default_factory=list)
    seen_head: bool = True
    """Whether the digest that was kept elsewhere is one of the chain's, if one is asked for."""
    open: int = 0
    """Events that no seal covers yet."""

    @property
    def is_whole(self) -> bool:
        return not self.wrong and self.seen_head


def _listed(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids[:10])) + (" …" if len(ids) > 10 else "")


def verify(kept: str = "") -> Report:
    """Compare every event with its seal, and every seal with the one before. ``kept`` is an earlier head."""
    report = Report(seen_head=not kept)
    late = {number for seal in session.scalars(select(Seal)) for number in seal.late}
    to_id = 0
    for seal in _seals():
        mine = _covered(seal, late)
        whole = seal.after_id == to_id and digest(report.head, seal, mine) == seal.digest
        if not whole:
            report.wrong.append(_what_is_wrong(seal, to_id, {row.id for row in mine}))
        report.head, to_id = seal.digest, seal.to_id
        report.seals, report.events = report.seals + 1, report.events + len(mine)
        report.seen_head = report.seen_head or seal.digest == kept
    report.open = len(session.scalars(select(_EVENT.id).where(_EVENT.id > to_id)).all())
    return report


def _seals() -> Iterator[Seal]:
    for number in session.scalars(select(Seal.id).order_by(Seal.id)).all():
        yield session.get_one(Seal, number)


def _covered(seal: Seal, late: set[int]) -> list[Any]:
    """What this seal speaks of, as it is now: late ones first."""
    its_late = _between([[number, number] for number in seal.late])
    rows = _between([[seal.after_id + 1, seal.to_id]])
    return [*its_late, *(row for row in rows if row.id not in late)]


def _what_is_wrong(seal: Seal, begins: int, there: set[int]) -> Wrong:
    absent = {number for first, end in seal.gaps for number in range(first, end + 1)}
    wanted = {*range(seal.after_id + 1, seal.to_id + 1), *seal.late} - absent
    first = min(begins, seal.after_id)  # a seal that is gone itself leaves its stretch uncovered
    gone, more = sorted(wanted - there), sorted(there - wanted)
    return Wrong(first, seal.to_id, seal.made_at, tuple(gone), tuple(more))
