"""What every screen should show at the end: read from the database, without the product's queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.live.plan import Seat
from tests.house import House

OPEN = "ticket.status IN ('new', 'open', 'pending', 'on_hold')"
VIEW = {
    "open": OPEN,
    "mine": f"{OPEN} AND ticket.assignee_id = :agent",
    "unassigned": f"{OPEN} AND ticket.assignee_id IS NULL",
    "resolved": "ticket.status IN ('resolved', 'closed')",
    "spam": "ticket.status = 'spam'",
}
THEIRS = (
    "(ticket.team_id IS NULL OR ticket.assignee_id = :agent OR ticket.team_id IN "
    "(SELECT team_id FROM membership WHERE agent_id = :agent))"
)
ROWS = "SELECT id, version FROM ticket WHERE {} AND {} ORDER BY active_at DESC, id DESC"
TURNS = "SELECT id FROM message WHERE ticket_id = :ticket ORDER BY id"
RECEIVED = (
    "SELECT message.message_id_header, message.id, event.version, ticket.id, ticket.team_id FROM message "
    "JOIN event ON event.message_id = message.id AND event.kind = 'message_received' "
    "JOIN ticket ON ticket.id = message.ticket_id"
)
ASSIGNED = "SELECT DISTINCT ticket_id FROM event WHERE kind = 'assigned'"

Query = Callable[..., Any]


def differences(
    house: House, seat: Seat, agent: int, shown: dict[str, Any], anew: dict[str, Any]
) -> list[str]:
    """What one screen got wrong, in words. Empty is right."""
    with house.rows() as query:
        found = [*_of_rows(query, seat, agent, shown), *_of_turns(query, seat, shown, anew)]
        for name, which in VIEW.items():
            real = query(f"SELECT count(*) FROM ticket WHERE {which} AND {THEIRS}", agent=agent)[0][0]
            if shown["counts"].get(name) != real:
                found.append(f"counts {shown['counts'].get(name)} in {name}, and there are {real}")
    return [f"{seat.email} at {seat.view}: {wrong}" for wrong in found]


def _of_rows(query: Query, seat: Seat, agent: int, shown: dict[str, Any]) -> list[str]:
    """Its rows are the newest of the view, with their versions, in order. The one that is open keeps its
    place, for nothing moves under one's hands.
    """
    real = [tuple(row) for row in query(ROWS.format(VIEW[seat.view], THEIRS), agent=agent)]
    rows = [tuple(row) for row in shown["rows"]]
    wanted = real[: len(rows)] if shown["has_more"] else real
    found = []
    if sorted(rows) != sorted(wanted):
        missing, extra = sorted(set(wanted) - set(rows)), sorted(set(rows) - set(wanted))
        found.append(f"rows (number, version) missing {missing[:5]}, and in their place {extra[:5]}")
    elif [row for row in rows if row[0] != seat.ticket] != [row for row in wanted if row[0] != seat.ticket]:
        place = next(n for n, pair in enumerate(zip(rows, wanted, strict=True)) if pair[0] != pair[1])
        found.append(f"order: {rows[place][0]} stands where {wanted[place][0]} belongs, at {place}")
    return found


def _of_turns(query: Query, seat: Seat, shown: dict[str, Any], anew: dict[str, Any]) -> list[str]:
    if not seat.ticket:
        return []
    found = []
    real = {f"message-{row[0]}" for row in query(TURNS, ticket=seat.ticket)}
    said = {name for name in shown["turns"] if name.startswith("message-")}
    if real != said:
        found.append(
            f"#{seat.ticket}: messages missing {sorted(real - said)}, too many {sorted(said - real)}"
        )
    if shown["turns"] != anew["turns"]:
        found.append(f"#{seat.ticket}: turns are {shown['turns']}, and loaded anew {anew['turns']}")
    version = query("SELECT version FROM ticket WHERE id = :ticket", ticket=seat.ticket)[0][0]
    if shown["head"] != version:
        found.append(f"#{seat.ticket}: its head is of version {shown['head']}, and it has {version}")
    return found


@dataclass
class Seen:
    """Seconds from the 250 to the screen."""

    rows: list[float]
    turns: list[float]
    never: list[str]
    """Which mail never came to whose list, though it belonged there; and which is in no conversation, or in
    several."""


def seen(house: House, accepted: dict[str, float], seats: list[Seat], reports: list[dict[str, Any]]) -> Seen:
    """Every mail on every list where it surely belonged: that of everything open, of those whose team it is;
    and that of what is nobody's, of tickets that were nobody's all the time.
    """
    with house.rows() as query:
        mails = [(*row, accepted[row[0]]) for row in query(RECEIVED) if row[0] in accepted]
        given = {row[0] for row in query(ASSIGNED)}
        teams = {row[0]: row[1] for row in query("SELECT id, name FROM team")}
    made = Seen([], [], _astray(accepted, Counter(mail[0] for mail in mails)))
    for seat, report in zip(seats, reports, strict=True):
        rows = _first(report["rows_seen"])
        turns = dict(reversed(report["turns_seen"]))
        for header, message, version, ticket, team, at in mails:
            if ticket == seat.ticket and f"message-{message}" in turns:
                made.turns.append(turns[f"message-{message}"] - at)
            if team is not None and teams[team] not in seat.teams:
                continue
            if seat.view == "open" or (seat.view == "unassigned" and ticket not in given):
                when = next((moment for v, moment in rows.get(ticket, ()) if v >= version), None)
                if when is None:
                    made.never.append(f"{header} (#{ticket}) at {seat.email}")
                else:
                    made.rows.append(when - at)
    return made


def _astray(accepted: Iterable[str], found: Mapping[str, int]) -> list[str]:
    """What was accepted is one message, whoever looks."""
    return [f"{header} is {found.get(header, 0)} messages" for header in accepted if found.get(header) != 1]


def _first(rows_seen: list[Any]) -> dict[int, list[tuple[int, float]]]:
    """By ticket, its versions in the order in which they came."""
    made: dict[int, list[tuple[int, float]]] = {}
    for ticket, version, at in rows_seen:
        made.setdefault(ticket, []).append((version, at))
    return made
