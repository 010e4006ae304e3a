"""How it was for the customer: whom to ask and when not to, what a score means, what a low one does.

Facts and settings in, decisions out: nothing here knows a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

SCORES = (1, 2, 3, 4, 5)
"""Five faces, from the saddest to the happiest."""

GOOD = 4
"""From here on it is asked what helped; below, what was missing."""

HELPED = ("fast", "kind", "solved", "clear")
LACKED = ("slow", "unsolved", "unclear", "repeated")

LONGEST = 4000
"""Characters of a comment."""

OPEN_FOR = timedelta(days=30)
"""So long after it was asked it can be answered."""

CHANGEABLE = timedelta(days=14)
"""So long after it was answered that can be changed."""

LATE = timedelta(days=7)
"""Nobody is asked so long after it was due: they would not know what is meant."""

THEN = ("reopen", "follow_up", "tell", "nothing")
"""What a low score does: reopens the ticket, or opens a linked one where that is too old; always opens a
linked one; only tells the supervisors; nothing."""

WHY_NOT = (
    "off", "reopened", "spam", "restored", "late", "no_link", "not_mail", "machine", "unanswered", "bounced",
    "declined", "cap", "failed",
)  # fmt: skip
"""Why a survey is skipped; ``failed`` is one that could not be sent however often it was tried."""

LONGEST_WAIT = 60 * 24 * 14
LONGEST_PAUSE = 365


@dataclass(frozen=True, slots=True)
class Policy:
    """What a company wants. ``Policy.read`` takes what is kept of it, whatever that is."""

    on: bool = True
    wait_minutes: int = 60
    """From the resolution to the question."""
    every_days: int = 7
    """The contact cap: nobody is asked twice within so many days, whatever they write about."""
    low: int = 2
    """The highest score that is low; 0: none is."""
    low_vip: int = 3
    """The same for customers of a high tier."""
    then: str = "reopen"

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Policy:
        known = {field.name: kept[field.name] for field in fields(cls) if field.name in kept}
        return cls(**{name: value for name, value in known.items() if _fits(name, value)})

    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def wait(self) -> timedelta:
        return timedelta(minutes=self.wait_minutes)

    def is_low(self, score: int, tier: str) -> bool:
        """Whether somebody has to look at it."""
        return self.then != "nothing" and score <= (self.low_vip if tier == "vip" else self.low)


def _fits(name: str, value: Any) -> bool:
    if name == "on":
        return isinstance(value, bool)
    if name == "then":
        return value in THEN
    most = {"wait_minutes": LONGEST_WAIT, "every_days": LONGEST_PAUSE}.get(name, SCORES[-1])
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a survey when its moment has come."""

    due_at: datetime
    on: bool = True
    """For the installation, and for the account."""
    stands: bool = True
    """The resolution it asks about is still the last word."""
    spam: bool = False
    restored: bool = False
    """It waited in a backup: the original has asked, or will."""
    has_link: bool = True
    by_mail: bool = True
    person: bool = True
    """Somebody wrote to us themselves, from an address that is theirs and is read."""
    answered: bool = True
    """Somebody of us wrote to them."""
    bounced: bool = False
    declined: bool = False
    asked_at: datetime | None = None
    """When they were last asked about anything."""


def why_not(facts: Facts, policy: Policy, moment: datetime) -> str:
    """The first reason not to ask, one of ``WHY_NOT``; empty: ask."""
    since = facts.asked_at
    reasons = (
        ("off", not facts.on),
        ("restored", facts.restored),
        ("spam", facts.spam),
        ("reopened", not facts.stands),
        ("late", moment - facts.due_at > LATE),
        ("no_link", not facts.has_link),
        ("not_mail", not facts.by_mail),
        ("machine", not facts.person),
        ("unanswered", not facts.answered),
        ("bounced", facts.bounced),
        ("declined", facts.declined),
        ("cap", since is not None and moment - since < timedelta(days=policy.every_days)),
    )
    return next((reason for reason, holds in reasons if holds), "")


def reasons_for(score: int) -> tuple[str, ...]:
    """What can be ticked beside a score."""
    return HELPED if score >= GOOD else LACKED


def chosen(score: int, ticked: Iterable[str]) -> list[str]:
    """Of what was ticked, what belongs to this score: in our order, each once, and nothing else."""
    given = set(ticked)
    return [reason for reason in reasons_for(score) if reason in given]


def ends_at(sent_at: datetime, first_at: datetime | None) -> datetime:
    """Until when it can be answered, and once it is, changed."""
    return first_at + CHANGEABLE if first_at else sent_at + OPEN_FOR
