"""Small parts that a page has hundreds of: ``templates/_parts.html`` names them beside its own."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from flask import Flask
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from inbox.web.assets import asset
from inbox.web.i18n import full, iso, moment

LABELS = {
    "mail": _l("Mail"),
    "chat": _l("Chat"),
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "instagram": "Instagram",
    "phone": _l("Phone"),
}
DRAWN_AS = {"web": "chat", "webchat": "chat"}


def icon(name: str, cls: str = "icon-s", label: str = "") -> Markup:
    """A picture of the sheet of icons; with a label it says something that nothing else says."""
    return _icon(asset("icons.svg"), name, cls, label)


@lru_cache(maxsize=4096, typed=True)  # a label that is marked safe is not the same as one that is not
def _icon(sheet: str, name: str, cls: str, label: str) -> Markup:
    says = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon {}" {}><use href="{}#i-{}"/></svg>').format(cls, says, sheet, name)


def channel_of(kind: str) -> str:
    """Which icon and name a kind of account has."""
    name = DRAWN_AS.get(kind, kind)
    return name if name in LABELS else "mail"


def channel(kind: str, cls: str = "icon-s", named: bool = False) -> Markup:
    """How a conversation came: by mail, by chat …"""
    name = channel_of(kind)
    return icon(name, f"{cls} is-{name}", str(LABELS[name]) if named else "")


def when(at: datetime | None, cls: str = "") -> Markup:
    """A moment as short as a list needs, and in full for who points at it."""
    if at is None:
        return Markup("")
    marked = f' class="{escape(cls)}"' if cls else ""
    drawn = f'<time{marked} datetime="{iso(at)}" title="{escape(full(at))}">{escape(moment(at))}</time>'
    return Markup(drawn)  # noqa: S704 (escaped above)


def init(app: Flask) -> None:
    app.jinja_env.globals["drawn"] = {
        "icon": icon,
        "channel_of": channel_of,
        "channel": channel,
        "when": when,
    }
