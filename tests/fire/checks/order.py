"""I4: the order within a conversation is the order in which it was committed."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.fire.checks.left import by_id
from tests.fire.checks.timers import moment

if TYPE_CHECKING:
    from tests.fire.checks import Evidence

WRITTEN = ("message_received", "reply_written", "note_written")


def events(evidence: Evidence) -> list[str]:
    """A conversation's versions never go back, and its messages stand as they came."""
    said = []
    asked = (
        "SELECT ticket_id, id, version, kind, message_id FROM event WHERE ticket_id IS NOT NULL ORDER BY id"
    )
    last: dict[int, int] = defaultdict(int)
    newest: dict[int, int] = defaultdict(int)
    for row in evidence.ask(asked):
        if row.version < last[row.ticket_id]:
            said.append(f"ticket {row.ticket_id}: event {row.id} has a version before the one before")
        last[row.ticket_id] = row.version
        if row.kind in WRITTEN and row.message_id:
            if row.message_id < newest[row.ticket_id]:
                said.append(
                    f"ticket {row.ticket_id}: message {row.message_id} stands before one that came earlier"
                )
            newest[row.ticket_id] = row.message_id
    for ticket, version in evidence.ask("SELECT id, version FROM ticket"):
        if version < last[ticket]:
            said.append(f"ticket {ticket} is at version {version}, and an event of it at {last[ticket]}")
    return said


def replies(evidence: Evidence) -> list[str]:
    """Replies of a conversation leave as they were written, but for those that had to be tried again, and
    those whose undo window a clock that was ahead had put behind that of a later one."""
    taken = by_id(evidence.ledger)
    asked = """
        SELECT ticket_id, message_id_header, not_before FROM message
        WHERE kind = 'reply' AND automated = '' AND state = 'sent' AND attempts <= 1 AND send_at IS NULL
        ORDER BY ticket_id, id
    """
    said: list[str] = []
    rows = [row for row in evidence.ask(asked) if row.message_id_header in taken]
    for first, then in pairwise(rows):
        jumped = evidence.ledger.jumps and is_behind(first.not_before, then.not_before)
        if first.ticket_id != then.ticket_id or jumped:
            continue
        left, later = (taken[row.message_id_header][0].at for row in (first, then))
        if later < left:
            said.append(
                f"ticket {first.ticket_id}: {then.message_id_header} left before "
                f"{first.message_id_header}, which was written first"
            )
    return said


def is_behind(first: object, then: object) -> bool:
    """Whether its window ended after the other's, as far as is known: a pause of the account forgets it."""
    return first is None or then is None or moment(first) > moment(then)
