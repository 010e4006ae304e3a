"""What one person wants to be told, and where: their own choice, or what suits most people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from inbox.db import session
from inbox.models import Agent, NoticeChoice
from inbox.models.notice import DIGESTS, KINDS, QUIET, WAYS
from inbox.sla import hours

USUAL: Mapping[str, tuple[str, ...]] = {
    "mention": ("app", "push", "mail"),
    "assigned": ("app", "push", "mail"),
    "handed_over": ("app", "push", "mail"),
    "message": ("app", "push"),
    "note": ("app",),
    "unassigned": ("app",),
    "failed": ("app", "push", "mail"),
    "stopped": ("app", "push", "mail"),
    "rating": ("app", "mail"),
}
"""What is meant for me alone reaches me everywhere; what concerns the team waits until I look."""

SUPERVISORS = ("rating",)
"""Kinds that only supervisors are told of."""


class Invalid(ValueError):
    """Something that stands on no list."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One person's, with the usual where they did not choose."""

    ways: Mapping[str, Collection[str]] = field(default_factory=lambda: USUAL)
    quiet: str = "never"
    quiet_from: int = 19 * 60
    quiet_until: int = 8 * 60
    digest: str = "off"
    digest_hour: int = 8

    def wants(self, kind: str, way: str) -> bool:
        """Whether they are told of this kind here. Without a digest nothing waits for one."""
        return way in self.ways.get(kind, USUAL[kind]) and (way != "mail" or self.digest != "off")


NOTHING_CHOSEN = Choice()


def of(agent: Agent) -> Choice:
    return of_all([agent.id]).get(agent.id, NOTHING_CHOSEN)


def of_all(agents: Collection[int]) -> dict[int, Choice]:
    """By agent's id; who is missing chose nothing."""
    which = NoticeChoice.agent_id.in_(agents)
    return {row.agent_id: _read(row) for row in session.scalars(select(NoticeChoice).where(which))}


def _read(row: NoticeChoice) -> Choice:
    ways = {**USUAL, **{kind: tuple(ways) for kind, ways in row.ways.items() if kind in KINDS}}
    return Choice(ways, row.quiet, row.quiet_from, row.quiet_until, row.digest, row.digest_hour)


def choose(agent: Agent, choice: Choice) -> None:
    """Keep what this person wants. Raises Invalid for what cannot be chosen."""
    if choice.quiet not in QUIET or choice.digest not in DIGESTS:
        raise Invalid("quiet or digest")
    times = (choice.quiet_from, choice.quiet_until, choice.digest_hour * 60)
    if not all(0 <= minutes < 24 * 60 for minutes in times):
        raise Invalid("a time")
    row = session.get(NoticeChoice, agent.id) or NoticeChoice(agent_id=agent.id)
    row.ways = {kind: [way for way in WAYS if way in choice.ways.get(kind, ())] for kind in KINDS}
    row.quiet, row.quiet_from, row.quiet_until = choice.quiet, choice.quiet_from, choice.quiet_until
    row.digest, row.digest_hour = choice.digest, choice.digest_hour
    session.add(row)
    session.flush()


def no_digest(agent: Agent) -> None:
    """They want no mail of this kind any more."""
    row = session.get(NoticeChoice, agent.id)
    if row is not None:
        row.digest = "off"
        session.flush()


# ---------------------------------------------------------------------------------------- quiet hours


def is_quiet(agent: Agent, choice: Choice, at: datetime) -> bool:
    """Whether their browsers stay silent now: by the clock on their own wall, whatever it does in spring."""
    if choice.quiet == "times":
        return _is_between(_minutes(at.astimezone(zone_of(agent))), choice.quiet_from, choice.quiet_until)
    return choice.quiet == "work" and _is_off(agent, at)


def _is_off(agent: Agent, at: datetime) -> bool:
    """Outside their working hours; whoever did not say when they work is never off."""
    week = hours.read(agent.hours)
    return bool(week) and not week.is_open(at, zone_of(agent))


def _is_between(minute: int, begins: int, ends: int) -> bool:
    """From one time until the other, over midnight where that is earlier."""
    if begins <= ends:
        return begins <= minute < ends
    return minute >= begins or minute < ends


def _minutes(local: datetime) -> int:
    return local.hour * 60 + local.minute


def zone_of(agent: Agent) -> ZoneInfo:
    """Their zone; UTC where its name is none any more."""
    try:
        return ZoneInfo(agent.zone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
