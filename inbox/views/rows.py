"""The rows of lists. One that changes is drawn for everybody who looks, so what was just drawn is kept.

A kept row is found by all that it can show, which is its line, and by the language, zone and day it was drawn
in. So it is never older than what the database says; it only saves drawing the same once more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date

from flask import Flask, current_app
from markupsafe import Markup

from inbox.db import now
from inbox.lines import Line
from inbox.web import i18n

MOST, SECONDS = 2000, 60.0
"""So many are kept, and for so long: fifty people ask for the same row within a second or two."""


Place = tuple[str | None, str | None, str, str, date]
"""Where it stands (a view, or what is searched for), and for which language, zone and day it is drawn."""


class Drawn:
    """What was drawn in the last minute."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Line, Place], Markup] = {}
        self.since = time.monotonic()

    def list(self, tickets: Sequence[Line], view: str | None, q: str | None = None) -> Markup:
        self._forget()
        place = (view, q, *_place())
        return Markup("").join(self._row(ticket, place) for ticket in tickets)

    def _row(self, ticket: Line, place: Place) -> Markup:
        if (ticket, place) not in self.rows:
            self.rows[ticket, place] = _draw(ticket, *place[:2])
        return self.rows[ticket, place]

    def _forget(self) -> None:
        if len(self.rows) >= MOST or time.monotonic() - self.since > SECONDS:
            self.rows.clear()
            self.since = time.monotonic()


def _place() -> tuple[str, str, date]:
    """Where and on which day it is read: moments are said in their words."""
    return i18n.language(), i18n.zone().key, now().astimezone(i18n.zone()).date()


def _draw(ticket: Line, view: str | None, q: str | None) -> Markup:
    """By the template alone: what pages are given besides is gathered once a page, not for each row."""
    template = current_app.jinja_env.get_template("inbox/_row.html")
    return Markup(template.render(ticket=ticket, view=view, q=q))  # noqa: S704 (Jinja escaped it)


def init(app: Flask) -> None:
    app.jinja_env.globals["rows"] = Drawn().list
