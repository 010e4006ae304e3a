"""What is measured with: how many agents, how much mail, and who looks at what."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any

TEAMS = ("Orders", "Returns", "Wholesale", "Repairs", "Billing")
"""Each answers at an address of its own; what comes to the house's first address is everybody's."""

VIEWS = ("open",) * 6 + ("unassigned",) * 3 + ("mine",)
"""Of ten agents so many look at each: most have everything open before them."""

HOUSE = "support@barro.example"
PASSWORD = "travessao de barro"


@dataclass(frozen=True)
class Plan:
    """One measurement. ``rate`` is mails a second, ``past`` how many conversations are there before it
    begins, and ``pace`` the mean of seconds between two things that one who acts does.
    """

    agents: int = 50
    chromium: int = 2
    rate: float = 10.0
    seconds: int = 120
    idle: int = 2000
    idle_seconds: int = 60
    seed: int = 1
    past: int = 200
    pace: float = 20.0
    database: str = ""


@dataclass
class Seat:
    """One agent before a screen: who it is, what it shows, and whether they do anything.

    A ticket of 0 is none; a ``pace`` of 0 says that they only look.
    """

    email: str
    teams: list[str]
    view: str
    ticket: int = 0
    pace: float = 0.0
    in_chromium: bool = False
    has_open: bool = True

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def seats(plan: Plan) -> list[Seat]:
    """Who sits where: the first ones in Chromium; one in four of the others acts, four in five have a ticket
    open.
    """
    dice = random.Random(plan.seed)
    return [_seat(number, plan, dice) for number in range(plan.agents)]


def _seat(number: int, plan: Plan, dice: random.Random) -> Seat:
    in_chromium = number < plan.chromium
    return Seat(
        email=f"agent{number}@barro.example",
        teams=sorted(dice.sample(TEAMS, dice.choice((2, 3)))),
        view="open" if in_chromium else VIEWS[number % len(VIEWS)],
        pace=0.0 if in_chromium or number % 4 else plan.pace,
        in_chromium=in_chromium,
        has_open=in_chromium or number % 5 != 4,
    )


def address_of(team: str) -> str:
    return f"{team.lower()}@barro.example"
