"""backup, restore, release and move as an admin types them: what they say, and in how many lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from inbox import cli, db, quarantine
from inbox.models import Agent
from tests.backup.conftest import Furnish, Place
from tests.clients import ClientFor

Said = tuple[int, list[str]]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*words: str) -> Said:
        capsys.readouterr()
        code = cli.run([*words])
        said = capsys.readouterr()
        return code, [line for line in (said.out + said.err).splitlines() if "[live]" not in line]

    return run


def test_from_a_backup_to_a_released_copy(
    furnish: Furnish, new_place: Callable[[str], Place], typed: Callable[..., Said], tmp_path: Path
) -> None:
    furnish("sqlite")
    code, said = typed("backup", str(tmp_path / "b.tar"), "--with-secret")
    assert code == 0 and "2 files" in said[0] and len(said) == 1
    assert "not in it" in typed("backup", str(tmp_path / "c.tar"))[1][1]
    code, said = typed("backup", str(tmp_path / "b.tar"))
    assert code == 1 and len(said) == 1 and "is there already" in said[0]

    copy = new_place("sqlite")
    copy.enter()
    code, said = typed("restore", str(tmp_path / "b.tar"))
    assert code == 0 and "1 message" in said[1] and "release" in said[2]
    code, said = typed("restore", str(tmp_path / "b.tar"))
    assert code == 1 and len(said) == 1 and "nothing was restored" in said[0]
    copy.enter()
    assert typed("release") == (0, ["It fetches and sends again."])
    assert typed("release") == (0, ["It was not held."])


def test_a_move_that_cannot_be_is_one_line(furnish: Furnish, typed: Callable[..., Said]) -> None:
    furnish("sqlite")
    code, said = typed("move", "--to", "postgresql://x:hunter2@127.0.0.1:1/x")
    assert (
        code == 1 and len(said) == 1 and said[0].startswith("Error: not moved") and "hunter2" not in said[0]
    )


def test_an_empty_place_has_nothing_to_back_up(
    new_place: Callable[[str], Place], typed: Callable[..., Said], tmp_path: Path
) -> None:
    place = new_place("sqlite")
    place.data.mkdir()
    place.enter()
    code, said = typed("backup", str(tmp_path / "b.tar"))
    assert code == 1 and len(said) == 1 and "nothing to back up" in said[0]


def test_only_an_admin_is_told_and_may_release(ada: Agent, grace: Agent, client_for: ClientFor) -> None:
    with_admin, with_grace = client_for(ada), client_for(grace)
    assert "restored copy" not in with_admin.get("/attention").text
    quarantine.begin(db.now())
    db.session.commit()
    assert "restored copy" in with_admin.get("/attention").text
    assert "restored copy" not in with_grace.get("/attention").text
    assert with_grace.post("/attention/release").status_code == 404
    assert quarantine.is_held()
    assert with_admin.post("/attention/release").status_code == 303
    assert not quarantine.is_held() and "restored copy" not in with_admin.get("/attention").text
