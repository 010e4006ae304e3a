"""Every endpoint says who may call it. One that does not is refused, and the app does not start with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

from inbox.models import Agent
from inbox.models.team import RIGHTS

PUBLIC, AGENT, WRITER, SUPERVISOR, ADMIN = "public", "agent", "writer", "supervisor", "admin"
"""Anybody; who is signed in; who may answer customers and change tickets; who looks after other people's
work; who sets the house up."""

_RIGHT = "right:"

View = TypeVar("View", bound=Callable[..., Any])


class Undeclared(RuntimeError):
    """A view without ``@allow``."""


def right(name: str) -> str:
    """The permission of those whose role or team gives them one of ``RIGHTS``."""
    if name not in RIGHTS:
        raise ValueError(f"there is no right called {name}")
    return _RIGHT + name


def holds(agent: Agent, permission: str) -> bool:
    """Whether somebody who is signed in may. Deny by default: an unknown permission is an admin's."""
    if permission.startswith(_RIGHT):
        return agent.may(permission.removeprefix(_RIGHT))
    if permission == WRITER:
        return agent.may_write
    if permission == SUPERVISOR:
        return agent.is_supervisor
    return permission in (PUBLIC, AGENT) or agent.is_admin


def allow(permission: str) -> Callable[[View], View]:
    def declare(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return declare


def without_cookies(view: View) -> View:
    """What this view is sent carries a token of its own, which it checks: its form needs no cookie."""
    view.own_token = True  # type: ignore[attr-defined]
    return view


def has_own_token(app: Flask, endpoint: str) -> bool:
    return getattr(app.view_functions[endpoint], "own_token", False)


def needed(app: Flask, endpoint: str) -> str:
    """Deny by default: without a declaration only an admin may, and ``check_all`` finds it anyway."""
    return getattr(app.view_functions[endpoint], "permission", ADMIN)


def check_all(app: Flask) -> None:
    missing = [name for name, view in app.view_functions.items() if not hasattr(view, "permission")]
    if missing:
        raise Undeclared(f"no @allow on {', '.join(sorted(missing))}")
