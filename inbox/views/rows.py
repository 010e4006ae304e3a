"""The rows of lists. One that changes is drawn for everybody who looks, so what was just drawn is kept.

A kept row is found by all that it shows (``SHOWN``) and by the language, zone and day it was drawn in. So it
is never older than what the database says; it only saves drawing the same once more.
"""

from __future__ import annotations

import time
from datetime import date
from operator import attrgetter
from typing import Any

from flask import Flask, current_app
from markupsafe import Markup

from inbox.db import now
from inbox.models import Ticket
from inbox.web import i18n

SHOWN = (
    "id",
    "version",
    "status",
    "subject",
    "snippet",
    "priority",
    "spam_reason",
    "waiting_since",
    "message_count",
    "active_at",
    "account.kind",
    "identity.display_name",
    "identity.customer.tier",
)
"""What ``inbox/_row.html`` shows of a ticket, but for who has it."""

OF_ASSIGNEE = ("id", "name", "email", "photo_token")

MOST, SECONDS = 2000, 60.0
"""So many are kept, and for so long: fifty people ask for the same row within a second or two."""

_facts, _assignee = attrgetter(*SHOWN), attrgetter(*OF_ASSIGNEE)


class Drawn:
    """What was drawn in the last minute."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Any, ...], Markup] = {}
        self.since = time.monotonic()

    def row(self, ticket: Ticket, view: str | None, q: str | None = None) -> Markup:
        key = (_facts(ticket), ticket.assignee and _assignee(ticket.assignee), view, q, *_place())
        self._forget()
        if key not in self.rows:
            self.rows[key] = _draw(ticket, view, q)
        return self.rows[key]

    def _forget(self) -> None:
        if len(self.rows) >= MOST or time.monotonic() - self.since > SECONDS:
            self.rows.clear()
            self.since = time.monotonic()


def _place() -> tuple[str, str, date]:
    """Where and on which day it is read: moments are said in their words."""
    return i18n.language(), i18n.zone().key, now().astimezone(i18n.zone()).date()


def _draw(ticket: Ticket, view: str | None, q: str | None) -> Markup:
    """By the template alone: what pages are given besides is gathered once a page, not for each row."""
    template = current_app.jinja_env.get_template("inbox/_row.html")
    return Markup(template.render(ticket=ticket, view=view, q=q))  # noqa: S704 (Jinja escaped it)


def init(app: Flask) -> None:
    app.jinja_env.globals["row"] = Drawn().row
