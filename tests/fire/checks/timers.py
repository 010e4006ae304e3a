"""I5: what waits for a moment happens once, and not before; by the house's clock, wherever that was put."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.fire.checks.left import by_id

if TYPE_CHECKING:
    from tests.fire.checks import Evidence
    from tests.fire.ledger import Errand, Ledger

GRACE = 0.05
"""Seconds: two processes read one clock one after the other."""

FAKED = 1.5
"""After how many seconds every process has noticed that the clock was put, and ended what it had begun
before: one is libfaketime's, the others are waits on two busy cores."""

SURVEYS = """
    SELECT survey.id, event_id, survey.state, due_at, message_id_header FROM survey
    LEFT JOIN message ON message.id = survey.message_id
"""


def not_early(evidence: Evidence) -> list[str]:
    """No reply left within its undo window, and none that was scheduled before its moment. Whoever wrote it
    had their time once so much has passed: after a clock that was ahead, a window begins anew."""
    ledger, said = evidence.ledger, []
    first = {token: d.at for d in reversed(ledger.deliveries) for token in d.tokens}
    for errand in ledger.errands.values():
        if errand.token in first and errand.kind != "note":
            if not errand.moment and first[errand.token] - errand.asked_at >= errand.wait:
                continue
            wanted = errand.moment or at_least(ledger, errand)
            latest = ledger.latest(errand.asked_at - FAKED, first[errand.token], FAKED)
            if latest + GRACE < wanted:
                said.append(f"{errand.key} ({errand.kind}) left {wanted - latest:.2f} s before its time")
    return said


def at_least(ledger: Ledger, errand: Errand) -> float:
    """The end of its undo window, if it was written by the earliest clock that anybody had meanwhile."""
    answered = max(errand.asked_at, errand.answered_at)
    return errand.asked_at + min(ledger.offsets(errand.asked_at - FAKED, answered)) + errand.wait


def once(evidence: Evidence) -> list[str]:
    """A message has one beginning and one end in the history, and is confirmed once a conversation."""
    said = []
    asked = """
        SELECT kind, message_id, count(*) AS n FROM event
        WHERE kind IN ('reply_written', 'reply_sent', 'message_received', 'survey_sent', 'reply_stopped')
        AND message_id IS NOT NULL GROUP BY kind, message_id HAVING count(*) > 1
    """
    said += [f"message {row.message_id}: {row.kind} {row.n} times" for row in evidence.ask(asked)]
    confirmed = """
        SELECT ticket_id, count(*) AS n FROM message WHERE automated = 'acknowledgement'
        GROUP BY ticket_id HAVING count(*) > 1
    """
    said += [f"ticket {row.ticket_id} was confirmed {row.n} times" for row in evidence.ask(confirmed)]
    return said


def surveys(evidence: Evidence) -> list[str]:
    """Every resolution has one survey, which was asked or not, and not before it was due."""
    said = []
    events = {row[0] for row in evidence.ask("SELECT id FROM event WHERE kind = 'resolved'")}
    rows = evidence.ask(SURVEYS)
    asked = Counter(row.event_id for row in rows)
    said += [f"resolution {event} has {asked[event]} surveys" for event in events if asked[event] != 1]
    taken = by_id(evidence.ledger)
    for row in rows:
        deliveries = taken.get(row.message_id_header, [])
        if row.state == "waiting" or (row.state == "sent" and not deliveries):
            said.append(f"survey {row.id} is {row.state}, and left {len(deliveries)} times")
        if deliveries and row.state == "skipped":
            said.append(f"survey {row.id} was not to be asked, and left")
        due = moment(row.due_at).timestamp()
        if deliveries and evidence.ledger.latest(due - 7200, deliveries[0].at, FAKED) + GRACE < due:
            said.append(f"survey {row.id} left before it was due")
    return said


def moment(value: Any) -> datetime:
    """SQLite gives text without a zone, PostgreSQL a moment with one."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
