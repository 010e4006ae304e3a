"""Later, as people say it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from inbox.web.moments import parse, presets

RECIFE = ZoneInfo("America/Recife")
SATURDAY = datetime(2026, 11, 21, 15, 20, tzinfo=RECIFE)


def said(typed: str, now: datetime = SATURDAY) -> str:
    found = parse(typed, now, RECIFE)
    return f"{found:%Y-%m-%d %H:%M}" if found else ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tomorrow", "2026-11-22 08:00"),
        ("amanhã 9h", "2026-11-22 09:00"),
        ("tomorrow 9am", "2026-11-22 09:00"),
        ("tomorrow morning", "2026-11-22 08:00"),
        ("amanhã à tarde", "2026-11-22 13:00"),
        ("depois de amanhã", "2026-11-23 08:00"),
        ("sexta 14h", "2026-11-27 14:00"),
        ("Friday 14:00", "2026-11-27 14:00"),
        ("próxima segunda às 8", "2026-11-23 08:00"),
        ("segunda-feira", "2026-11-23 08:00"),
        ("no sábado", "2026-11-28 08:00"),
        ("in 2 hours", "2026-11-21 17:20"),
        ("em 30 min", "2026-11-21 15:50"),
        ("daqui a 3 dias", "2026-11-24 15:20"),
        ("3 Dec 9:30", "2026-12-03 09:30"),
        ("Dec 3", "2026-12-03 08:00"),
        ("3 de dezembro às 14h30", "2026-12-03 14:30"),
        ("3/12", "2026-12-03 08:00"),
        ("1 May", "2027-05-01 08:00"),
        ("2026-12-03 10:00", "2026-12-03 10:00"),
        ("9", "2026-11-22 09:00"),
        ("17:30", "2026-11-21 17:30"),
        ("tonight", "2026-11-21 19:00"),
    ],
)
def test_what_people_say_is_a_moment_to_come(typed: str, meant: str) -> None:
    assert said(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "soon", "friday maybe", "25:00", "31/2", "today 10:00", "2020-01-01", "9" * 200]
)
def test_what_cannot_be_told_is_no_moment(typed: str) -> None:
    assert said(typed) == ""


def test_what_one_picks_most_means_something_now() -> None:
    assert [name for name, _at in presets(SATURDAY, RECIFE)] == ["later", "tomorrow", "monday"]
    assert [name for name, _at in presets(SATURDAY.replace(hour=22), RECIFE)] == ["tomorrow", "monday"]
    assert [name for name, _at in presets(SATURDAY.replace(day=22), RECIFE)] == ["later", "tomorrow"]
    assert all(at > SATURDAY for _name, at in presets(SATURDAY, RECIFE))


def test_eight_in_the_morning_is_eight_also_after_the_clocks_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 10, 24, 12, 0, tzinfo=berlin)  # summer time ends that night
    found = parse("tomorrow", before, berlin)
    assert found and f"{found:%H:%M %z}" == "08:00 +0100"
    after = parse("in 24 hours", before, berlin)
    assert after and f"{after:%d %H:%M}" == "25 11:00"
