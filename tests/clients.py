"""Browsers of the tests: signed in as somebody, or as nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import socketio
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inbox import db, passwords, signin, sockets
from inbox.models import Agent
from inbox.web import limits

UNSAFE = ("POST", "PUT", "DELETE", "PATCH")
PASSWORD = "travessao de barro"
CSRF = re.compile(r'<meta name="csrf" content="([^"]+)">')


class Browser(FlaskClient):
    """Sends the form token with what it changes, as our pages do; ``csrf=False`` leaves it out."""

    _token = _token_of = ""

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if db.session.registry.has():
            db.session.commit()  # a request has a session of its own, and would roll back what is not kept
        if csrf and kwargs.get("method") in UNSAFE:
            kwargs["headers"] = {"X-CSRFToken": self.token(), **dict(kwargs.get("headers") or {})}
        return super().open(*args, **kwargs)

    def token(self) -> str:
        """From any page; it holds as long as the cookie it came with."""
        cookie = self.get_cookie("prosa-form")
        if cookie is None or cookie.value != self._token_of:
            found = CSRF.search(super().open("/login").text)
            cookie = self.get_cookie("prosa-form")
            assert found and cookie, "the page carries no form token"
            self._token, self._token_of = found[1], cookie.value
        return self._token


def now_of(thing: Any) -> Any:
    """The same row as it is now: a request ends the session that a test's objects came from."""
    return db.session.get(type(thing), thing.id)


ClientFor = Callable[[Agent], Browser]


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    from app import create_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sockets, "Bus", lambda *_args, **_kwargs: socketio.Manager())  # no Redis here
        patch.setattr(limits, "_storage", lambda _url: "memory://")
        made = create_app(async_mode="threading")
        made.test_client_class = Browser
        yield made


@pytest.fixture
def visitor(app: Flask, house: Any) -> Browser:
    limits.forget()
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def client_for(app: Flask, house: Any) -> ClientFor:
    """A browser that is signed in as this agent."""
    limits.forget()

    def signed_in(agent: Agent) -> Browser:
        client: Browser = app.test_client()  # type: ignore[assignment]
        client.set_cookie("prosa", signin.begin(agent, "Firefox, Linux", "127.0.0.1"))
        db.session.commit()
        return client

    return signed_in


@pytest.fixture
def known(grace: Agent) -> Agent:
    """Grace, who has a password."""
    grace.password_hash = passwords.hash_of(PASSWORD)
    db.session.commit()
    return grace


def log_in(
    browser: Browser, email: str = "grace@barro.example", password: str = PASSWORD, **more: Any
) -> Any:
    return browser.post("/login", data={"email": email, "password": password}, **more)
