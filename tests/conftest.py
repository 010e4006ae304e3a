"""People, a database of each kind, and a house to put them in.

Every test that asks for the database runs on SQLite and on PostgreSQL, inside a transaction that is
rolled back. Nothing may reach a network but loopback.
"""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from inbox import config, db, files, live, models, passwords, queue
from inbox.channels import email
from inbox.channels.email import lines
from inbox.migrate import upgrade
from inbox.models import Account, AccountAddress, Agent, Installation, Team
from inbox.views import reading
from tests import people
from tests.clients import app, client_for, known, visitor

POSTGRES = os.environ.get("PROSA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


def _postgres_answers() -> bool:
    url = make_url(POSTGRES)
    try:
        socket.create_connection((url.host or "127.0.0.1", url.port or 5432), timeout=1).close()
    except OSError:
        return False
    return True


HAS_POSTGRES = _postgres_answers()
NO_POSTGRES = pytest.mark.skipif(not HAS_POSTGRES, reason="no PostgreSQL at its standard port")
DATABASES = ["sqlite", pytest.param("postgresql", marks=NO_POSTGRES)]
if os.environ.get("PROSA_TEST_DATABASES") == "sqlite":  # `make unit`
    DATABASES.pop()


LONG = ("tests/faults/", "tests/browser/", "tests/test_up", "tests/test_sending", "tests/test_collector")
"""Files of long stories, the longest first."""


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long stories begin first, so that all workers end at about the same time."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((number for number, part in enumerate(LONG) if part in path), len(LONG))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Six thousand tests are no garbage: nobody need look through them at every collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that calls out is wrong, whatever it tests."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if host is not None and host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


@dataclass
class Bells:
    """What would have been rung in the worker, and what open screens would have heard."""

    rung: list[tuple[str, str, int]] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any], set[str]]] = field(default_factory=list)
    room: int = queue.MOST_BELLS
    """For so many more, in each queue."""


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> Bells:
    heard = Bells()

    def ring(queue: str, run: Any, row_id: int, *, again: str = "") -> None:
        heard.rung.append((queue, run if isinstance(run, str) else run.__qualname__, row_id))

    monkeypatch.setattr(queue, "ring", ring)
    monkeypatch.setattr(queue, "room", lambda _queue: heard.room)
    monkeypatch.setattr(live, "tell", lambda what, news, rooms: heard.told.append((what, news, set(rooms))))
    return heard


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session", autouse=True)
def _settings(data_dir: Path) -> Iterator[None]:
    """The settings of every test: nothing of this machine's, no Redis, no undo window to wait for."""
    for key in [key for key in os.environ if key.startswith("PROSA__")] + ["PORT", "PROSA_CONFIG"]:
        os.environ.pop(key, None)
    os.environ["PROSA_CONFIG"] = str(Path(__file__).parent / "config.toml")
    os.environ["PROSA__DATA__DIR"] = str(data_dir)
    os.environ["PROSA__REDIS__URL"] = f"unix://{data_dir}/no-valkey.sock"
    config.settings.cache_clear()
    files.use(config.settings().files_url)
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # nobody attacks these
    yield
    lines.kept.close()
    for reader in (email._reader, reading.READER):
        reader.close()  # its child would otherwise end with us, loudly


def _server() -> Connection:
    """Speaks to PostgreSQL itself, to make and drop databases."""
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect()


def _fresh_url(kind: str, data_dir: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{data_dir / 'test.db'}"
    name = f"prosa_test_{os.getpid()}"
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        server.execute(text(f'CREATE DATABASE "{name}"'))
    return make_url(POSTGRES).set(drivername="postgresql+psycopg", database=name).render_as_string(False)


@pytest.fixture(scope="session")
def engines(data_dir: Path) -> Iterator[Callable[[str], Engine]]:
    """A migrated database of each kind that is asked for, one a test process."""
    made: dict[str, Engine] = {}

    def of(kind: str) -> Engine:
        if kind not in made:
            made[kind] = db.connect(_fresh_url(kind, data_dir))
            upgrade()
        return made[kind]

    yield of
    db.session.remove()
    for engine in made.values():
        engine.dispose()
        if engine.dialect.name == "postgresql":
            with _server() as server:
                server.execute(text(f'DROP DATABASE IF EXISTS "{engine.url.database}" WITH (FORCE)'))


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, engines: Callable[[str], Engine]) -> Engine:
    return engines(request.param)


@pytest.fixture
def database(engine: Engine) -> Iterator[Connection]:
    """A transaction that never happened once the test is over; commits inside it are savepoints."""
    connection = engine.connect()
    outer = connection.begin()
    db.bind(connection, join_transaction_mode="create_savepoint")
    yield connection
    db.session.remove()
    outer.rollback()
    connection.close()
    db.bind(engine, join_transaction_mode="conditional_savepoint")


@pytest.fixture
def house(database: Connection) -> Installation:
    """A set-up company with one mailbox."""
    installation = Installation(
        id=1,
        company="Barro & Linho",
        language="en",
        zone="America/Recife",
        public_url="http://127.0.0.1:8000",
        set_up_at=db.now(),
    )
    db.session.add(installation)
    db.session.commit()
    return installation


@pytest.fixture
def support(house: Installation) -> Account:
    """support@barro.example, which everybody answers."""
    return _mailbox("support@barro.example")


def _mailbox(address: str, team: Team | None = None) -> Account:
    account = Account(kind="mail", name="Barro & Linho", address=address, settings={}, team=team)
    account.addresses = [AccountAddress(address=address)]
    db.session.add(account)
    db.session.commit()
    return account


@pytest.fixture
def ada(house: Installation) -> Agent:
    """The admin."""
    return people.agent("Ada Prado", role="admin")


@pytest.fixture
def grace(house: Installation, pottery: Team) -> Agent:
    """Of the pottery team."""
    return people.agent("Grace Lima", teams=[pottery])


@pytest.fixture
def linus(house: Installation, linen: Team) -> Agent:
    """Of the linen team."""
    return people.agent("Linus Costa", teams=[linen])


@pytest.fixture
def pottery(house: Installation) -> Team:
    return people.team("Pottery")


@pytest.fixture
def linen(house: Installation) -> Team:
    return people.team("Linen")


@pytest.fixture
def pottery_mailbox(pottery: Team) -> Account:
    return _mailbox("pottery@barro.example", pottery)


@pytest.fixture
def linen_mailbox(linen: Team) -> Account:
    return _mailbox("linen@barro.example", linen)


@pytest.fixture
def mail_from(support: Account) -> people.MailFrom:
    """``mail_from("Marina <marina@x.example>", subject=…, text=…)`` is a ticket, as if it had arrived."""
    return people.MailFrom(support)


assert models  # its tables must be known before a database is made
assert app and client_for and known and visitor  # fixtures
