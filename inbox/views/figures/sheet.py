"""A table of figures as a spreadsheet opens it: plain numbers, times in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flask_babel import gettext

from inbox.figures import METRICS, Line, Metric
from inbox.web import sheets
from inbox.web.i18n import language


def sheet(heading: str, rows: Iterable[tuple[str, Line]]) -> Iterator[str]:
    point = "," if language() == "pt-BR" else "."
    head = [heading, *(_column(metric) for metric in METRICS.values())]
    lines = [[name, *(_plain(line[metric].value, point) for metric in METRICS)] for name, line in rows]
    return sheets.written([head, *lines], sheets.separator())


def _column(metric: Metric) -> str:
    label = gettext(metric.label)
    return gettext("%(label)s (seconds)", label=label) if metric.unit == "seconds" else label


def _plain(value: float | None, point: str) -> str | int | None:
    """A fraction with the decimal sign of the reader's spreadsheet; whole where it is whole."""
    if value is None or value == int(value):
        return None if value is None else int(value)
    return f"{value:.4f}".rstrip("0").replace(".", point)
