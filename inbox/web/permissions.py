"""Every endpoint says who may call it. One that does not is refused, and the app does not start with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

PUBLIC, AGENT, ADMIN = "public", "agent", "admin"

View = TypeVar("View", bound=Callable[..., Any])


class Undeclared(RuntimeError):
    """A view without ``@allow``."""


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
