"""How a message is drawn: its plain text with links, its badges, and who did not get it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from flask import Flask
from flask_babel import gettext as _
from jinja2.utils import urlize
from markupsafe import Markup, escape

from inbox.db import now
from inbox.mail import links
from inbox.views import badges
from inbox.web.i18n import clock, weekday, zone

_POINTS = re.compile(r"[^\s.:@][.:@][^\s.:@]")
"""What each address has; most texts have none, and looking for one word by word takes long."""

_CITED = re.compile(r"(?:^&gt;[^\n]*(?:\n|$))+", re.MULTILINE)
_MARK = re.compile(r"^&gt; ?", re.MULTILINE)


def linked(text: str) -> Markup:
    """Plain text whose addresses can be followed and whose quoted lines stand behind a bar."""
    if _POINTS.search(text):
        html = str(urlize(text, target="_blank", rel="noopener noreferrer nofollow"))
        html = links.marked(html, lambda host: _("leads to %(host)s", host=host))
    else:
        html = str(escape(text))
    return Markup(_CITED.sub(_cited, html))  # noqa: S704 (urlize escaped it)


def _cited(lines: re.Match[str]) -> str:
    return f'<span class="cited">{_MARK.sub("", lines[0])}</span>'


def leaves(at: datetime) -> str:
    """When a message is to leave: *tomorrow 08:00* rather than a date, where there is a word for it."""
    days = (at.astimezone(zone()).date() - now().astimezone(zone()).date()) // timedelta(days=1)
    time = f"{at.astimezone(zone()):%H:%M}"
    if days == 0:
        return _("today %(time)s", time=time)
    if days == 1:
        return _("tomorrow %(time)s", time=time)
    return f"{weekday(at)} {time}" if 1 < days < 7 else clock(at)


def init(app: Flask) -> None:
    app.jinja_env.filters.update(linked=linked, leaves=leaves)
    app.jinja_env.globals.update(badges_of=badges.of, undelivered=badges.undelivered)
