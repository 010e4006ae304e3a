"""The demo has all of its own: whatever a real house on this machine is set to use, it stays away from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox import config, db, demo, files, walk_in
from inbox.demo.people import TEAM
from inbox.models import Agent, Installation
from tests.demo.conftest import fresh

REAL = """
[database]
url = "postgresql://prosa@127.0.0.1:1/house"
[redis]
url = "redis://127.0.0.1:1/0"
[files]
url = "file:///srv/house/files"
"""


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Whatever settles in here is gone afterwards."""
    was, store = dict(os.environ), files.root()
    monkeypatch.setenv("PROSA__DATA__DIR", str(tmp_path / "demo"))
    config.settings.cache_clear()
    yield tmp_path
    os.environ.clear()
    os.environ.update(was)
    config.settings.cache_clear()
    files.use(store.as_uri())


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would have been started."""
    started: list[str] = []
    monkeypatch.setattr("inbox.up.start", lambda: started.append(config.settings().database_url))
    return started


def test_what_a_real_house_is_set_to_is_not_used(
    own_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = own_environment / "real.toml"
    real.write_text(REAL)
    monkeypatch.setenv("PROSA_CONFIG", str(real))
    monkeypatch.setenv("PROSA__DATABASE__URL", "postgresql://prosa@127.0.0.1:1/another")
    demo.settle()
    ours, folder = config.settings(), own_environment / "demo"
    assert ours.database_url == f"sqlite:///{folder / 'prosa.db'}"
    assert ours.files_url == (folder / "files").as_uri()
    assert str(folder) in ours.redis_url or ours.redis_url.startswith("unix://")


def test_a_database_that_is_named_is_used(own_environment: Path) -> None:
    named = f"sqlite:///{own_environment / 'named.db'}"
    demo.settle(str(own_environment / "elsewhere"), named)
    assert config.settings().database_url == named
    assert config.settings().data_dir == own_environment / "elsewhere"


def test_a_database_without_its_people_is_not_the_demo(own_environment: Path, ended: list[str]) -> None:
    """The folder may be one, and the database somebody's house."""
    folder = own_environment / "demo"
    folder.mkdir()
    (folder / "demo").write_text(f"{demo.EDITION}\n")
    with fresh("sqlite", own_environment, "real") as engine:
        with db.writing() as session:
            session.add(Agent(name="Rui", email="rui@barro.example", password_hash="x"))
            session.add(Installation(id=1, company="Rui", public_url="https://help.barro.example"))
        demo.settle(database=engine.url.render_as_string(False))
        with pytest.raises(demo.NotEmpty):
            demo.start(50)
        assert not ended
        with db.reading():
            assert Installation.current().public_url == "https://help.barro.example"


def test_it_is_started_on_what_was_named(own_environment: Path, ended: list[str]) -> None:
    named = f"sqlite:///{own_environment / 'named.db'}"
    before = db._maker.kw.get("bind")
    try:
        for _ in range(2):
            demo.settle(database=named)
            demo.start(50)
        assert ended == [named, named]
        assert config.settings().demo.enabled
        with db.reading():
            assert {agent.email for agent in walk_in.people()} == {one.email for one in TEAM}
    finally:
        db.session.remove()
        db.engine().dispose()
        db.bind(before)


def test_a_folder_that_holds_something_else_is_left_alone(own_environment: Path, ended: list[str]) -> None:
    folder = own_environment / "demo"
    folder.mkdir()
    (folder / "secret").write_text("of a real house")
    demo.settle()
    for give_up in (demo.start, demo.forget):
        with pytest.raises(demo.NotEmpty):
            give_up()
    assert [path.name for path in folder.iterdir()] == ["secret"] and not ended


def test_what_was_broken_off_can_be_made_anew(
    own_environment: Path, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = db._maker.kw.get("bind")

    def interrupted(*_: object, **__: object) -> None:
        with db.writing() as session:
            session.add(Agent(name="Ana", email="ana@barro.example"))
        raise KeyboardInterrupt

    demo.settle()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(demo, "build", interrupted)
            with pytest.raises(KeyboardInterrupt):
                demo.start(50)
        db.engine().dispose()
        with pytest.raises(demo.NotEmpty, match="--again"):
            demo.start(50)
        db.engine().dispose()
        demo.forget()
        assert not (own_environment / "demo").exists()
    finally:
        db.session.remove()
        db.engine().dispose()
        db.bind(before)
