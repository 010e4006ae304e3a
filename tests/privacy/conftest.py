"""Houses of their own to erase people from: what is grepped is the whole of the database and of its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from inbox import db, files
from inbox.migrate import upgrade
from inbox.models import Agent, Customer, Installation, PrivacyRequest
from inbox.privacy import requests, run, shred, tombstones
from tests import people
from tests.conftest import DATABASES, POSTGRES, _server


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stores the same bytes at this moment: files go without waiting."""
    monkeypatch.setattr(shred, "GRACE", timedelta(0))


@pytest.fixture
def tombstone_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "erasures.jsonl"
    monkeypatch.setattr(tombstones, "path", lambda: path)
    return path


@pytest.fixture
def no_compacting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's database is a transaction that never happened: it cannot be written anew."""
    monkeypatch.setattr(shred, "compact", lambda: True)


@pytest.fixture
def grown(at_once: None, tombstone_file: Path, no_compacting: None) -> None:
    """All three: requests are carried out inside a test."""


@pytest.fixture
def supervisor(house: Installation) -> Agent:
    """Beatriz, who looks after other people's work."""
    return people.agent("Beatriz Nunes", role="supervisor")


@pytest.fixture(params=DATABASES)
def own_house(request: pytest.FixtureRequest, tmp_path: Path, at_once: None) -> Iterator[Engine]:
    """A database and a file store of its own, in ``tmp_path``."""
    before = db._maker.kw.get("bind"), files.root()
    url = f"sqlite:///{tmp_path / 'prosa.db'}"
    name = f"prosa_privacy_{os.getpid()}"
    if request.param == "postgresql":
        with _server() as server:
            server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            server.execute(text(f'CREATE DATABASE "{name}"'))
        url = make_url(POSTGRES).set(drivername="postgresql+psycopg", database=name).render_as_string(False)
    engine = db.connect(url)
    files.use((tmp_path / "files").as_uri())
    upgrade()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tombstones, "path", lambda: tmp_path / "erasures.jsonl")
        yield engine
    db.session.remove()
    engine.dispose()
    files.use(before[1].as_uri())
    if before[0] is not None:
        db.bind(before[0])
    if request.param == "postgresql":
        with _server() as server:
            server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def ask(customer: Customer, kind: str, by: Agent, **more: object) -> PrivacyRequest:
    given = {"law": "lgpd", "proof": "answered", **more}
    made = requests.ask(customer, kind, by, **given)  # type: ignore[arg-type]
    db.session.commit()
    return made


def carried_out(request: PrivacyRequest, by: Agent, turns: int = 20) -> PrivacyRequest:
    """Approved by this one and worked on until it ends or waits for something that is no matter of time."""
    requests.approve(request, by)
    db.session.commit()
    return worked_on(request, turns)


def worked_on(request: PrivacyRequest, turns: int = 20) -> PrivacyRequest:
    number = request.id
    for _ in range(turns):
        found = db.session.get_one(PrivacyRequest, number, populate_existing=True)
        if found.state not in ("approved", "running"):
            break
        found.retry_at = db.now() - timedelta(seconds=1)  # as if its pause were over
        db.session.commit()
        run.now_(number)
        shred.sweep()
    return db.session.get_one(PrivacyRequest, number, populate_existing=True)
