"""Installations of their own, committed: a data directory and a database of either kind, made and dropped."""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from inbox import config, db, engines, files, migrate, tickets
from inbox.backup import tables
from inbox.backup.tables import Sum
from inbox.models import Account, AccountAddress, Agent, Attachment, Installation, Message, Payload
from tests import people
from tests.conftest import DATABASES, POSTGRES, _server

KEPT = ("PROSA__DATA__DIR", "PROSA__DATABASE__URL")


@dataclass
class Place:
    """One installation: where its data is."""

    data: Path
    url: str
    engine: Engine | None = None

    def enter(self) -> None:
        """From here on it is the one that the settings name."""
        os.environ["PROSA__DATA__DIR"] = str(self.data)
        os.environ["PROSA__DATABASE__URL"] = self.url
        config.settings.cache_clear()
        files.use(config.settings().files_url)
        self.leave()
        self.engine = engines.make(config.settings().database_url)
        db.bind(self.engine, join_transaction_mode="conditional_savepoint")

    def leave(self) -> None:
        db.session.remove()
        if self.engine is not None:
            self.engine.dispose()

    def sums(self) -> dict[str, Sum]:
        assert self.engine is not None
        with tables.reading(self.engine) as connection:
            return tables.sums(connection)

    def scalar(self, sql: str) -> object:
        assert self.engine is not None
        with tables.reading(self.engine) as connection:
            return connection.scalar(text(sql))

    def stored(self) -> set[str]:
        """The names of its files, each of them what its name says."""
        found = {path.name for path in (self.data / "files").glob("??/*")}
        assert all(files.get(name) for name in found)
        return found


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """``new_place("sqlite")`` is an empty one; PostgreSQL's databases are dropped at the end."""
    before = {key: os.environ.get(key) for key in KEPT}
    bound = db._maker.kw.get("bind")
    numbers, made, databases = itertools.count(1), [], []

    def new(kind: str) -> Place:
        number = next(numbers)
        url = ""
        if kind == "postgresql":
            name = f"prosa_keep_{os.getpid()}_{number}"
            databases.append(name)
            url = database(name)
        made.append(Place(tmp_path / f"data{number}", url))
        return made[-1]

    yield new
    for place in made:
        place.leave()
    for name in databases:
        drop(name)
    for key, value in before.items():
        os.environ.pop(key, None) if value is None else os.environ.update({key: value})
    config.settings.cache_clear()
    files.use(config.settings().files_url)
    if bound is not None:
        db.bind(bound)


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


Furnish = Callable[[str], Place]


@pytest.fixture(scope="session")
def model_homes() -> dict[str, Place]:
    """What was furnished once, by kind, to be copied."""
    return {}


@pytest.fixture
def furnish(
    new_place: Callable[[str], Place], model_homes: dict[str, Place], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Furnish]:
    """``furnish("sqlite")`` is a small installation that works: a mailbox, an admin, an answered mail with a
    file. It is made once and then copied: migrations take seconds."""

    def of(kind: str) -> Place:
        if kind not in model_homes:
            model = Place(tmp_path_factory.mktemp("model") / kind, "")
            if kind == "postgresql":
                model.url = database(f"prosa_keep_{os.getpid()}_model")
            model_homes[kind] = settle(model)
        model, place = model_homes[kind], new_place(kind)
        model.leave()
        shutil.copytree(model.data, place.data)
        if kind == "postgresql":
            database(make_url(place.url).database or "", make_url(model.url).database or "")
        place.enter()
        return place

    yield of


@pytest.fixture(scope="session", autouse=True)
def _models_end(model_homes: dict[str, Place]) -> Iterator[None]:
    yield
    for place in model_homes.values():
        if place.url:
            drop(make_url(place.url).database or "")


@pytest.fixture
def shop(furnish: Furnish, kind: str) -> Place:
    return furnish(kind)


def database(name: str, template: str = "template1") -> str:
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    return make_url(POSTGRES).set(database=name).render_as_string(False)


def drop(name: str) -> None:
    with _server() as server:
        server.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def settle(place: Place) -> Place:
    place.data.mkdir(mode=0o700, exist_ok=True)
    place.enter()
    assert config.settings().secret
    migrate.upgrade()
    with db.writing() as session:
        session.add(Installation(id=1, company="Barro", zone="America/Recife", set_up_at=db.now()))
        account = Account(
            kind="mail", name="Barro", address="support@barro.example", settings={"password": None}
        )
        account.addresses = [AccountAddress(address=account.address)]
        session.add(account)
        session.add(Agent(name="Ada", email="ada@barro.example", role="admin", password_hash="x"))
    write(1)
    answer(1)
    return place


def write(number: int) -> None:
    """A customer writes, with a file, as intake keeps it."""
    raw = files.put(b"raw mail %d" % number)
    picture = files.put(b"picture %d" % number * 500)
    with db.writing() as session:
        account = session.get_one(Account, 1)
        payload = Payload(account_id=1, sha256=raw, size=10, state="parsed", source=f"INBOX/1/{number}")
        session.add(payload)
        message = tickets.receive(
            account,
            people.inbound(f"Zoë {number} <zoe{number}@queiroz.example>", subject=f"Açaí {number}"),
        )
        assert message is not None
        message.payload = payload
        session.add(
            Attachment(
                message_id=message.id, filename="ç.png", content_type="image/png", size=9, sha256=picture
            )
        )


def answer(ticket_id: int) -> int:
    """The admin answers; it is queued."""
    from inbox.models import Ticket

    with db.writing() as session:
        ada, ticket = session.get_one(Agent, 1), session.get_one(Ticket, ticket_id)
        sent = tickets.reply(ticket, ada, html="<p>We send a new one.</p>", key=f"k{ticket_id}")
        return sent.id


class Traffic:
    """Mail that keeps coming while something else happens."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.written: list[int] = []
        self.problems: list[BaseException] = []
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for number in itertools.count(2):
            if self.done.is_set():
                return
            try:
                write(number)
            except BaseException as problem:
                self.problems.append(problem)
                return
            self.written.append(number)

    def __enter__(self) -> Traffic:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()
        assert not self.problems, self.problems


assert Message


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each makes installations of its own: too slow for what one runs all day."""
    for item in items:
        if "tests/backup" in str(item.path):
            item.add_marker(pytest.mark.slow)
