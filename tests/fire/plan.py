"""What a seed decides: every mail, every errand, and the order of the mishaps."""

from __future__ import annotations

import random
from dataclasses import dataclass

SHARES = {
    "plain": 62, "html": 10, "file": 10, "answer": 8, "twice": 4, "both": 3, "poison": 2, "odd": 1,
}  # fmt: skip
"""Of a hundred mails: answers go to what we sent; ``twice`` comes again the same way, ``both`` the other."""

ERRANDS = {"reply": 58, "undo": 12, "later": 12, "note": 10, "resolve": 8}


@dataclass(frozen=True)
class Letter:
    number: int
    kind: str
    route: int
    """Which of the servers that mail comes through; counted on, whatever there are."""
    chance: float
    """For what is decided when it leaves: which of our mails it answers."""


@dataclass(frozen=True)
class Task:
    number: int
    kind: str
    chance: float
    """Which of the conversations that are there by then."""
    wait: float


@dataclass(frozen=True)
class Plan:
    seed: int
    mails: int = 5000
    replies: int = 1000
    minutes: float = 30.0
    database: str = "sqlite"
    faults: tuple[str, ...] = ()
    pause: tuple[float, float] = (0.5, 3.0)
    """Seconds between two mishaps."""
    scale: float = 1.0
    """Of how long they last."""
    soak: bool = False
    """Mails come evenly over all the time, nobody is killed, and what the house needs is watched."""
    often: int = 9
    """Times that each kind comes at most before all have had their turn."""

    def chance(self, of: str) -> random.Random:
        """Each actor has dice of its own, so that threads do not change what another one throws."""
        return random.Random(f"{self.seed}/{of}")

    @property
    def pace(self) -> float:
        """Seconds between two mails; none, if they come as fast as they are taken."""
        return self.minutes * 60 * 0.9 / self.mails if self.soak else 0.0

    def letters(self) -> list[Letter]:
        dice = self.chance("letters")
        kinds = dice.choices(list(SHARES), SHARES.values(), k=self.mails)
        return [Letter(n, kind, n % 2, dice.random()) for n, kind in enumerate(kinds)]

    def tasks(self) -> list[Task]:
        dice = self.chance("tasks")
        kinds = dice.choices(list(ERRANDS), ERRANDS.values(), k=self.replies)
        return [Task(n, kind, dice.random(), dice.uniform(3.0, 20.0)) for n, kind in enumerate(kinds)]

    def command(self) -> str:
        said = {
            "seed": self.seed, "mails": self.mails, "replies": self.replies, "minutes": self.minutes,
            "database": self.database, "pause": "{:g} {:g}".format(*self.pause), "scale": self.scale,
            "often": self.often,
        }  # fmt: skip
        if self.soak:
            said["soak"] = ""
        if self.faults:
            said["faults"] = ",".join(self.faults)
        return "python -m tests.fire" + "".join(f" --{name} {value}".rstrip() for name, value in said.items())
