"""docs/faults.md has every row of the fault list, and names tests that there are."""

from __future__ import annotations

import re

from tests.test_asvs import ROOT, functions

TABLE = (ROOT / "docs" / "faults.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = dict(re.findall(r"^\| (F\d+) \|[^|]*\|(.*)\|$", TABLE, re.MULTILINE))
UNTRIED = ("nothing to break yet: ", "not tried yet: ")


def test_every_row_of_the_fault_list_has_a_test_or_says_why_not() -> None:
    assert list(ROWS) == [f"F{number}" for number in range(1, 28)]
    assert not [
        row for row, said in ROWS.items() if not NAMED.search(said) and not said.strip().startswith(UNTRIED)
    ]


def test_every_fault_test_that_is_named_exists() -> None:
    missing = [f"{path}::{name}" for path, name in NAMED.findall(TABLE) if name not in functions(ROOT / path)]
    assert not missing


def test_every_check_of_a_fire_is_told() -> None:
    told = set(re.findall(r"\| `(\w+\.py)` \|$", TABLE, re.MULTILINE))
    assert told == {path.name for path in (ROOT / "tests" / "fire" / "checks").glob("*.py")}
