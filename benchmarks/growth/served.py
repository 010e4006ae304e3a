"""The process that answers for a house, from the outside."""

from __future__ import annotations

import multiprocessing
from typing import Any, Self

from benchmarks.growth.house import Filled
from benchmarks.growth.serving import Answer, serve
from benchmarks.growth.subjects import Words


class Served:
    """It holds the application, and is asked through a pipe."""

    def __init__(self, house: Filled, words: Words) -> None:
        self.house = house
        spawn = multiprocessing.get_context("spawn")
        self.pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=serve, args=(theirs, house, words), daemon=True)

    @property
    def size(self) -> int:
        return self.house.size

    def __enter__(self) -> Self:
        self.process.start()
        self.questions: list[str] = self._said()
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self.process.join(10)
        self.process.kill()

    def ask(self, name: str, number: int) -> Answer:
        self.pipe.send((name, number))
        return self._said()

    def memory(self) -> float:
        """PSS in megabytes."""
        self.pipe.send(("", 0))
        return self._said()

    def _said(self) -> Any:
        """What it answers; EOFError where it ended instead."""
        return self.pipe.recv()
