"""A house of so many tickets: where its database and its files are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inbox import config, db, files


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with so many tickets, and the folder of its files."""

    kind: str
    size: int
    url: str
    folder: Path


@contextmanager
def opened(house: Filled) -> Iterator[None]:
    """This process's database and files are the house's."""
    os.environ["PROSA__DATA__DIR"] = str(house.folder)
    os.environ["PROSA__REDIS__URL"] = f"unix://{house.folder}/no-valkey.sock"
    config.settings.cache_clear()
    files.use(config.settings().files_url)
    engine = db.connect(house.url)
    try:
        yield
    finally:
        db.session.remove()
        engine.dispose()
