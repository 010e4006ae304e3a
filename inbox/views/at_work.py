"""Who works at this moment, said where somebody is chosen."""

from __future__ import annotations

from datetime import datetime

from babel.dates import format_date
from flask import Flask
from flask_babel import gettext as _

from inbox import profile
from inbox.db import now
from inbox.models import Agent
from inbox.web.i18n import clock, figures, zone


def at_work(agent: Agent) -> tuple[bool, str]:
    """Whether they work now, and a word for it: *working now*, *back Monday 9:00*; none if they said none."""
    found = profile.at_work(agent, now())
    if found is None:
        return False, ""
    works, begins = found
    if works:
        return True, _("working now")
    return False, _("back %(time)s", time=_said(begins)) if begins else ""


def _said(at: datetime) -> str:
    """In the reader's own zone: 13:00, Monday 9:00."""
    local, today = at.astimezone(zone()), now().astimezone(zone()).date()
    time = f"{local.hour}:{local.minute:02}"
    if local.date() == today:
        return time
    if (local.date() - today).days < 7:
        return f"{format_date(local.date(), 'EEEE', locale=figures())} {time}"
    return clock(at)


def init(app: Flask) -> None:
    app.jinja_env.globals["at_work"] = at_work
