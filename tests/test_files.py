"""Bytes are named by what they are, and damage is noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inbox import files


@pytest.fixture
def store(tmp_path: Path) -> Path:
    before = files._root
    files.use(tmp_path.as_uri())
    yield tmp_path
    files._root = before


def test_what_is_put_is_got(store: Path) -> None:
    name = files.put(b"cup")
    assert files.get(name) == b"cup" and files.put(b"cup") == name
    assert sum(1 for path in store.rglob("*") if path.is_file()) == 1


def test_it_is_on_the_disk_before_it_has_its_name(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (order.append("fsync"), fsync(fd))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append("name"), replace(a, b))[1])
    files.put(b"cup")
    assert order[order.index("name") - 1] == "fsync" and order[-1] == "fsync"


def test_a_full_disk_leaves_nothing_half_stored(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            files.put(b"cup")
    assert not [path for path in store.rglob("*") if path.is_file()]
    assert files.get(files.put(b"cup")) == b"cup"


def test_missing_and_damaged_bytes_are_told_apart_from_an_error(store: Path) -> None:
    name = files.put(b"cup")
    with pytest.raises(files.Missing):
        files.get("0" * 64)
    (store / name[:2] / name).write_bytes(b"cap")
    with pytest.raises(files.Missing, match="damaged"):
        files.get(name)
    with pytest.raises(files.Missing):
        files.get("../../etc/passwd")


def test_an_address_it_cannot_use_is_refused() -> None:
    with pytest.raises(ValueError, match="s3"):
        files.use("s3://bucket")
