"""A large world is thought up in a process of its own, so that both cores have something to do."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection

from inbox import files
from inbox.config import settings
from inbox.demo.rows import Batch
from inbox.demo.world import Ending, World
from inbox.demo.writer import Writer


class Broken(Exception):
    """The other process ended before its story did; what it said stands on the screen."""


class _Away:
    """Hands batches over; the pipe holds one, so no more than two are ever in memory."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe

    def write(self, batch: Batch) -> None:
        self.pipe.send({name: rows for name, rows in batch.rows.items() if rows})
        batch.clear()


def played(tickets: int, seed: int, until: datetime, size: int, out: Writer) -> Ending:
    """What ``World.play`` does, with the thinking elsewhere. Raises Broken."""
    mine, theirs = (context := get_context()).Pipe(duplex=False)
    teller = context.Process(target=_tell, args=(theirs, tickets, seed, until, size), daemon=True)
    teller.start()
    theirs.close()
    try:
        with without_collecting():
            while not isinstance(said := mine.recv(), Ending):
                out.write(Batch.of(said))
        return said
    except EOFError:
        raise Broken from None
    finally:
        mine.close()
        teller.join(5)
        teller.terminate()


def _tell(pipe: Connection, tickets: int, seed: int, until: datetime, size: int) -> None:
    files.use(settings().files_url)
    with without_collecting():
        pipe.send(World(tickets, seed, until, many=True).play(_Away(pipe), size))


@contextmanager
def without_collecting() -> Iterator[None]:
    """Millions of rows hold no cycles: looking for some takes a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
