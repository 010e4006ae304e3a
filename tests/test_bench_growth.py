"""What ``make bench-growth --check`` would not let pass."""

from __future__ import annotations

import pytest

from benchmarks.growth.__main__ import Taken, _line


def taken(*answers: tuple[float, int]) -> list[Taken]:
    """Milliseconds and bytes, the smallest house first."""
    return [Taken([ms], 3, size) for ms, size in answers]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(10, 900), (12, 950), (14, 1000)], ""),
        ([(10, 900), (12, 950), (16, 1000)], "list: 1.60"),
        ([(1, 20), (10, 950), (14, 1000)], ""),
        ([(1, 20), (10, 950), (16, 1000)], "list: 1.60"),
        ([(10, 0), (12, 0)], ""),
        ([(10, 900)], ""),
    ],
    ids=["as fast", "slower", "full in the second", "slower than the second", "no page", "one house"],
)
def test_the_largest_is_compared_with_the_smallest_that_is_full(
    answers: list[tuple[float, int]], said: str
) -> None:
    assert _line("list", taken(*answers)) == said


def test_a_page_that_holds_more_in_each_house_is_not_compared_with_itself() -> None:
    assert "still grows" in _line("list", taken((10, 10), (100, 100), (1000, 1000)))
