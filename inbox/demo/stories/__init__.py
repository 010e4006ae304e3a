"""What people write about, in files that need no programmer: one a language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Story:
    """A kind of conversation. Its sentences have gaps in braces (``goods.gaps``)."""

    key: str
    subjects: tuple[str, ...]
    opens: tuple[str, ...]
    answers: tuple[str, ...]
    """The first is for the first of ``opens``, and so on; who has none of their own gets the first."""
    follows: tuple[tuple[str, str], ...] = ()
    """What the customer may say next, and what we answer to that."""
    notes: tuple[str, ...] = ()
    weight: int = 10
    team: str = ""
    topic: str = ""
    tags: tuple[str, ...] = ()
    of: str = ""
    """``pottery`` or ``linen``, where it can only be one of them."""
    file: str = ""
    """``photo`` or ``invoice``: what some send along."""
    mood: int = 1
    """0 glad, 1 calm, 2 disappointed, 3 angry."""
    house: bool = False
    """Only who buys for a restaurant or a shop writes so."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is said around every story, as lists by their name."""

    stories: tuple[Story, ...]
    said: dict[str, tuple[str, ...]]


@cache
def of(language: str) -> Phrases:
    """``pt`` or ``en``."""
    read = tomllib.loads((HERE / f"{language}.toml").read_text("utf-8"))
    return Phrases(
        tuple(Story(**_frozen(one)) for one in read["story"]),
        {name: tuple(lines) for name, lines in read["phrases"].items()},
    )


def _frozen(one: dict[str, Any]) -> dict[str, Any]:
    found = {name: tuple(value) if isinstance(value, list) else value for name, value in one.items()}
    return found | {"follows": tuple((theirs, ours) for theirs, ours in found.get("follows", ()))}
