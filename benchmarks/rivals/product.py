"""What every product of this comparison can be asked to do."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.rivals.letters import LONG, LONG_LENGTH, SHORT, Facts, Letter, letters_in
from benchmarks.rivals.web import Browser
from inbox import lifeline
from tests.house import free_port, wait_for

LIST, THREE, HUNDRED, SEARCH = "ticket list", "ticket of 3 messages", "ticket of 100 messages", "search"
PAGES = (LIST, THREE, HUNDRED, SEARCH)


class WorkNotDone(Exception):
    """A product did not take in, show or find what it was given."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds that passed, and seconds of processor time of everything that worked."""

    seconds: float
    cpu: float


class Product(ABC):
    """One product, in a folder of its own."""

    name: str
    rival: bool

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def set_up(self) -> None:
        """Everything an admin does before the first mail."""

    @abstractmethod
    def bring(self, letters: Sequence[Letter]) -> None:
        """Put them where the product looks for mail. Not measured."""

    @abstractmethod
    def take_in(self) -> Took:
        """Let it take in all that was brought; returns when that is done."""

    @abstractmethod
    def facts(self) -> Facts:
        """What stands in its database and among its files."""

    @abstractmethod
    def serve(self) -> None:
        """Start its web server and sign in."""

    @abstractmethod
    def page(self, name: str) -> str:
        """All that a browser gets to show this page, as one text."""

    @abstractmethod
    def check(self, name: str, text: str) -> None:
        """Raise WorkNotDone unless the page shows what it should."""

    def start_cost(self) -> float:
        """Seconds that its program takes when there is no mail. A standing process has none."""
        return 0.0

    @abstractmethod
    def stop(self) -> None:
        """End what it started."""


class Rival(Product):
    """A product of others: it takes mail in by a program that ends, and is served by gunicorn."""

    rival = True
    environ: Mapping[str, str]
    gunicorn: tuple[str | Path, ...]
    database: Path

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.browser = Browser(self.port)
        self.numbers: dict[int, int] = {}

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """What cron would run."""

    @abstractmethod
    def sign_in(self) -> None:
        """Give the browser its cookie."""

    def take_in(self) -> Took:
        before, began = _children(), time.perf_counter()
        done = subprocess.run(
            [*map(str, self.command())], env=self.environ, cwd=self.folder, capture_output=True, check=False
        )
        seconds, cpu = time.perf_counter() - began, _children() - before
        if done.returncode:
            raise WorkNotDone(f"{self.name}: {done.stderr.decode(errors='replace')[-2000:]}")
        self.numbers.update(self.conversations())
        return Took(seconds, cpu)

    @abstractmethod
    def conversations(self) -> dict[int, int]:
        """The product's own number of each conversation, by ours."""

    def start_cost(self) -> float:
        self.bring([])
        return min(self.take_in().seconds for _ in range(3))

    def serve(self) -> None:
        log = (self.folder / "server.log").open("wb")
        command = [*self.gunicorn, "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread"]
        command += ["--workers", "1", "--threads", "4", "--keep-alive", "75"]
        us = os.getpid()
        self.server = subprocess.Popen(
            [*map(str, command)],
            env=self.environ,
            stdout=log,
            stderr=log,
            preexec_fn=(lambda: lifeline.die_with(us)) if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        wait_for(self.browser.answers, 20, (self.folder / "server.log").read_text)
        self.sign_in()

    def stop(self) -> None:
        self.browser.close()
        if self.server:
            self.server.terminate()
            ended(self.server)

    @contextmanager
    def rows(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            yield connection
        finally:
            connection.close()


def ended(process: subprocess.Popen[Any], seconds: float = 15) -> None:
    """Wait for it, and no longer."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def must(holds: bool, product: Product, said: str) -> None:
    if not holds:
        raise WorkNotDone(f"{product.name}: {said}")


def must_show_letters(product: Product, name: str, page: str) -> None:
    """A ticket's page shows each of its letters."""
    of, n = {THREE: (SHORT, 3), HUNDRED: (LONG, LONG_LENGTH)}[name]
    shown = letters_in(page, of)
    must(shown == n, product, f"{name}: shows {shown} of {n} letters")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
