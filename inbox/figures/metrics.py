"""Every metric once: its name, what it is called, what it means, its unit, and what it is counted from.

The page, the CSV, and whatever comes to read figures (a board, a report, an alert, the API) read this list
and no other; docs/figures.md says it in prose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from inbox.channels import N_
from inbox.feedback import GOOD

WITH_VALUES = ("first", "resolved", "asked")
"""Kinds of facts of which the values are asked for, not only their number."""


@dataclass(slots=True)
class Counted:
    """The facts of one kind, of a day or a group: they add up, so a period is the sum of its days."""

    n: int = 0
    values: list[int] = field(default_factory=list)

    def add(self, other: Counted) -> None:
        self.n += other.n
        self.values += other.values


def number(of: Counted) -> float | None:
    return of.n


def share_good(of: Counted) -> float | None:
    return sum(score >= GOOD for score in of.values) / len(of.values) if of.values else None


def average(of: Counted) -> float | None:
    return sum(of.values) / len(of.values) if of.values else None


def share_given(of: Counted) -> float | None:
    return len(of.values) / of.n if of.n else None


def median(of: Counted) -> float | None:
    return percentile(of.values, 50)


def nine_of_ten(of: Counted) -> float | None:
    return percentile(of.values, 90)


def percentile(values: Sequence[int], percent: int) -> float | None:
    """PostgreSQL's ``percentile_cont``: between two values it lies on the line that joins them.

    Both databases hand over the values, so that they cannot differ.
    """
    if not values:
        return None
    ordered = sorted(values)
    below, rest = divmod(percent * (len(ordered) - 1), 100)
    if not rest:
        return float(ordered[below])
    return ordered[below] + (ordered[below + 1] - ordered[below]) * rest / 100


@dataclass(frozen=True, slots=True)
class Metric:
    """One number: what is counted, and how."""

    name: str
    label: str
    """As the message to translate, like ``short`` and ``says``."""
    short: str
    """Where its group is named above: *Median* under *First response*."""
    says: str
    """What it means, in a sentence."""
    unit: str
    """``count``, ``seconds``, ``share`` (0 to 1) or ``score`` (1 to 5)."""
    kind: str
    """The facts it is counted from (``models.fact``): in SQL, those of this kind in the period."""
    how: Callable[[Counted], float | None] = number
    """What is made of them; None where there is nothing to say."""
    needs_value: bool = False
    """Facts without a value do not stand behind it."""
    better: str = ""
    """``more`` or ``less``; empty: that depends."""

    @property
    def is_standing(self) -> bool:
        """Counted at the end of a period and not over it."""
        return self.kind == "open"


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "opened",
            N_("Opened"),
            N_("Opened"),
            N_(
                "Conversations that began on that day, by a customer or by us. Spam and older mail that "
                "was brought in are left out."
            ),
            "count",
            "opened",
        ),
        Metric(
            "received",
            N_("Customer messages"),
            N_("Messages"),
            N_(
                "What customers wrote themselves. Automatic answers, other people and older mail are left"
                " out."
            ),
            "count",
            "received",
        ),
        Metric(
            "replied",
            N_("Replies"),
            N_("Replies"),
            N_(
                "What people of the team wrote to customers and what left, on the day it left. Notes, "
                "forwards, confirmations, surveys, and what was taken back or came back are left out."
            ),
            "count",
            "replied",
        ),
        Metric(
            "resolved",
            N_("Resolutions"),
            N_("Resolutions"),
            N_(
                "Conversations that were resolved on that day and are so still. One that was reopened "
                "counts once it is resolved again."
            ),
            "count",
            "resolved",
            better="more",
        ),
        Metric(
            "backlog",
            N_("Open at the end"),
            N_("Still open"),
            N_(
                "Conversations that were new, open, pending or on hold when the day ended; of a whole "
                "period, when its last day ended."
            ),
            "count",
            "open",
            better="less",
        ),
        Metric(
            "first_response",
            N_("First response"),
            N_("Median"),
            N_(
                "From the customer’s first message to the first reply that left: half were faster. It "
                "counts on the day of the reply."
            ),
            "seconds",
            "first",
            how=median,
            needs_value=True,
            better="less",
        ),
        Metric(
            "first_response_p90",
            N_("First response, 9 of 10"),
            N_("9 of 10"),
            N_("Nine of ten first replies were at least as fast as this."),
            "seconds",
            "first",
            how=nine_of_ten,
            needs_value=True,
            better="less",
        ),
        Metric(
            "resolution",
            N_("Resolution time"),
            N_("Median"),
            N_(
                "From the beginning of a customer’s conversation to the resolution that stands: half were"
                " faster. It counts on the day of the resolution."
            ),
            "seconds",
            "resolved",
            how=median,
            needs_value=True,
            better="less",
        ),
        Metric(
            "resolution_p90",
            N_("Resolution time, 9 of 10"),
            N_("9 of 10"),
            N_("Nine of ten resolutions took at most so long."),
            "seconds",
            "resolved",
            how=nine_of_ten,
            needs_value=True,
            better="less",
        ),
        Metric(
            "csat",
            N_("Satisfaction"),
            N_("Good or great"),
            N_(
                "Of the answers to our surveys, the share that was good or great (4 or 5). It counts on "
                "the day we asked."
            ),
            "share",
            "asked",
            how=share_good,
            needs_value=True,
            better="more",
        ),
        Metric(
            "csat_average",
            N_("Average rating"),
            N_("Average"),
            N_("Of the answers to our surveys, the average of 1 to 5. It counts on the day we asked."),
            "score",
            "asked",
            how=average,
            needs_value=True,
            better="more",
        ),
        Metric(
            "csat_rate",
            N_("Response rate"),
            N_("Answered"),
            N_("Of the customers who were asked on that day, the share that has answered."),
            "share",
            "asked",
            how=share_given,
            better="more",
        ),
    )
}
