"""Attack 33: forms of other sites, in every way a browser can be made to send one, at every address that
changes something. The list is the route table's: a new route is tried the day it is written. The door has
tests of its own (`test_attack_33.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event
from werkzeug.routing import Rule

from inbox.models import Agent
from inbox.web import permissions
from tests.clients import Browser, ClientFor
from tests.test_access_matrix import MATRIX, World, ask, rules, world

assert world  # a fixture

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


@pytest.fixture
def written(database: Connection) -> Iterator[list[str]]:
    """What was written meanwhile, by anybody; that somebody was seen is no change."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        words = statement.split()
        if words[0] in ("INSERT", "UPDATE", "DELETE") and "sign_in" not in words[:3]:
            statements.append(statement)

    event.listen(database, "before_cursor_execute", note)
    yield statements
    event.remove(database, "before_cursor_execute", note)


def changing(app: Flask) -> Iterator[tuple[Rule, str]]:
    return ((rule, method) for rule, method in rules(app) if method != "GET")


def address(app: Flask, rule: Rule, method: str, world: World) -> str:
    given = MATRIX[rule.endpoint][1]
    values = {name: v[1:] if v.startswith("=") else world.values[v] for name, v in given.items()}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values, method))


def forgeries(token: str) -> dict[str, dict[str, Any]]:
    """Requests that another site can make a browser send, or that carry a token where none belongs."""
    right = {"X-CSRFToken": token}
    return {
        "no token": {"data": {"html": "x"}},
        "as htmx": {"data": {"html": "x"}, "headers": {"HX-Request": "true"}},
        "plain text": {"data": f"csrf_token={token}&html=x", "content_type": "text/plain"},
        "a file": {"data": f"csrf_token={token}", "content_type": "application/octet-stream"},
        "json": {"json": {"csrf_token": token}, "headers": right},
        "json by another name": {"data": "{}", "content_type": "application/x+json", "headers": right},
        "in the address": {"query_string": {"csrf_token": token}},
        "an empty one": {"headers": {"X-CSRFToken": ""}},
        "a made-up one": {"headers": {"X-CSRFToken": "ImEi.aQ.x"}},
        "another site": {"headers": {**right, "Origin": "https://evil.example"}},
        "a frame without origin": {"headers": {**right, "Origin": "null"}},
        "a neighbour": {"headers": {**right, "Sec-Fetch-Site": "same-site"}},
    }


def test_attack_33_no_forged_request_changes_anything(
    app: Flask, world: World, ada: Agent, client_for: ClientFor, written: list[str]
) -> None:
    client = client_for(ada)
    tried = 0
    for rule, method in changing(app):
        if permissions.has_own_token(app, rule.endpoint):
            continue  # it takes no cookie, so no browser can be made to help
        path = address(app, rule, method, world)
        for how, sent in forgeries(client.token()).items():
            del written[:]
            answer = client.open(path, method=method, csrf=False, **sent)
            assert answer.status_code in (400, 403), (method, rule.rule, how, answer.status_code)
            assert written == [], (method, rule.rule, how)
            tried += 1
    assert tried > 500


def test_attack_33_the_token_of_one_browser_is_worth_nothing_in_another(
    app: Flask, world: World, ada: Agent, grace: Agent, client_for: ClientFor, written: list[str]
) -> None:
    client, stolen = client_for(ada), client_for(grace).token()
    client.token()
    for rule, method in changing(app):
        if not permissions.has_own_token(app, rule.endpoint):
            path = address(app, rule, method, world)
            answer = client.open(path, method=method, csrf=False, headers={"X-CSRFToken": stolen})
            assert answer.status_code in (400, 403), (method, rule.rule)
    assert written == []


def test_attack_33_what_needs_no_cookie_has_a_seal_of_its_own(
    app: Flask, world: World, visitor: Browser, written: list[str]
) -> None:
    for rule, method in changing(app):
        if permissions.has_own_token(app, rule.endpoint):
            path = address(app, rule, method, world)
            assert visitor.open(path, method=method, csrf=False, data={"score": "1"}).status_code == 404
    assert written == []


def test_attack_33_a_method_is_what_it_says(
    app: Flask, world: World, ada: Agent, client_for: ClientFor, written: list[str]
) -> None:
    """Neither a header, nor a field, nor an address makes something else of it."""
    client = client_for(ada)
    for rule, method in changing(app):
        reads = any(
            other.rule == rule.rule and "GET" in (other.methods or ()) for other in app.url_map.iter_rules()
        )
        answer = client.get(
            address(app, rule, method, world),
            headers=dict.fromkeys(OVERRIDES, method),
            query_string={"_method": method, "method": method},
        )
        shadowed = answer.status_code == 404 and answer.request.path != "/"  # read by another route's pattern
        assert reads or shadowed or answer.status_code in (405, 200), (rule.rule, answer.status_code)
    assert written == []


def test_attack_33_looking_changes_nothing(
    app: Flask, world: World, ada: Agent, client_for: ClientFor, written: list[str]
) -> None:
    """What somebody took along is written down (``audit.note``), and that is all."""
    client = client_for(ada)
    for rule, method in rules(app):
        if method == "GET":
            del written[:]
            ask(app, client, rule, "GET", world)
            with client.open(address(app, rule, "GET", world), method="HEAD") as answer:
                assert answer.status_code < 500 or rule.endpoint == "health.ready", rule.rule
                assert answer.data == b""
            assert [one for one in written if not one.startswith("INSERT INTO event")] == [], rule.rule
