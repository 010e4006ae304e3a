"""A small shop with two months of mail, to look around in: ``make demo``. The same world is made as large as
one likes, to measure with.

Nothing in it is real. It keeps its data in a folder of its own and never touches another installation's.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from sqlalchemy import select

from inbox import db
from inbox.config import settings
from inbox.demo.house import furnish, wind_up
from inbox.demo.people import TEAM
from inbox.demo.world import World
from inbox.demo.writer import writer
from inbox.models import Agent, Ticket

__all__ = ["TEAM", "build", "fill", "start"]

FOLDER = "data/demo"
TICKETS, SEED = 400, 7
BATCH = 2_000
"""Conversations that begin between two writings."""

MANY = 5_000
"""From so many on it pays to take the indexes off while rows are written."""


class NotEmpty(Exception):
    """Somebody works here, or a world is here already: nothing is written over it."""


def start() -> None:
    """Fill the demo's folder once, then start everything on it. Does not return."""
    os.environ.setdefault("PROSA__DATA__DIR", FOLDER)
    os.environ.setdefault("PROSA__DEMO__ENABLED", "true")
    settings.cache_clear()
    fill()
    walk_in.open_house()
    from inbox.up import start as up

    up()


def fill(tickets: int = TICKETS, seed: int = SEED) -> bool:
    """Make the shop, unless it is there; returns whether it had to."""
    from inbox import files, logs
    from inbox.migrate import upgrade

    logs.setup(settings().log)
    db.connect(settings().database_url)
    files.use(settings().files_url)
    upgrade()
    if not is_empty():
        return False
    build(tickets, seed, db.now(), public_url=settings().address)
    return True


def is_empty() -> bool:
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
        raise NotEmpty
    many = tickets >= MANY
    world = World(tickets, seed, until.astimezone(UTC), many)
    with db.writing():
        furnish(world.house, world.begins, world.until, password, public_url)
    out = writer(db.engine(), many)
    try:
        world.play(out, batch)
        out.finish()
    except BaseException:
        out.abandon()
        raise
    with db.writing():
        wind_up(world.house, world.front.last_in, world.front.last_out)
