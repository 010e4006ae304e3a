"""Every number counted again, slowly: each question is put to each ticket's events by itself, looking back.

Nothing here is shared with ``inbox.figures`` but the words of docs/figures.md.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from inbox import db
from inbox.models import Event, Message, Survey, Ticket

OPEN = ("new", "open", "pending", "on_hold")
DONE = ("resolved", "closed")


class Counted(NamedTuple):
    ticket: int
    day: date
    team: int
    agent: int
    account: int
    value: int | None = None


@dataclass
class Told:
    """One ticket as its rows tell of it."""

    ticket: Ticket
    events: list[Event]
    messages: list[Message]

    def as_of(self, moment: datetime) -> tuple[str, int, int]:
        """Status, team and agent at a moment: from today's, everything that happened later is undone."""
        status, team, agent = self.ticket.status, self.ticket.team_id, self.ticket.assignee_id
        for event in reversed(self.events):
            if event.at <= moment:
                break
            if event.kind == "moved":
                team = event.data["before"]
            elif event.kind == "assigned":
                agent = event.data["before"]
            elif "before" in event.data and event.data["before"] in (*OPEN, *DONE, "spam"):
                status = event.data["before"]
        return status, team or 0, agent or 0

    @property
    def statuses(self) -> list[Event]:
        return [e for e in self.events if e.data.get("to") in (*OPEN, *DONE, "spam")]

    @property
    def is_older(self) -> bool:
        return bool(self.messages) and self.messages[0].imported

    @property
    def is_theirs(self) -> bool:
        return bool(self.messages) and self.messages[0].kind == "customer" and not self.is_older

    def theirs(self) -> list[Message]:
        return [
            m for m in self.messages
            if m.kind == "customer" and not (m.automated or m.third_party or m.imported)
        ]  # fmt: skip

    def ours(self) -> list[Message]:
        taken_back = {e.message_id for e in self.events if e.kind == "reply_taken_back"}
        written = {e.message_id for e in self.events if e.kind == "reply_written"} - taken_back
        return [m for m in self.messages if m.id in written and m.state == "sent" and not m.forward]


def everything() -> list[Told]:
    told = []
    for ticket in db.session.scalars(select(Ticket).where(Ticket.status != "spam").order_by(Ticket.id)):
        events = select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id)
        messages = select(Message).where(Message.ticket_id == ticket.id, Message.kind != "note")
        told.append(
            Told(
                ticket,
                list(db.session.scalars(events)),
                list(db.session.scalars(messages.order_by(Message.id))),
            )
        )
    return told


class Walk:
    """``Walk(zone).count("opened")``: every single time, with its day and whose it is."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone, self.told = zone, everything()
        self.counted: dict[object, list[Counted]] = {}

    def count(self, what: str) -> list[Counted]:
        if what not in self.counted:
            one: Callable[[Told], Iterable[Counted]] = getattr(self, what)
            self.counted[what] = [counted for told in self.told for counted in one(told)]
        return self.counted[what]

    def backlog(self, day: date) -> list[Counted]:
        if day not in self.counted:
            self.counted[day] = self._backlog(day)
        return self.counted[day]

    def _backlog(self, day: date) -> list[Counted]:
        over = datetime.combine(day + timedelta(days=1), time(), self.zone).astimezone(UTC)
        found = []
        for told in self.told:
            if told.ticket.created_at < over:
                status, team, agent = told.as_of(over - timedelta(seconds=1))
                if status in OPEN:
                    found.append(Counted(told.ticket.id, day, team, agent, told.ticket.account_id))
        return found

    def opened(self, told: Told) -> Iterable[Counted]:
        if told.is_older:
            return
        given = [told.as_of(told.ticket.created_at)[2]]
        given += [event.data["to"] for event in told.events if event.kind == "assigned"]
        yield self.one(told, told.ticket.created_at, agent=next(filter(None, given), 0))

    def received(self, told: Told) -> Iterable[Counted]:
        return [self.one(told, message.created_at) for message in told.theirs()]

    def replied(self, told: Told) -> Iterable[Counted]:
        return [self.one(told, message.sent_at, agent=message.author_id) for message in told.ours()]

    def first(self, told: Told) -> Iterable[Counted]:
        asked = sorted(told.theirs(), key=lambda message: message.id)
        if not asked or not told.is_theirs:
            return
        answers = sorted((m.sent_at, m.id, m.author_id) for m in told.ours() if m.sent_at)
        for moment, _id, agent in answers:
            if moment >= asked[0].created_at:
                yield self.one(told, moment, agent=agent, since=asked[0].created_at)
                return

    def resolved(self, told: Told) -> Iterable[Counted]:
        """Going back from today, the first of the resolutions since it was last open."""
        if told.ticket.status not in DONE:
            return
        found: Event | None = None
        was_open = False
        for event in reversed(told.statuses):
            if event.data["to"] in DONE:
                found = event
            elif event.data["to"] in OPEN:
                was_open = True
                break
        first = told.statuses[0].data["before"] if told.statuses else told.ticket.status
        since = told.ticket.created_at if told.is_theirs else None
        if not was_open and first in DONE:
            if not told.is_older:
                by = next((event.agent_id for event in told.events if event.kind == "opened"), None)
                yield self.one(told, told.ticket.created_at, agent=by or 0, since=since)
        elif found:
            yield self.one(told, found.at, agent=found.agent_id or 0, since=since)

    def asked(self, told: Told) -> Iterable[Counted]:
        for event in told.events:
            if event.kind == "survey_sent":
                rated = [
                    e for e in told.events if e.kind == "rated" and e.data["survey"] == event.data["survey"]
                ]
                survey = db.session.get_one(Survey, event.data["survey"])
                counted = self.one(told, survey.sent_at, agent=survey.agent_id or 0)
                yield counted._replace(value=rated[-1].data["score"] if rated else None)

    def one(
        self, told: Told, at: datetime | None, agent: int | None = None, since: datetime | None = None
    ) -> Counted:
        assert at
        _status, team, held = told.as_of(at)
        took = int((at - since).total_seconds()) if since else None
        day = at.astimezone(self.zone).date()
        return Counted(
            told.ticket.id, day, team, held if agent is None else agent, told.ticket.account_id, took
        )


def percentile(values: list[int], percent: int) -> float | None:
    if len(values) < 2:
        return float(values[0]) if values else None
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def grouped(counted: Iterable[Counted], by: str) -> dict[object, list[Counted]]:
    found: dict[object, list[Counted]] = defaultdict(list)
    for one in counted:
        found[getattr(one, by)].append(one)
    return found
