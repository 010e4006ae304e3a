"""What one screen shows, and how answers change it: as ``rows.js`` and ``turns.js`` have it, undrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.live.page import Row, Turn

Note = Callable[[int, int], None]
"""Told the ticket and the version of every row as it comes to the screen."""


class List:
    """The rows of a view, newest first. ``has_more`` says that there are more below."""

    def __init__(self, note: Note) -> None:
        self.rows: list[Row] = []
        self.has_more = False
        self.note = note
        self.open = 0
        self.leaving: set[int] = set()

    def draw(self, rows: Iterable[Row], has_more: bool) -> None:
        self.rows, self.has_more = list(rows), has_more
        self.leaving.clear()
        for row in self.rows:
            self.note(row.id, row.version)

    def version(self, ticket: int) -> int:
        """What is shown of a ticket; 0 where it is not, or only until nobody is on it."""
        found = next((row for row in self.rows if row.id == ticket), None)
        return found.version if found and ticket not in self.leaving else 0

    def apply(self, fresh: Iterable[Row]) -> None:
        for row in fresh:
            there = next((one for one in self.rows if one.id == row.id), None)
            if row.gone:
                self._leave(there)
            elif there is None:
                self._insert(row)
                self.note(row.id, row.version)
            elif there.version <= row.version:
                self._change(there, row)
                self.note(row.id, row.version)

    def shown(self) -> list[Row]:
        return [row for row in self.rows if row.id not in self.leaving]

    def _leave(self, row: Row | None) -> None:
        if row and row.id == self.open:
            self.leaving.add(row.id)  # it stays, greyed, while its conversation is open
        elif row:
            self.rows.remove(row)

    def _change(self, there: Row, row: Row) -> None:
        self.leaving.discard(row.id)
        place = self.rows.index(there)
        self.rows[place] = row
        if there.at != row.at and row.id != self.open:  # the row one is on does not move
            self._insert(row, place)

    def _insert(self, row: Row, place: int | None = None) -> None:
        """Before the first that is older. Below all, only if that is where the list ends."""
        others = [one for one in self.rows if one.id != row.id]
        below = next((n for n, one in enumerate(others) if one.order < row.order), None)
        if below is None and self.has_more:
            if place is None:
                return
            below = place
        others.insert(len(others) if below is None else below, row)
        self.rows = others


class Thread:
    """The turns of the open ticket, oldest first."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self.turns: list[Turn] = []
        self.version = self.head = 0
        self.note = note

    def draw(self, turns: Iterable[Turn], version: int, head: int) -> None:
        self.turns, self.version, self.head = list(turns), version, head

    def apply(self, fresh: Iterable[Turn]) -> None:
        for turn in fresh:
            self.version = max(self.version, turn.version)
            known = next((n for n, one in enumerate(self.turns) if one.id == turn.id), None)
            if turn.gone:
                self.turns = [one for one in self.turns if one.id != turn.id]
            elif known is not None:
                self.turns[known] = turn
            else:
                after = [n for n, one in enumerate(self.turns) if one.at <= turn.at]
                self.turns.insert(after[-1] + 1 if after else 0, turn)
                self.note(turn.id)

    def last_message(self) -> int:
        return max((int(t.id.split("-")[1]) for t in self.turns if t.id.startswith("message-")), default=0)
