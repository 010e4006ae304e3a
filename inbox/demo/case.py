"""One conversation while it goes on: what its ticket says of itself, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from inbox.demo.customers import Buyer
from inbox.figures.history import Asked, Said, Step
from inbox.models.ticket import DONE, OPEN

__all__ = ["DONE", "OPEN", "Case"]


@dataclass(slots=True)
class Case:
    """As ``models.Ticket``, and what the verbs have to remember besides."""

    buyer: Buyer
    subject: str
    language: str
    account: int
    address: int
    """Of ours, which the customer wrote to: its id."""
    team: int | None
    id: int = 0
    thread: int = 0
    status: str = "new"
    priority: str = "normal"
    assignee: int | None = None
    topic: int | None = None
    continues: int | None = None
    tags: list[int] = field(default_factory=list)
    version: int = 0
    messages: int = 0
    snippet: str = ""
    spam_reason: str = ""
    learnt: str = ""
    waiting: datetime | None = None
    unanswered: datetime | None = None
    """When the customer first wrote after our last answer, waiting or not."""
    resolved: datetime | None = None
    active: datetime | None = None
    created: datetime | None = None
    refers: list[str] = field(default_factory=list)
    """What an answer refers to: the customer's last mail, and what that referred to."""
    newest: list[str] = field(default_factory=list)
    """The same of the newest mail, whoever wrote it."""
    ours: str = ""
    """The Message-ID of our last answer, which theirs refers to."""
    our_words: str = ""
    answered_by: int | None = None
    writers: set[int] = field(default_factory=set)
    """Who of us ever wrote in it."""
    first_words: str = ""
    answers: list[list[Any]] = field(default_factory=list)
    surveys: list[list[Any]] = field(default_factory=list)
    """Their rows, until the last is known of them."""
    last_resolution: int = 0
    ours_rows: list[list[Any]] = field(default_factory=list)
    """What we wrote, until it is known whether it arrived."""
    our_last: list[Any] = field(default_factory=list)
    mood: int = 1
    """How its customer feels: 0 glad, 3 angry."""
    rating: tuple[int, list[str], str, float] | None = None
    """What its customer will say of it, and after how many minutes, where that is told by hand."""
    undo: str = "null"
    """What taking our last answer back would restore."""
    dice: Random | None = None
    thread_row: list[Any] = field(default_factory=list)
    pending: int = 0
    """What is still to happen to it."""
    steps: list[Step] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def spoken(self) -> str | None:
        """What the product makes of its language: two words are too few to tell."""
        return self.language if len(f"{self.subject} {self.first_words}".split()) >= 4 else None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN
