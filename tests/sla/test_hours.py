"""A week of working hours, in its own zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inbox.sla import hours

RECIFE, LISBON = ZoneInfo("America/Recife"), ZoneInfo("Europe/Lisbon")
OFFICE = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in hours.DAYS[:5]}


def at(text: str, zone: ZoneInfo = RECIFE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("when", "works"),
    [
        ("2026-11-23 08:59", False),
        ("2026-11-23 09:00", True),
        ("2026-11-23 12:30", False),
        ("2026-11-23 17:59", True),
        ("2026-11-23 18:00", False),
        ("2026-11-22 10:00", False),
    ],
)
def test_somebody_works_in_their_hours(when: str, works: bool) -> None:
    assert hours.read(OFFICE).is_open(at(when), RECIFE) is works


@pytest.mark.parametrize(
    ("when", "begins"),
    [
        ("2026-11-23 08:00", "2026-11-23 09:00"),
        ("2026-11-23 12:30", "2026-11-23 13:00"),
        ("2026-11-23 10:00", "2026-11-23 13:00"),
        ("2026-11-27 18:00", "2026-11-30 09:00"),
    ],
)
def test_they_are_back_when_the_next_hours_begin(when: str, begins: str) -> None:
    assert hours.read(OFFICE).opens(at(when), RECIFE) == at(begins)


def test_one_day_a_week_comes_again_in_a_week() -> None:
    week = hours.read({"mon": [["09:00", "10:00"]]})
    assert week.opens(at("2026-11-23 09:30"), RECIFE) == at("2026-11-30 09:00")


def test_another_zone_is_another_moment() -> None:
    nine_in_recife = at("2026-11-23 09:00")
    assert hours.read(OFFICE).is_open(nine_in_recife, RECIFE)
    assert not hours.read(OFFICE).is_open(nine_in_recife, LISBON)  # it is noon there


def test_nine_stays_nine_when_the_clocks_change() -> None:
    week = hours.read({"sun": [["09:00", "10:00"]], "mon": [["09:00", "10:00"]]})
    assert week.opens(at("2026-03-28 20:00", LISBON), LISBON) == at("2026-03-29 09:00", LISBON)
    assert week.is_open(at("2026-03-29 09:30", LISBON), LISBON)
    assert week.is_open(at("2026-10-25 09:30", LISBON), LISBON)


def test_a_night_is_two_spans_that_meet_at_midnight() -> None:
    week = hours.read({"mon": [["22:00", "24:00"]], "tue": [["00:00", "06:00"]]})
    assert week.is_open(at("2026-11-23 23:59"), RECIFE) and week.is_open(at("2026-11-24 00:00"), RECIFE)
    assert not week.is_open(at("2026-11-24 06:00"), RECIFE)
    assert hours.read({"mon": [["22:00", "00:00"]]}) == hours.read({"mon": [["22:00", "24:00"]]})


@pytest.mark.parametrize("typed", ["9:00", "09:00", "9", "9h", "9h00", "0900", "9.00"])
def test_nine_may_be_typed_as_people_do(typed: str) -> None:
    assert hours.read({"mon": [[typed, "18:00"]]}).as_json() == {"mon": [["09:00", "18:00"]]}


def test_a_week_without_hours_says_nothing() -> None:
    nothing = hours.read({"mon": [["", ""]]})
    assert not nothing and nothing.as_json() == {} and nothing.opens(at("2026-11-23 09:00"), RECIFE) is None


def test_what_is_kept_is_in_order_and_reads_the_same() -> None:
    week = hours.read({"mon": [["13:00", "18:00"], ["9:00", "12:00"]]})
    assert week.as_json() == {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]}
    assert hours.read(week.as_json()) == week


@pytest.mark.parametrize(
    ("spans", "why"),
    [
        ([["nine", "10:00"]], "time"),
        ([["09:00", ""]], "time"),
        ([["09:00", "25:00"]], "time"),
        ([["24:30", "25:00"]], "time"),
        ([["10:00", "09:00"]], "order"),
        ([["10:00", "10:00"]], "order"),
        ([["09:00", "12:00"], ["11:00", "13:00"]], "overlap"),
        ([[f"{n:02}:00", f"{n:02}:30"] for n in range(7)], "many"),
    ],
)
def test_hours_nobody_can_work_are_refused_by_day(spans: Any, why: str) -> None:
    with pytest.raises(hours.Wrong) as wrong:
        hours.read({"wed": spans})
    assert wrong.value.args == ("wed", why)
