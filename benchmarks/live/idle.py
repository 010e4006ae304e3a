"""Thousands of sockets that only listen: what they cost, and whether a mail still comes through."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass

from benchmarks.live import meters
from benchmarks.live.cast import settled
from benchmarks.live.mails import send
from benchmarks.live.plan import HOUSE
from benchmarks.live.stage import Stage, calm, wait

SPARE = 1000
"""Open files beside the sockets: a house, a browser, and what else this process has."""

MAILS = 10


@dataclass
class Listened:
    """What it was like with so many sockets."""

    wanted: int
    there: int
    connected_in: float
    held: float
    pss_before: dict[str, float]
    pss: dict[str, float]
    cpu: dict[str, float]
    """Seconds of CPU while nothing happened."""

    mail_cpu: float
    """Seconds of CPU of the web processes for each of the mails that came then."""

    to_screen: list[float]
    heard: int

    @property
    def is_whole(self) -> bool:
        return self.there == self.wanted and len(self.to_screen) > 0 and self.heard >= self.wanted * MAILS


def make_room(sockets: int) -> None:
    """Let this process and those it starts open so many files. Exits where the system forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = sockets + SPARE
    if soft >= needed or soft == resource.RLIM_INFINITY:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(
            f"{sockets} sockets need {needed} open files and the system allows {hard}: ulimit -Hn {needed}"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    print(f"open files: {needed} instead of {soft}")


def hold(on: Stage) -> Listened:
    before = meters.pss(on.house)
    came = on.crowd.ask("listen", on.plan.idle)
    wait(on, 3)
    spent = meters.cpu(on.house)
    wait(on, on.plan.idle_seconds)
    idle = meters.spent(spent, meters.cpu(on.house))
    memory, listening = meters.pss(on.house), on.crowd.ask("listening")
    mail_cpu, to_screen = _mails(on)
    heard = on.crowd.ask("listening")["heard"].get("changed", 0) - listening["heard"].get("changed", 0)
    return Listened(
        on.plan.idle, listening["there"], came["seconds"], on.plan.idle_seconds, before, memory, idle,
        mail_cpu, to_screen, heard,
    )  # fmt: skip


def _mails(on: Stage) -> tuple[float, list[float]]:
    """A mail a second, which every socket hears of."""
    before = meters.cpu(on.house)
    accepted = send(on.post, MAILS, 1.0, only_new=True, to=HOUSE)
    settled(on.house)
    calm(on)
    spent = meters.spent(before, meters.cpu(on.house)).get("web", 0.0)
    return spent / MAILS, on.seen(accepted).rows
