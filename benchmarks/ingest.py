"""Taking in 2,000 varied mails, from bytes to ticket, in milliseconds a mail.

Twice: each mail kept and read before the next comes, and a hundred kept, each by a commit of its own, before
the first is read, as when mail comes faster than it is read. Beside a floor taken in the same run: the
standard library reads the mail, and one insert of its bytes is committed and fsynced. All three take turns in
blocks, so that a slow minute hits all; a ratio is the median of the blocks. The statements beside it are
counted: they are the same on every machine.
"""

from __future__ import annotations

import email
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.mails import varied
from inbox import config, db, files, intake, live, queue
from inbox.migrate import upgrade
from inbox.models import Account, AccountAddress

MAILS = int(os.environ.get("BENCH_MAILS", "2000"))
BLOCK = 100
POSTGRES = os.environ.get("PROSA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


def run() -> None:
    mails = varied(MAILS)
    size = sum(map(len, mails)) / len(mails)
    print(f"{len(mails)} mails of {size / 1000:.1f} kB on average")
    for kind, engine in databases():
        _measure(kind, engine, mails)


def databases() -> Iterator[tuple[str, Engine]]:
    """An empty house on each database there is. Its bells are silent: `live` measures them."""
    live.tell = lambda *_: None  # type: ignore[assignment]
    queue.ring = lambda *_, **__: None  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PROSA__DATA__DIR"] = folder
        config.settings.cache_clear()
        files.use(config.settings().files_url)
        for kind in ("sqlite", "postgresql"):
            if kind == "postgresql" and not _answers():
                print(f"{kind}: skipped (no server at {make_url(POSTGRES).host})")
                continue
            with database(kind, Path(folder)) as engine:
                yield kind, engine
    os.environ.pop("PROSA__DATA__DIR")
    config.settings.cache_clear()


def _answers() -> bool:
    try:
        create_engine(
            make_url(POSTGRES).set(drivername="postgresql+psycopg"), poolclass=NullPool
        ).connect().close()
    except OperationalError:
        return False
    return True


def mailbox() -> int:
    with db.writing() as session:
        account = Account(kind="mail", name="Barro", address="support@barro.example", settings={})
        account.addresses = [AccountAddress(address=account.address)]
        session.add(account)
        session.flush()
        return account.id


def _measure(kind: str, engine: Engine, mails: list[bytes]) -> None:
    account_id = mailbox()
    one_by_one(account_id, varied(20, seed=99))  # warm: the parser child starts
    others = varied(len(mails), seed=8)
    least, single, backlog = [], [], []
    for start in range(0, len(mails), BLOCK):
        block, other = mails[start : start + BLOCK], others[start : start + BLOCK]
        least.append(timed(partial(floor, engine, block)))
        single.append(timed(partial(one_by_one, account_id, block)))
        backlog.append(timed(partial(_behind_each_other, account_id, other)))
    n = len(mails)
    print(f"{kind}: floor {1000 * sum(least) / n:.2f} ms a mail")
    for name, product, take_in, seed in (
        ("each read before the next comes", single, one_by_one, 98),
        (f"{BLOCK} waiting to be read", backlog, _behind_each_other, 97),
    ):
        statements = _statements(engine, partial(take_in, account_id, varied(50, seed))) / 50
        ratios = sorted(ours / floors for ours, floors in zip(product, least, strict=True))
        print(
            f"{kind}, {name}: {1000 * sum(product) / n:.2f} ms a mail, "
            f"ratio {statistics.median(ratios):.2f} (blocks {ratios[0]:.2f} to {ratios[-1]:.2f}); "
            f"{statements:.1f} statements a mail"
        )
    with db.reading():
        print(f"{kind}: {db.session.scalar(text('SELECT count(*) FROM message'))} messages stored")


def one_by_one(account_id: int, mails: list[bytes]) -> None:
    for raw in mails:
        for payload in intake.accept([account_id], raw, ["support@barro.example"]):
            intake.read_now(payload)


def _behind_each_other(account_id: int, mails: list[bytes]) -> None:
    """The worker is rung for each of them; who is rung for one reads those behind it, too."""
    kept = [intake.accept([account_id], raw, ["support@barro.example"]) for raw in mails]
    for payload in (one for ids in kept for one in ids):
        intake.read_now(payload)


def _statements(engine: Engine, run: Callable[[], None]) -> int:
    """How many a run takes, beginnings included and commits left out."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    run()
    event.remove(engine, "before_cursor_execute", note)
    return len(said)


def floor(engine: Engine, mails: list[bytes]) -> None:
    for raw in mails:
        message = email.message_from_bytes(raw)
        for part in message.walk():
            if not part.is_multipart():
                part.get_payload(decode=True)
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO floor (raw) VALUES (:raw)"), {"raw": raw})


def timed(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Engine]:
    """A migrated database with a table for the floor."""
    if kind == "sqlite":
        engine = db.connect(f"sqlite:///{folder / 'bench.db'}")
        drop = None
    else:
        name = f"prosa_bench_{os.getpid()}"
        server = create_engine(
            make_url(POSTGRES).set(drivername="postgresql+psycopg"),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
        )
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        drop = (server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        url = make_url(POSTGRES).set(drivername="postgresql+psycopg", database=name)
        engine = db.connect(url.render_as_string(False))
    try:
        upgrade()
        with engine.begin() as connection:
            raw = "BLOB" if kind == "sqlite" else "BYTEA"
            connection.execute(text(f"CREATE TABLE floor (raw {raw})"))
        yield engine
    finally:
        db.session.remove()
        engine.dispose()
        if drop:
            with drop[0].connect() as connection:
                connection.execute(text(drop[1]))
