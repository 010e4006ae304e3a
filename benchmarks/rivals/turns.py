"""All products do the same in turns, so that a slow minute of the machine hits each of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

from benchmarks.rivals.letters import Facts, Letter
from benchmarks.rivals.product import PAGES, Product, WorkNotDone
from benchmarks.rivals.table import INGEST, Row, row

WARM = 3
"""Rounds of pages that are not counted."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """What taking in cost: ``row`` without the start of a program that ends, the rest in words."""

    row: Row
    said: list[str]


def fill(products: Sequence[Product], blocks: Sequence[Sequence[Letter]]) -> None:
    """Side by side, not measured: each product's own way in, so the rows are what it makes of mail."""
    over = Event()

    def one(product: Product) -> None:
        began = time.perf_counter()
        for block in blocks:
            if over.is_set():
                return
            product.bring(block)
            product.take_in()
        n = sum(map(len, blocks))
        print(f"  {product.name}: {n} mails in {time.perf_counter() - began:.0f} s", flush=True)

    with ThreadPoolExecutor(len(products)) as pool:
        try:
            list(pool.map(one, products))
        finally:
            over.set()  # whoever fails, or is told to stop, stops the others


def ingest(products: Sequence[Product], blocks: Sequence[Sequence[Letter]]) -> Ingest:
    """Block by block; seconds a mail and processor seconds a mail."""
    starts = {product.name: product.start_cost() for product in products}
    whole: dict[str, list[float]] = {product.name: [] for product in products}
    bare: dict[str, list[float]] = {product.name: [] for product in products}
    cpu: dict[str, list[float]] = {product.name: [] for product in products}
    for number, block in enumerate(blocks, 1):
        for product in products:
            product.bring(block)
            took = product.take_in()
            whole[product.name].append(took.seconds / len(block))
            bare[product.name].append(max(0.0, took.seconds - starts[product.name]) / len(block))
            cpu[product.name].append(took.cpu / len(block))
        print(f"  block {number} of {len(blocks)}: {len(block)} mails", flush=True)
    said = [
        f"{name}: {1000 * statistics.median(whole[name]):.1f} ms a mail with the start of its program "
        f"({1000 * starts[name]:.0f} ms a block), "
        f"{1000 * statistics.median(cpu[name]):.1f} ms of processor time a mail"
        for name in starts
    ]
    return Ingest(row(INGEST, bare, _rivals(products)), said)


def pages(products: Sequence[Product], rounds: int) -> list[Row]:
    """Each page of each product, checked before and after; seconds until its last byte was read."""
    check(products)
    times: dict[str, dict[str, list[float]]] = {
        name: {product.name: [] for product in products} for name in PAGES
    }
    for number in range(rounds + WARM):
        for name in PAGES:
            for product in products:
                took = _timed(product, name)
                if number >= WARM:
                    times[name][product.name].append(took)
    check(products)
    return [row(name, times[name], _rivals(products)) for name in PAGES]


def check(products: Sequence[Product]) -> None:
    for product in products:
        for name in PAGES:
            product.check(name, product.page(name))


def holds(products: Sequence[Product], expected: Facts) -> None:
    """Raise WorkNotDone unless each product holds just what it was sent."""
    wrong = [
        f"{product.name}: {difference}"
        for product in products
        for difference in expected.differences(product.facts())
    ]
    if wrong:
        raise WorkNotDone("\n".join(wrong))


def _timed(product: Product, name: str) -> float:
    began = time.perf_counter()
    product.page(name)
    return time.perf_counter() - began


def _rivals(products: Sequence[Product]) -> list[str]:
    return [product.name for product in products if product.rival]
