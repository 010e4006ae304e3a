"""Houses to break, with both databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tests.conftest import DATABASES, POSTGRES, _server
from tests.house import BUILT, House, Ledger


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/faults" in str(item.path):
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(600))
            if not BUILT:
                item.add_marker(pytest.mark.skip(reason="the front end is not built: make build"))


@pytest.fixture
def only_loopback() -> None:
    """Other processes do the talking here."""


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
        return
    name = f"prosa_faults_{os.getpid()}"
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.execute(text(f'CREATE DATABASE "{name}"'))
    yield make_url(POSTGRES).set(database=name).render_as_string(False)
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger() as made:
        yield made


@pytest.fixture
def open_house(tmp_path: Path, database_url: str) -> Iterator[House]:
    with House(tmp_path, database_url) as house:
        yield house


@pytest.fixture
def small_house(tmp_path: Path) -> Iterator[House]:
    """On the embedded default."""
    with House(tmp_path) as house:
        yield house


@pytest.fixture
def connect_smtp() -> Callable[[House, Ledger], None]:
    return use_server


def use_server(house: House, ledger: Ledger) -> None:
    """Let the house send through this server, as an admin sets it up."""
    answer = house.ask(
        "POST",
        "/settings/mailboxes/1",
        name="Barro & Linho",
        address="support@barro.example",
        active="1",
        team="0",
        more="",
        smtp_host="127.0.0.1",
        smtp_port=str(ledger.port),
        smtp_security="none",
        smtp_user="",
        smtp_password="",
    )
    assert answer.status_code == 200, answer.text[:1000]
    assert house.count("SELECT count(*) FROM account WHERE CAST(settings AS TEXT) LIKE '%127.0.0.1%'") == 1
