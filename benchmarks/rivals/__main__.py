"""``python -m benchmarks.rivals``: set all up, feed them, measure them in turns, print a table, clean up."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.databases import Absent, empty
from benchmarks.rivals import turns
from benchmarks.rivals.environment import CACHE, environment
from benchmarks.rivals.helpdesk import Helpdesk
from benchmarks.rivals.letters import World, expected
from benchmarks.rivals.product import Product, WorkNotDone
from benchmarks.rivals.prosa import Prosa
from benchmarks.rivals.roundup import Roundup
from benchmarks.rivals.table import drawn, misses

FEWEST = 200


def main(words: Sequence[str] | None = None) -> int:
    """0: done; 1: a product did not do its work; 2: with ``--check``, a factor was missed."""
    asked = _asked(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all is cleaned up
    began = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            missed = _run(asked, Path(folder))
    except WorkNotDone as problem:
        print(f"\nThe work was not done, so there are no figures:\n{problem}")
        return 1
    print(f"\nDone in {time.perf_counter() - began:.0f} s.")
    for one in missed:
        print(f"missed: {one}")
    return 2 if missed and asked.check else 0


def _asked(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.rivals", description=__doc__)
    parser.add_argument("--tickets", type=int, default=2000, help="2000; 20000 is the long run")
    parser.add_argument("--blocks", type=int, default=8, help="blocks of about 100 mails that are measured")
    parser.add_argument("--rounds", type=int, default=20, help="how often each page is asked for")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the rivals are installed")
    parser.add_argument("--check", action="store_true", help="fail when a factor is missed")
    asked = parser.parse_args(words)
    if asked.tickets < FEWEST:
        parser.error(f"--tickets: at least {FEWEST}")
    return asked


def _run(asked: argparse.Namespace, folder: Path) -> list[str]:
    world = World(asked.tickets)
    measured = min(asked.blocks, len(world.blocks) - 2)  # the long conversation goes on in the second
    before, after = world.blocks[:-measured], world.blocks[-measured:]
    with _products(folder, asked.cache) as products:
        print(
            f"{asked.tickets} tickets, {sum(map(len, world.blocks))} mails: filling, side by side …",
            flush=True,
        )
        turns.fill(products, before)
        print("taking in, in turns …", flush=True)
        ingest = turns.ingest(products, after)
        turns.holds(products, expected([letter for block in world.blocks for letter in block]))
        print("pages, in turns …", flush=True)
        for product in products:
            product.serve()
        rows = [ingest.row, *turns.pages(products, asked.rounds)]
        print("\n" + drawn(rows) + "\n")
        for said in (*ingest.said, *_asides(products, asked.tickets)):
            print(said)
        return misses(rows)


@contextmanager
def _products(folder: Path, cache: Path) -> Iterator[list[Product]]:
    """All of them, set up; in the end they are stopped."""
    with ExitStack() as stack:
        products: list[Product] = [
            Helpdesk(folder / "helpdesk", environment("helpdesk", cache)),
            Roundup(folder / "roundup", environment("roundup", cache)),
            Prosa(folder / "sqlite", "SQLite"),
        ]
        try:
            url = stack.enter_context(empty("postgresql", folder))
            products.append(Prosa(folder / "postgresql", "PostgreSQL", url))
        except Absent as problem:
            print(f"PostgreSQL: left out ({problem}; PROSA_TEST_POSTGRES names another)")
        for product in products:
            stack.callback(product.stop)
            print(f"setting up {product.name} …", flush=True)
            product.set_up()
        yield products


def _asides(products: Sequence[Product], tickets: int) -> Iterator[str]:
    """What has no counterpart, so that nothing is left unsaid."""
    for product in products:
        if isinstance(product, Prosa):
            yield from product.asides([one for one in World(tickets + FEWEST).blocks[-2] if one.part == 0])


if __name__ == "__main__":
    sys.exit(main())
