"""What is done to the house: one file a kind of mishap, found by being here.

A module has ``FAULTS``, a list of ``Fault``. All of them have their turn before one comes again.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fire.run import Run


def never(_run: Run) -> str:
    return ""


@dataclass(frozen=True)
class Fault:
    name: str
    strike: Callable[[Run, random.Random], str]
    """Do it, for as long as it lasts; says what was done, or nothing if there was nothing to do it to."""
    missing: Callable[[Run], str] = never
    """Why it cannot be done here."""
    often: int = 1
    """Times in a round."""
    fleeting: bool = False
    """What it strikes is not always there, so a short run may miss it."""


def every() -> list[Fault]:
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return [fault for name in names for fault in importlib.import_module(f"{__name__}.{name}").FAULTS]


def in_turn(chosen: Sequence[Fault], dice: random.Random) -> Iterator[Fault]:
    """For ever."""
    while True:
        round_ = [fault for fault in chosen for _ in range(fault.often)]
        dice.shuffle(round_)
        yield from round_
