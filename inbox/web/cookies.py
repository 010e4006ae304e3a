"""Cookies: the sign-in; a signed one that only carries form tokens and a visitor's language; which browser
this is, for each who signed in with it; and, for minutes, that somebody gave a password and owes a code.

Over https all are ``__Host-``: no other host and no plain http can set them. A browser drops such a cookie
over plain http on a LAN, so there they are plainly named, and the page says that the line is not private.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from ipaddress import ip_address

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

NAME = "prosa"
MONTHS, YEAR, MINUTES = timedelta(days=90), timedelta(days=365), timedelta(minutes=10)


def name(part: str = "") -> str:
    return f"__Host-{NAME}{part}" if request.is_secure else f"{NAME}{part}"


def token() -> str:
    return request.cookies.get(name(), "")


def keep(response: Response, value: str) -> Response:
    return _set(response, name(), value, MONTHS)


def forget(response: Response) -> Response:
    return _drop(response, name())


def browser(email: str) -> str:
    """Which browser this is to whoever has that address: what it was told when they last signed in."""
    return request.cookies.get(_of(email), "")


def keep_browser(response: Response, email: str, value: str) -> Response:
    return _set(response, _of(email), value, YEAR)


def step() -> str:
    """That the right password was given here, and the code is owed."""
    return request.cookies.get(name("-step"), "")


def keep_step(response: Response, value: str) -> Response:
    return _set(response, name("-step"), value, MINUTES)


def forget_step(response: Response) -> Response:
    return _drop(response, name("-step"))


def _of(email: str) -> str:
    """A cookie for each who signs in with this browser; its name tells no address."""
    return name(f"-browser-{hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]}")


def _set(response: Response, called: str, value: str, age: timedelta) -> Response:
    response.set_cookie(
        called, value, max_age=age, path="/", httponly=True, secure=request.is_secure, samesite="Lax"
    )
    return response


def _drop(response: Response, called: str) -> Response:
    response.delete_cookie(called, path="/", httponly=True, secure=request.is_secure, samesite="Lax")
    return response


def is_open_line() -> bool:
    """Plain http to another machine: whoever is in between can read along."""
    host = request.host.rsplit(":", 1)[0].strip("[]")
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        here = host == "localhost" or host.endswith(".localhost")
    return not request.is_secure and not here


class FormSession(SecureCookieSessionInterface):
    def get_cookie_name(self, app: Flask) -> str:
        return name("-form")

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure
