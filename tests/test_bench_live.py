"""What ``make bench-live --check`` would not let pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from benchmarks.live import truth
from benchmarks.live.plan import Seat

ADA = Seat("ada@barro.example", ["Orders"], "open")


def house(received: list[tuple[Any, ...]]) -> Any:
    """One whose database says this of the mails."""

    @contextmanager
    def rows() -> Iterator[Any]:
        said = {truth.RECEIVED: received, truth.ASSIGNED: [], "SELECT id, name FROM team": [(1, "Orders")]}
        yield lambda sql, **_: said[sql]

    return SimpleNamespace(rows=rows)


def never(received: list[tuple[Any, ...]], rows_seen: list[tuple[int, int, float]]) -> list[str]:
    report = {"rows_seen": rows_seen, "turns_seen": []}
    return truth.seen(house(received), {"<1@x>": 10.0}, [ADA], [report]).never


def test_a_mail_that_came_to_every_list_is_nothing_to_speak_of() -> None:
    assert never([("<1@x>", 7, 1, 3, None)], [(3, 1, 10.2)]) == []


def test_a_mail_that_no_list_showed_is_missed() -> None:
    assert never([("<1@x>", 7, 2, 3, None)], [(3, 1, 10.2)]) == ["<1@x> (#3) at ada@barro.example"]


def test_a_mail_that_was_accepted_and_is_nowhere_is_missed() -> None:
    assert never([], []) == ["<1@x> is 0 messages"]


def test_a_mail_that_is_there_twice_is_found_out() -> None:
    received = [("<1@x>", 7, 1, 3, None), ("<1@x>", 8, 2, 3, None)]
    assert never(received, [(3, 1, 10.2), (3, 2, 10.3)]) == ["<1@x> is 2 messages"]
