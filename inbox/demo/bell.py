"""Whom news concerned, as ``reactions.notices`` decides; what they looked at since is read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from inbox.demo.case import Case
from inbox.demo.house import House
from inbox.demo.rows import Batch, moment

LATELY = timedelta(days=14)
"""Older news is nobody's any more."""

PATIENCE = timedelta(days=3)
"""So long after something happened everybody has read of it."""


class Bell:
    """One notice a person, ticket and kind until it is read."""

    def __init__(self, batch: Batch, house: House, until: datetime) -> None:
        self.rows, self.house, self.until = batch.rows["notice"], house, until
        self.since = until - LATELY
        self.number = 0
        self._open: dict[int, dict[tuple[int, str], list[Any]]] = {}
        """Of each ticket, what nobody has read yet."""

    # ----------------------------------------------------------------------------------- what happens

    def received(self, case: Case, at: datetime, message: int, opening: bool) -> None:
        if opening:
            if case.assignee is None:
                self._tell(case, at, "unassigned", self.house.members(case.team), None, message)
            return
        whose = case.assignee or case.answered_by
        self._tell(case, at, "message", [whose] if whose else [], None, message)

    def noted(self, case: Case, at: datetime, message: int, by: int, mentions: Iterable[int]) -> None:
        named = set(mentions)
        concerned = {case.assignee, *case.writers} - named - {None}
        self._tell(case, at, "mention", sorted(named), by, message)
        self._tell(case, at, "note", sorted(n for n in concerned if n), by, message)

    def assigned(self, case: Case, at: datetime, by: int | None) -> None:
        self._settle(case, at)
        if case.assignee:
            self._tell(case, at, "assigned", [case.assignee], by, None)

    def moved(self, case: Case, at: datetime, by: int | None) -> None:
        self._settle(case, at)
        if case.is_open and case.assignee is None:
            self._tell(case, at, "unassigned", self.house.members(case.team), by, None)

    def shifted(self, case: Case, at: datetime, kind: str) -> None:
        if kind in ("resolved", "spam_marked"):
            self._settle(case, at)

    def failed(self, case: Case, at: datetime, message: int, author: int | None) -> None:
        if author:
            self._tell(case, at, "failed", [author], None, message)

    def low(self, case: Case, at: datetime) -> None:
        self._tell(case, at, "rating", self.house.supervisors, None, None)

    def looks(self, case: Case, who: int, at: datetime) -> None:
        """Somebody works on it, so they have read what there is."""
        for (agent, kind), row in [*self._open.get(case.id, {}).items()]:
            if agent == who:
                self._read(case, agent, kind, row, at)

    # ----------------------------------------------------------------------------------- the rows

    def _tell(
        self, case: Case, at: datetime, kind: str, whom: Iterable[int], actor: int | None, message: int | None
    ) -> None:
        if at < self.since or case.status == "spam":
            return
        waiting = self._open.setdefault(case.id, {})
        for agent in whom:
            if agent == actor or not self.house.sees(agent, case.team, case.assignee):
                continue
            row = waiting.get((agent, kind))
            if row is None:
                self.number += 1
                row = [self.number, agent, kind, case.id, message, actor, 0, 1, 0, "", None, None, None, None]
                waiting[agent, kind] = row
            row[5], row[6], row[9] = actor, row[6] + 1, moment(at)

    def _settle(self, case: Case, at: datetime) -> None:
        for (agent, kind), row in [*self._open.get(case.id, {}).items()]:
            if kind == "unassigned":
                self._read(case, agent, kind, row, at)

    def _read(self, case: Case, agent: int, kind: str, row: list[Any], at: datetime) -> None:
        del self._open[case.id][agent, kind]
        row[10] = moment(at)
        self.rows.append(tuple(row))

    def finish(self, case: Case) -> None:
        """What is old is read by now; the rest waits to be."""
        limit = moment(self.until - PATIENCE)
        for row in self._open.pop(case.id, {}).values():
            if row[9] < limit:
                row[10] = row[9]
            self.rows.append(tuple(row))
