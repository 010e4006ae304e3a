"""`make check` fails when something became slower each time it is measured, never for an absolute time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import regressions
from benchmarks.databases import Absent
from benchmarks.regressions import MARGIN, Ratio

FAST = Ratio("ingest", "the floor", (4.0, 4.5, 9.0), limit=5)
SLOW = Ratio("ingest", "the floor", (7.0, 8.0, 2.0), limit=5)
Judge = Callable[..., int]


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    def judged(*rounds: list[Ratio] | Exception) -> int:
        left = iter(rounds)

        def measured(_kind: str, _release: str) -> list[Ratio]:
            found = next(left)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(regressions, "measured", measured)
        return regressions._judged("sqlite", "v1")

    return judged


def test_the_median_of_the_blocks_is_judged_with_a_margin() -> None:
    assert not FAST.is_a_regression
    assert SLOW.is_a_regression
    assert not Ratio("x", "y", (5 * MARGIN,), limit=5).is_a_regression
    assert Ratio("x", "y", (5 * MARGIN + 0.01,), limit=5).is_a_regression


def test_what_is_slower_every_time_fails(judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge([SLOW], [SLOW], [SLOW]) == 1
    assert "Slower 3 times out of 3: ingest" in capsys.readouterr().out


def test_what_is_slower_once_is_measured_again(judge: Judge) -> None:
    assert judge([SLOW], [FAST]) == 0


def test_two_things_that_are_slow_in_turns_are_noise(judge: Judge) -> None:
    other = Ratio("list", "v1", (2.0,), limit=1)
    assert judge([SLOW], [FAST, other]) == 0


def test_without_a_server_its_figures_are_skipped_and_said(
    judge: Judge, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge(Absent("no PostgreSQL at 127.0.0.1:1")) == 0
    assert "skipped: no PostgreSQL" in capsys.readouterr().out


def test_a_version_that_does_not_do_the_work_is_no_measurement(tmp_path: Path) -> None:
    """A mail that cannot be taken in ends the probe, instead of making it look fast."""
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "0.eml").write_bytes(b"From: marina@queiroz.example\r\n\r\nIt came cracked.\r\n")
    url = f"sqlite:///{tmp_path / 'probe.db'}"
    with (
        pytest.raises(regressions.Incomparable),
        regressions.Version(regressions.ROOT, mails, url, tmp_path / "house") as version,
    ):
        version.ask("check", 1)


def test_a_page_that_shows_nothing_is_no_measurement(tmp_path: Path) -> None:
    """A house without mail answers, and fast."""
    (tmp_path / "mails").mkdir()
    url = f"sqlite:///{tmp_path / 'probe.db'}"
    version = regressions.Version(regressions.ROOT, tmp_path / "mails", url, tmp_path / "house")
    try:
        assert version._answer() == "0"
        with pytest.raises(regressions.Incomparable):
            version.ask("list", 0)
    finally:
        version.close()


def test_the_last_release_is_known_by_its_tag_or_by_the_changelog(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"describe": "v0.3.0", "log": "aaa\nbbb"}
    monkeypatch.setattr(regressions, "_git", lambda word, *_: said[word])
    assert regressions.last_release() == "v0.3.0"
    said["describe"] = ""
    assert regressions.last_release() == "bbb"
    said["log"] = ""
    assert regressions.last_release() == ""
