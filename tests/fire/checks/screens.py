"""I9: an open screen whose line came back shows what the database has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fire.checks import Evidence

OPEN = "SELECT id FROM ticket WHERE status IN ('new', 'open', 'pending', 'on_hold')"
SHOWN = 50
"""Rows of a page."""


def as_the_database(evidence: Evidence) -> list[str]:
    asked = """
        SELECT id, version FROM ticket WHERE status IN ('new', 'open', 'pending', 'on_hold')
        ORDER BY active_at DESC, id DESC LIMIT :most
    """
    rows = [tuple(row) for row in evidence.ask(asked, most=SHOWN)]
    said = []
    for number, screen in enumerate(evidence.screens, 1):
        wrong = [
            (ticket, version, screen.rows.get(ticket))
            for ticket, version in rows
            if screen.rows.get(ticket, (-1,))[0] != version
        ]
        said += [f"screen {number} shows ticket {t} at {shown}, and it is at {v}" for t, v, shown in wrong]
        stands = {row[0] for row in evidence.ask(OPEN)}
        newest = sorted(screen.rows, key=lambda ticket: screen.rows[ticket][1], reverse=True)[:SHOWN]
        gone = [ticket for ticket in newest if ticket not in stands]
        said += [f"screen {number} shows ticket {ticket}, which is not in its view" for ticket in gone]
    return said
