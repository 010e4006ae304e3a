"""A date is read whatever program wrote it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inbox.mail import dates

MOMENT = datetime(2026, 8, 22, 16, 26, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sat, 22 Aug 2026 18:26:25 +0200",
        "Sat, 22 Aug 2026 18:26:25 +0200 (CEST)",
        "22 Aug 26 18:26:25 +0200",
        "Sat,22 Aug 2026 18:26:25+0200",
        "Sat, 22 Aug 126 16:26:25 GMT",
        "Sat, 22 Aug 2026 18:26:25 GMT+02:00",
        "Sat, 22 Aug 2026 18.26.25 +0200",
        "Sat, 22 Aug 2026 06:26:25 PM +0200",
        "Sat, 22 Aug 2026 18:26:25 MESZ",
        "Sat, 22 Aug 2026 18(hora) :  26 : 25 +0200",
        "Sat, 22 Aug 2026 11:26:25 +-0500",
        "Sat, 22 Aug 2026 12:26:25 (EDT) -0400",
        "Sat, 22 Aug 2026 18:26:25 +0200Received: from mx.x.example (1.2.3.4)",
        "Sat, 22 Aug 2026 12:26:25 EDT",
        "Sat Aug 22 16:26:25 2026",
        "2026-08-22T16:26:25Z",
        "2026-08-22 18:26:25.123+02:00",
        "sáb, 22 ago 2026 13:26:25 -0300",
        "sábado, 22 de agosto de 2026 13:26:25 -0300",
        "samedi, 22 août 2026 18:26:25 +0200",
        "Sa., 22. August 2026 18:26:25 +0200",
        "22/08/2026 16:26:25",
        "8/22/2026 4:26:25 PM",
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    assert dates.read(text) == MOMENT


def test_without_seconds_or_with_an_impossible_time_the_rest_counts() -> None:
    assert dates.read("Sat, 22 Aug 2026 18:26 +0200") == MOMENT.replace(second=0)
    assert dates.read("Sat, 22 Aug 2026 59:10 +0000") == datetime(2026, 8, 22, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "amanhã", "Sat, 45 Aug 2026 18:26:25", "0" * 5_000])
def test_what_is_no_date_is_none(text: str) -> None:
    assert dates.read(text) is None
