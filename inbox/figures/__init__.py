"""How the team does, in numbers: every metric once, and every number leads to its tickets.

``report`` and ``broken_down`` answer a ``Question`` in the metrics of ``METRICS``; ``tickets`` says what is
behind one. The page reads these, and so does whatever else shows figures. Read docs/figures.md first.
"""

from inbox.figures.asking import (
    GROUPS,
    Figure,
    Found,
    Line,
    Question,
    Report,
    behind,
    broken_down,
    report,
    sees,
    tickets,
)
from inbox.figures.days import EARLIEST, MOST, Period, last, month
from inbox.figures.keeping import behind as still_to_count
from inbox.figures.keeping import catch_up, sweep
from inbox.figures.metrics import METRICS, Metric

__all__ = [
    "EARLIEST",
    "GROUPS",
    "METRICS",
    "MOST",
    "Figure",
    "Found",
    "Line",
    "Metric",
    "Period",
    "Question",
    "Report",
    "behind",
    "broken_down",
    "catch_up",
    "last",
    "month",
    "report",
    "sees",
    "still_to_count",
    "sweep",
    "tickets",
]
