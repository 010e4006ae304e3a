"""How long things are kept (LGPD art. 15 and 16, GDPR art. 5(1)(e)). Nothing ends unless somebody said when.

Only what is settled ends, and nothing under legal hold. It runs at night, in the company's time zone, in
small batches; a restored copy keeps still. What ends loses its words and files and keeps its numbers, as at
an erasure; the people themselves stay until they are erased.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update

from inbox import audit, quarantine, queue
from inbox.db import now, reading, session, writing
from inbox.models import Account, Agent, Attachment, Message, Payload, RetentionRule, Ticket
from inbox.models.retention_rule import KINDS
from inbox.models.ticket import OPEN, stands
from inbox.privacy import empty, holds, shred

log = structlog.get_logger("privacy")

LONGEST = 36_500
"""Days: a hundred years."""
BATCH = 50
SECONDS = 45
EXAMPLES = 5

Rules = Mapping[tuple[str, int | None], int]
"""Days by what and by account; ``None`` is for every account that has no rule of its own."""


class Invalid(Exception):
    """``where`` is the rule that makes no sense."""

    def __init__(self, where: tuple[str, int | None]) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True, slots=True)
class Line:
    """What one rule would do now."""

    kind: str
    account_id: int | None
    days: int
    n: int
    examples: Sequence[int]
    """Numbers of conversations, the longest kept first; of ``left_out`` those of what came in."""


def rules() -> dict[tuple[str, int | None], int]:
    return {(one.kind, one.account_id): one.days for one in session.scalars(select(RetentionRule))}


def set_rules(wanted: Rules, by: Agent) -> None:
    """These, and no others. Raises Invalid."""
    check(wanted)
    before = rules()
    if before == dict(wanted):
        return
    session.execute(delete(RetentionRule))
    session.add_all(
        RetentionRule(kind=kind, account_id=account, days=days) for (kind, account), days in wanted.items()
    )
    changed = {
        f"{kind}:{account or 0}": [before.get((kind, account), 0), wanted.get((kind, account), 0)]
        for kind, account in {*before, *wanted}
        if before.get((kind, account)) != wanted.get((kind, account))
    }
    audit.record("retention_set", by, changed=dict(sorted(changed.items())))


def check(wanted: Rules) -> None:
    known = {None, *session.scalars(select(Account.id))}
    for (kind, account), days in wanted.items():
        if kind not in KINDS or account not in known or not 1 <= days <= LONGEST:
            raise Invalid((kind, account))


def dry(wanted: Rules) -> list[Line]:
    """What each of these rules would do now; nothing is changed. Raises Invalid."""
    check(wanted)
    order = sorted(wanted, key=lambda one: (KINDS.index(one[0]), one[1] or 0))
    return [_line(kind, account, wanted) for kind, account in order]


def _line(kind: str, account: int | None, wanted: Rules) -> Line:
    query = _over(kind, account, wanted)
    n = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    shown = session.execute(query.limit(EXAMPLES * 10)).all()
    numbers = tuple(dict.fromkeys(row[-1] for row in shown))[:EXAMPLES]
    return Line(kind, account, wanted[kind, account], n, numbers)


# ------------------------------------------------------------------------------- what is over its time


def _over(kind: str, account: int | None, wanted: Rules) -> Select[Any]:
    """Rows: what is to be emptied, and by which number people know it."""
    cut = now() - timedelta(days=wanted[kind, account])
    others = [one for name, one in wanted if name == kind and one is not None]
    return _QUERIES[kind](cut, lambda column: column == account if account else column.not_in(others))


def _tickets(state: str) -> Any:
    def query(cut: Any, mine: Any) -> Select[Any]:
        which = (stands(state), Ticket.active_at < cut, Ticket.emptied_at.is_(None))
        return select(Ticket.id).where(*which, mine(Ticket.account_id), holds.free()).order_by(Ticket.id)

    return query


def _settled() -> ColumnElement[bool]:
    """Never what is open or held. Snoozed ones are open, too."""
    return Ticket.status.not_in(OPEN) & holds.free()


def _raw(cut: Any, mine: Any) -> Any:
    there = or_(Message.raw_sha256.is_not(None), Payload.sha256 != "")
    return (
        select(Message.id, Message.ticket_id)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .outerjoin(Payload, Payload.id == Message.payload_id)
        .where(Message.created_at < cut, there, mine(Message.account_id), _settled())
        .order_by(Message.id)
    )


def _files(cut: Any, mine: Any) -> Any:
    return (
        select(Attachment.id, Message.ticket_id)
        .join(Message, Message.id == Attachment.message_id)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(stands("done"), Ticket.active_at < cut, Attachment.sha256 != "")
        .where(mine(Message.account_id), _settled())
        .order_by(Attachment.id)
    )


def _left_out(cut: Any, mine: Any) -> Select[Any]:
    used = select(Message.payload_id).where(Message.payload_id.is_not(None))
    return (
        select(Payload.id)
        .where(Payload.state == "ignored", Payload.created_at < cut, Payload.sha256 != "")
        .where(mine(Payload.account_id), Payload.id.not_in(used))
        .order_by(Payload.id)
    )


_QUERIES: dict[str, Any] = {
    "spam": _tickets("spam"),
    "done": _tickets("done"),
    "raw": _raw,
    "files": _files,
    "left_out": _left_out,
}


# ------------------------------------------------------------------------------------------- at night


def sweep() -> bool:
    """Ring for the night's work, if it is night and there is any."""
    with reading():
        if quarantine.is_held() or not shred.is_night():
            return False
        wanted = rules()
        work = any(session.execute(_over(*rule, wanted).limit(1)).first() for rule in wanted)
    if work:
        queue.ring("reactions", "inbox.privacy.retention.run_now", 0, again=str(int(time.time() // 60)))
    return work


def run_now(_row: int = 0) -> Counter[str]:
    """Empty what is over its time, for a while; the sweep rings again for the rest. How much that was."""
    until, gone = time.monotonic() + SECONDS, Counter[str]()
    while time.monotonic() < until:
        with writing():
            if quarantine.is_held():
                return gone
            done = _batch(rules())
        if not done:
            break
        gone += done
    if gone:
        with writing():
            audit.record("retention_run", None, counts=dict(gone))
        log.info("retention_run", **gone)
    return gone


def _batch(wanted: Rules) -> Counter[str]:
    """Of the first rule that finds something to do."""
    for kind, account in wanted:
        ids = session.scalars(_over(kind, account, wanted).limit(BATCH)).all()
        if ids and (n := _DO[kind](ids)):
            return Counter({kind: n})
    return Counter()


def _empty_tickets(ids: Sequence[int]) -> int:
    n = 0
    for number in ids:
        ticket = session.get_one(Ticket, number, with_for_update={"of": Ticket})
        if ticket.is_open:  # somebody wrote meanwhile
            continue
        empty.ticket(ticket)
        n += 1
    return n


def _drop_raw(ids: Sequence[int]) -> int:
    rows = session.execute(select(Message.payload_id, Message.raw_sha256).where(Message.id.in_(ids))).all()
    n = shred.doom(row.raw_sha256 for row in rows)
    session.execute(update(Message).where(Message.id.in_(ids)).values(raw_sha256=None))
    return n + empty.payloads({row.payload_id for row in rows}, but_for=ids)["raw"]


def _drop_files(ids: Sequence[int]) -> int:
    """The bytes go; that there was a file, and what it was called, is a part of the conversation."""
    shred.doom(session.scalars(select(Attachment.sha256).where(Attachment.id.in_(ids))))
    session.execute(update(Attachment).where(Attachment.id.in_(ids)).values(sha256=""))
    return len(ids)


def _drop_left_out(ids: Sequence[int]) -> int:
    return empty.payloads({*ids})["raw"]


_DO: dict[str, Any] = {
    "spam": _empty_tickets,
    "done": _empty_tickets,
    "raw": _drop_raw,
    "files": _drop_files,
    "left_out": _drop_left_out,
}
