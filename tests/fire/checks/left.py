"""I2 and I3: what was acknowledged left, what was not meant did not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.fire.ledger import Delivery, Ledger

if TYPE_CHECKING:
    from tests.fire.checks import Evidence

OURS = """
    SELECT id, idempotency_key, message_id_header, state, automated, failure FROM message WHERE kind = 'reply'
"""

BREAKS = {
    "kill-worker": 4.0, "kill-outbox": 4.0, "restart": 12.0, "disk": 15.0, "lock": 15.0, "clock": 15.0,
}  # fmt: skip
"""What may keep a sender from writing down that a mail has left, and for how many seconds after."""

SOME, SELDOM = 3, 8
"""Of a few mishaps each may fall between an answer and its writing down, of many one in so many."""


def acknowledged(evidence: Evidence) -> list[str]:
    """Each reply that the browser was told of left under one Message-ID; twice only if nobody could know."""
    rows = defaultdict(list)
    for row in evidence.ask(OURS):
        rows[row.idempotency_key].append(row)
    taken = by_id(evidence.ledger)
    stopped = {row[0] for row in evidence.ask("SELECT message_id FROM event WHERE kind = 'reply_stopped'")}
    said = []
    for errand in evidence.ledger.errands.values():
        mine = rows[errand.key]
        if errand.kind == "note" or errand.undone or not (errand.acknowledged or mine):
            continue
        ids = {d.message_id for d in evidence.ledger.deliveries if errand.token in d.tokens}
        if len(mine) != 1:
            said.append(f"{errand.key} was acknowledged and is {len(mine)} messages")
        elif mine[0].state == "failed" and errand.kind == "later" and mine[0].id in stopped and not ids:
            pass  # somebody wrote first: it was stopped, and says so
        elif mine[0].state != "sent":
            said.append(f"{errand.key} was acknowledged and is {mine[0].state}: {mine[0].failure}")
        elif ids != {mine[0].message_id_header}:
            said.append(
                f"{errand.key} left as {sorted(ids) or 'nothing'}, not as {mine[0].message_id_header}"
            )
    return said + repeats(evidence.ledger, taken)


def by_id(ledger: Ledger) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in ledger.deliveries:
        found[delivery.message_id].append(delivery)
    return found


def repeats(ledger: Ledger, taken: dict[str, list[Delivery]]) -> list[str]:
    """A mail may come again after an answer that nobody heard. Each mishap excuses one, for there is one
    sender; but it stands between an answer and its writing down for a moment only, so few mishaps find it
    there. A line that broke excuses its own."""
    excuses = [mishap for mishap in ledger.mishaps if mishap.kind in BREAKS]
    most = SOME + len(excuses) // SELDOM
    said, excused = [], 0
    again = sorted(
        (first for deliveries in taken.values() for first in deliveries[:-1]), key=lambda first: first.at
    )
    for first in again:
        if first.ambiguous:
            continue
        for mishap in excuses:
            if mishap.began - 2.0 <= first.at <= (mishap.ended or mishap.began) + BREAKS[mishap.kind]:
                excuses.remove(mishap)
                excused += 1
                break
        else:
            said.append(f"{first.message_id} left again although its server had answered")
    if excused > most:
        said.append(f"{excused} mails left again, each near a mishap: of so many, {most} at most may")
    return said


def intended(evidence: Evidence) -> list[str]:
    """Nothing leaves that no message of ours is, and no message of ours is there that nobody wrote."""
    rows = {row.message_id_header: row for row in evidence.ask(OURS)}
    memos = {row[0] for row in evidence.ask("SELECT key FROM memo")}  # to those who work here
    undone = {errand.token for errand in evidence.ledger.errands.values() if errand.undone}
    said = [
        f"{message_id} left, and no message of ours has that id"
        for message_id, deliveries in by_id(evidence.ledger).items()
        if message_id not in rows
        and not memos & set(message_id.strip("<>").partition("@")[0].split("."))
        and not any(undone & delivery.tokens for delivery in deliveries)
    ]
    return said + [
        f"message {row.id} was asked for by nobody"
        for row in rows.values()
        if not row.automated and row.idempotency_key not in evidence.ledger.errands
    ]


def undone(evidence: Evidence) -> list[str]:
    """What was taken back never leaves, and is no message any more."""
    said = []
    for errand in evidence.ledger.errands.values():
        if errand.undone:
            times = sum(errand.token in delivery.tokens for delivery in evidence.ledger.deliveries)
            kept = evidence.ask("SELECT id FROM message WHERE idempotency_key = :key", key=errand.key)
            if times or kept:
                said.append(f"{errand.key} was undone, left {times} times and is {len(kept)} messages")
    return said


def resolved(evidence: Evidence) -> list[str]:
    """What an agent was told is resolved was resolved."""
    done = {row[0] for row in evidence.ask("SELECT ticket_id FROM event WHERE kind = 'resolved'")}
    said = sorted({*evidence.ledger.resolved} - done)
    return [f"ticket {ticket} was said to be resolved, and never was" for ticket in said]
