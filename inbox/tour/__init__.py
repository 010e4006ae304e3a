"""The guided tour of the demo: its steps, for whom each is, and where to look at what it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inbox.models import Agent
from inbox.tour.steps import STEPS, Step

__all__ = ["Place", "Step", "place", "steps"]


@dataclass(frozen=True, slots=True)
class Place:
    """A step as somebody stands before it."""

    address: str
    says: Any
    is_there: bool


def steps(agent: Agent) -> tuple[Step, ...]:
    """Those for this person, in their order; never none."""
    return tuple(step for step in STEPS if step.whose(agent))


def place(step: Step, agent: Agent) -> Place:
    """Where its example is now, or where one would be."""
    found = step.find(agent)
    if found is None:
        return Place(*step.without, is_there=False)
    return Place(found, step.says, is_there=True)
