"""I7: what is kept counted equals a count."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from inbox import db
from tests.figures.naive import Walk
from tests.fire.ledger import TOKEN

if TYPE_CHECKING:
    from tests.fire.checks import Evidence

STATES = {
    "new": "open", "open": "open", "pending": "open", "on_hold": "open",
    "resolved": "done", "closed": "done", "spam": "spam",
}  # fmt: skip

FACTS = ("opened", "received", "replied", "first", "resolved", "asked")


def tallies(evidence: Evidence) -> list[str]:
    """The numbers beside the views."""
    kept = Counter(
        {tuple(row[:3]): row[3] for row in evidence.ask("SELECT team_id, assignee_id, state, n FROM tally")}
    )
    real: Counter[tuple[int, int, str]] = Counter()
    for team, assignee, status in evidence.ask("SELECT team_id, assignee_id, status FROM ticket"):
        real[team or 0, assignee or 0, STATES[status]] += 1
    return [
        f"team {spot[0]}, assignee {spot[1]}: {kept[spot]} are said to be {spot[2]}, and {real[spot]} are"
        for spot in kept | real
        if kept[spot] != real[spot]
    ]


def messages(evidence: Evidence) -> list[str]:
    """How many messages a conversation says it has: people's, and what customers' machines wrote."""
    asked = """
        SELECT ticket.id, message_count, count(message.id) AS n FROM ticket
        LEFT JOIN message ON message.ticket_id = ticket.id AND (kind <> 'reply' OR automated = '')
        GROUP BY ticket.id, message_count HAVING message_count <> count(message.id)
    """
    return [f"ticket {row[0]} says {row[1]} messages and has {row[2]}" for row in evidence.ask(asked)]


def facts(evidence: Evidence) -> list[str]:
    """What figures are made of, against a slow walk over the history that shares no code with them."""
    kept = Counter(
        (kind, ticket, agent or 0)
        for kind, ticket, agent in evidence.ask(
            "SELECT kind, ticket_id, agent_id FROM fact WHERE kind <> 'open'"
        )
    )
    with db.reading():
        walk = Walk(ZoneInfo(evidence.zone))
        real = Counter((kind, one.ticket, one.agent) for kind in FACTS for one in walk.count(kind))
    return [
        f"ticket {spot[1]}: {kept[spot]} times {spot[0]!r} of agent {spot[2]}, and it was {real[spot]}"
        for spot in kept | real
        if kept[spot] != real[spot]
    ]


def words(evidence: Evidence) -> list[str]:
    """Whoever searches finds each message, once, and nothing that is gone."""
    name = "id" if db.dialect() == "postgresql" else "rowid"
    rows = Counter(row[0] for row in evidence.ask(f"SELECT {name} FROM ticket_text"))
    wanted = {2 * row[0] + 1 for row in evidence.ask("SELECT id FROM ticket")}
    said, may = [], set()
    for number, kind, automated in evidence.ask("SELECT id, kind, automated FROM message"):
        # nobody looks for what we write by ourselves; a survey is found by its answer
        (may if kind == "reply" and automated else wanted).add(2 * number)
    said += [f"the index lacks row {row}" for row in wanted if row not in rows]
    said += [
        f"the index has row {row} {n} times" for row, n in rows.items() if n > 1 or row not in wanted | may
    ]
    return said + unfound(evidence)


def unfound(evidence: Evidence) -> list[str]:
    """By the word that stands in it alone."""
    match = (
        "SELECT ticket_id FROM ticket_text WHERE body @@ to_tsquery('simple', :word)"
        if db.dialect() == "postgresql"
        else "SELECT ticket_id FROM ticket_text WHERE body MATCH :word"
    )
    said = []
    for ticket, text in evidence.ask("SELECT ticket_id, text FROM message"):
        for token in TOKEN.findall(text):
            found = [row[0] for row in evidence.ask(match, word=token)]
            if found != [ticket]:
                said.append(f"{token} is in ticket {ticket}, and is found in {found or 'none'}")
    return said
