"""A small shop with two months of mail, to look around in: ``make demo``. The same world is made as large as
one likes, to measure with.

Nothing in it is real. It keeps its data in a folder of its own and never touches another installation's.
"""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url, select

from inbox import db, walk_in
from inbox.config import settings
from inbox.demo.apart import played
from inbox.demo.house import furnish, wind_up
from inbox.demo.people import TEAM
from inbox.demo.world import World
from inbox.demo.writer import writer
from inbox.models import Agent, Ticket

__all__ = ["TEAM", "NotEmpty", "build", "fill", "forget", "settle", "start"]

FOLDER = "data/demo"
TICKETS, SEED = 400, 7
BATCH = 2_000
"""Conversations that begin between two writings."""

MANY = 5_000
"""From so many on it pays to take the indexes off while rows are written."""

EDITION = 1
"""Of the world: another one tells other stories, and what an earlier one left is not mixed with them."""


class NotEmpty(Exception):
    """There is something already, and nothing is written over it; the text says what to do."""


def start(tickets: int = TICKETS) -> None:
    """Fill the place that was settled once, then start everything on it. Does not return. Raises NotEmpty."""
    os.environ.setdefault("PROSA__DEMO__ENABLED", "true")
    settings.cache_clear()
    fill(tickets)
    walk_in.open_house()
    from inbox.up import start as up

    up()


def settle(folder: str | None = None, database: str | None = None) -> None:
    """From now on this process, and what it starts, is about the demo's folder and database: not those that a
    real house on this machine is set to use."""
    if folder:
        os.environ["PROSA__DATA__DIR"] = folder
    os.environ.setdefault("PROSA__DATA__DIR", FOLDER)
    os.environ["PROSA__DATABASE__URL"] = database or ""
    os.environ["PROSA__FILES__URL"] = ""
    os.environ.setdefault("PROSA__REDIS__URL", "")  # where there is no Valkey to embed, one may be named
    settings.cache_clear()


def fill(tickets: int = TICKETS, seed: int = SEED) -> str:
    """Make the shop, unless it is there; returns what was done in a sentence. Raises NotEmpty."""
    from inbox import files, logs
    from inbox.migrate import upgrade

    logs.setup(settings().log)
    _take_the_folder()
    db.connect(settings().database_url)
    files.use(settings().files_url)
    upgrade()
    if is_empty():
        began = time.monotonic()
        build(tickets, seed, db.now(), public_url=settings().address)
        _mark().write_text(f"{EDITION}\n")
        return f"{tickets} conversations were made in {time.monotonic() - began:.1f} s."
    if _mark().read_text().strip() != str(EDITION):
        raise NotEmpty(
            f"{settings().data_dir} holds another edition of the demo, or an unfinished one: add --again to "
            "throw it away and make it anew, or name another place with --folder."
        )
    if not _has_its_people():
        raise NotEmpty("The database is not the demo's: name an empty one, or none.")
    return "It is there already."


def _take_the_folder() -> None:
    """Mark it as the demo's before anything is written. Raises NotEmpty where somebody else's things are."""
    folder = settings().data_dir
    if _mark().exists():
        return
    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not a demo: name an empty folder with --folder.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _mark().write_text("unfinished\n")


def _has_its_people() -> bool:
    with db.reading():
        theirs = Agent.email.in_([one.email for one in TEAM])
        return db.session.scalar(select(Agent.id).where(theirs).limit(1)) is not None


def forget() -> None:
    """Throw the demo's folder away, if it is one. Raises NotEmpty for any other."""
    folder = settings().data_dir
    if not folder.exists() or not any(folder.iterdir()):
        return
    old = folder == Path(FOLDER).resolve() or _mark().exists()
    if not old or make_url(settings().database_url).get_backend_name() != "sqlite":
        raise NotEmpty(f"{folder} is not a demo on SQLite: nothing was thrown away.")
    shutil.rmtree(folder)


def _mark() -> Path:
    return settings().data_dir / "demo"


def is_empty() -> bool:
    """Whether nobody works here and nothing came."""
    with db.reading():
        return db.session.scalar(select(Agent.id).limit(1)) is None and not db.session.scalar(
            select(Ticket.id).limit(1)
        )


def build(
    tickets: int,
    seed: int,
    until: datetime,
    batch: int = BATCH,
    *,
    password: str = "",
    public_url: str = "http://127.0.0.1:8000",
) -> None:
    """Fill a database that is connected, migrated and empty: so many conversations until a moment, the same
    for the same seed and moment. Rows wait in memory until ``batch`` conversations have begun.

    ``password`` is everybody's hash; without one nobody has come in yet. Raises NotEmpty.
    """
    if not is_empty():
        raise NotEmpty("the database is not empty")
    until, many = until.astimezone(UTC), tickets >= MANY
    world = World(tickets, seed, until, many)
    with db.writing():
        furnish(world.house, world.begins, until, password, public_url)
    out = writer(db.engine(), many)
    try:
        ending = played(tickets, seed, until, batch, out) if many else world.play(out, batch)
        out.finish()
    except BaseException:
        out.abandon()
        raise
    with db.writing():
        wind_up(*ending)
