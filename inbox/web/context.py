"""What every template knows, and asks for only where it is used."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask, current_app, g, json
from flask_babel import gettext as _
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.local import LocalProxy

from inbox import lists
from inbox.config import settings
from inbox.db import session
from inbox.models import Account
from inbox.web import cookies, current
from inbox.web.i18n import language
from inbox.web.keys import registry


def views() -> list[dict[str, Any]]:
    """The sidebar: a view, or another place of the house, with how much waits there."""
    if "views" not in g:
        g.views = _views() if g.get("me") else []
    return g.views


def _views() -> list[dict[str, Any]]:
    g.counts = counts = lists.counts(g.me)
    places = [
        _view("mine", _("Mine"), "inbox", "g i"),
        _view("unassigned", _("Unassigned"), "user-plus", "g u"),
        _view("open", _("All open"), "st-open", "g a"),
        _view("resolved", _("All resolved"), "check", "g e"),
        _view("spam", _("Spam"), "spam", "g s"),
    ]
    places.append(_view("customers", _("Customers"), "users", "g c", "/customers"))
    if g.me.may_write:
        places.append(_view("figures", _("Figures"), "chart", "g r", "/figures"))
        places.append(_view("attention", _("Needs attention"), "alert", "g n", "/attention"))
    if g.me.is_admin:
        places.append(_view("preview", _("Mail preview"), "eye", "", "/preview"))
    return [{**place, "count": counts.get(place["name"])} for place in places]


def _view(name: str, label: str, icon: str, key: str, href: str = "") -> dict[str, Any]:
    return {"name": name, "label": label, "icon": icon, "key": key, "href": href or f"/views/{name}"}


def keys() -> list[dict[str, Any]]:
    return registry(may_write=_may_write(), in_demo=_in_demo())


def keys_as_json() -> Markup:
    """The same, as every page carries it."""
    return _keys_as_json(language(), _may_write(), _in_demo())


@cache
def _keys_as_json(_language: str, may_write: bool, in_demo: bool) -> Markup:
    """In the language of this moment, which the caller names so that it is kept by it."""
    return htmlsafe_json_dumps(registry(may_write=may_write, in_demo=in_demo), json.dumps)


def _may_write() -> bool:
    return bool(g.me.may_write) if g.get("me") else True


def _in_demo() -> bool:
    return bool(current_app.config.get("DEMO"))


def addresses() -> list[str]:
    """What customers can write to; shown while nobody has."""
    return list(session.scalars(select(Account.address).where(Account.active).order_by(Account.id)))


def mail_in() -> dict[str, Any]:
    mail = settings().mail
    return {"host": mail.listen_host, "port": mail.listen_port, "lmtp": False}


def init(app: Flask) -> None:
    app.jinja_env.globals.update(
        me=LocalProxy(lambda: g.get("me")),
        installation=LocalProxy(current.installation),
        views=LocalProxy(views),
        keys=LocalProxy(keys),
        keys_as_json=keys_as_json,
        locale=LocalProxy(language),
        addresses=LocalProxy(addresses),
        mail_in=LocalProxy(mail_in),
        upload_limit=LocalProxy(lambda: settings().uploads.max_bytes),
        insecure_connection=LocalProxy(cookies.is_open_line),
    )
    # a page asks a hundred times who reads it: the proxy is for what is drawn without a page around it
    app.context_processor(lambda: {"me": g.get("me")})
