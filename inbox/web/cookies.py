"""Two cookies: the sign-in, and a signed one that only carries form tokens and a visitor's language.

Over https both are ``__Host-``: no other host and no plain http can set them. A browser drops such a cookie
over plain http on a LAN, so there they are plainly named, and the page says that the line is not private.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

NAME = "prosa"
MONTHS = timedelta(days=90)


def name(part: str = "") -> str:
    return f"__Host-{NAME}{part}" if request.is_secure else f"{NAME}{part}"


def token() -> str:
    return request.cookies.get(name(), "")


def keep(response: Response, value: str) -> Response:
    response.set_cookie(
        name(), value, max_age=MONTHS, path="/", httponly=True, secure=request.is_secure, samesite="Lax"
    )
    return response


def forget(response: Response) -> Response:
    response.delete_cookie(name(), path="/", httponly=True, secure=request.is_secure, samesite="Lax")
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
