"""The map of personal data: a column that is not in it is a mistake, whoever adds it."""

from __future__ import annotations

import pytest

from inbox.db import Base
from inbox.privacy import fields

TABLES = sorted(Base.metadata.tables)


def test_every_table_is_in_the_map() -> None:
    assert sorted(fields.MAP) == TABLES, "say in inbox/privacy/fields.py whose the rows of each table are"


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_in_the_map_once(name: str) -> None:
    """Deny by default: who adds a column says what an export and an erasure do with it."""
    assert name in fields.MAP
    columns = fields.MAP[name].columns
    assert sorted(columns) == sorted(Base.metadata.tables[name].columns.keys())
    assert len(set(columns)) == len(columns)


@pytest.mark.parametrize("name", TABLES)
def test_what_is_a_persons_is_found_by_a_column_of_its_table(name: str) -> None:
    each = fields.MAP[name]
    assert each.whose == "house" or not each.by or each.by in Base.metadata.tables[name].columns
    assert each.whose != "house" or not each.emptied


def test_what_names_a_file_ends_in_sha256() -> None:
    named = {column for each in fields.MAP.values() for column in each.bytes.split()}
    assert named == {"sha256", "raw_sha256", "file_sha256"}
    assert {column.name for column in fields.files()} >= named
