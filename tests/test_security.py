"""What attackers try with the web pages, and what they get."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, text

from inbox import db, engines
from inbox.models import Agent
from inbox.web import headers
from tests.clients import Browser, ClientFor, log_in, now_of
from tests.people import MailFrom
from tests.test_access_matrix import MATRIX, World, ask, rules, world

assert world  # a fixture

FRAMES = ("messages.frame", "preview.frame_memo")
LETTERS = (*FRAMES, "printing.ticket", "printing.message")
"""Pages without scripts, on which a letter keeps its looks."""
NOTED = ("messages.raw", "attention.raw", "audit.export")
"""What somebody takes along is written into the audit trail, and nothing else is."""
KEPT = (
    *("static", "favicon", "push.worker", "push.manifest"),
    *("photos.show", "files.inline", "pictures.small", "pictures.remote"),
)
"""What a browser may keep, for a while."""


# -------------------------------------------------------------------------------------- forged forms


def test_a_form_without_its_token_changes_nothing(app: Flask, world: World, client_for: ClientFor) -> None:
    client = client_for(world.linus)
    for rule, method in rules(app):
        if method != "GET" and MATRIX[rule.endpoint][0] in ("agent", "writer"):
            path = app.url_map.bind("x").build(rule.endpoint, _values(rule, world), method)
            assert client.open(path, method=method, csrf=False).status_code == 403, f"{method} {rule.rule}"


def _values(rule: Any, world: World) -> dict[str, Any]:
    given = MATRIX[rule.endpoint][1]
    return {name: v[1:] if v.startswith("=") else world.values[v] for name, v in given.items()}


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_a_token(
    sent: dict[str, str], known: Agent, visitor: Browser
) -> None:
    assert log_in(visitor, headers=sent).status_code == 403
    assert visitor.get_cookie("prosa") is None


def test_our_own_pages_and_the_public_address_may_post(known: Agent, visitor: Browser) -> None:
    for origin in ("http://localhost", "http://127.0.0.1:8000"):
        assert log_in(visitor, headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_method_cannot_be_smuggled(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(grace)
    smuggled = {"X-HTTP-Method-Override": "PUT"}
    path = f"/tickets/{ticket.id}/status"
    assert (
        client.post(path, data={"_method": "PUT", "status": "resolved"}, headers=smuggled).status_code == 405
    )
    assert client.get(f"/tickets/{ticket.id}/resolution?_method=POST").status_code == 405
    assert now_of(ticket).status == "new"


# -------------------------------------------------------------------------------------- reading only


@pytest.mark.slow
def test_no_get_writes(
    app: Flask, ada: Agent, world: World, client_for: ClientFor, database: Connection
) -> None:
    client = client_for(ada)
    asked: list[str] = []
    written: list[tuple[str, str]] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.split()[0] in ("INSERT", "UPDATE", "DELETE"):
            written.append((asked[-1], statement.partition("(")[0].strip()))

    event.listen(database, "before_cursor_execute", note)
    try:
        for rule, method in rules(app):
            if method == "GET":
                asked.append(rule.endpoint)
                ask(app, client, rule, method, world)
    finally:
        event.remove(database, "before_cursor_execute", note)
    assert set(written) <= {(endpoint, "INSERT INTO event") for endpoint in NOTED}


A_TEAM = "INSERT INTO team (name, rights, created_at) VALUES ('x', '[]', '2026-01-01')"


def test_the_database_itself_refuses_what_a_get_would_write(tmp_path: Path, database: Connection) -> None:
    own = engines.make(f"sqlite:///{tmp_path / 'own.db'}")
    db.Base.metadata.create_all(own)
    db.bind(own, join_transaction_mode="conditional_savepoint")
    try:
        db.begin_request(read_only=True)
        with pytest.raises(Exception, match="readonly"):
            db.session.execute(text(A_TEAM))
        db.begin_request(read_only=False)
        db.session.execute(text(A_TEAM))
    finally:
        db.end_request()
        own.dispose()
        db.bind(database, join_transaction_mode="create_savepoint")


# ------------------------------------------------------------------------------------------- headers


@pytest.mark.slow
def test_every_answer_carries_its_headers(
    app: Flask, ada: Agent, world: World, client_for: ClientFor
) -> None:
    client = client_for(ada)
    for rule, method in rules(app):
        if rule.endpoint == "login.sign_out":
            continue
        sent = ask(app, client, rule, method, world).headers
        for name, value in headers.ALWAYS.items():
            expected = ("no-referrer", value) if name == "Referrer-Policy" else (value,)
            assert sent.get(name) in expected, (rule.rule, name)
        policy = sent["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "unsafe-eval" not in policy
        assert "unsafe-inline" not in policy or rule.endpoint in LETTERS
        assert "no-store" in sent["Cache-Control"] or rule.endpoint in KEPT
        assert ("frame-ancestors 'none'" in policy) != (rule.endpoint in FRAMES), rule.rule


def test_errors_carry_them_too(visitor: Browser) -> None:
    for answer in (
        visitor.get("/nope"),
        visitor.post("/nope"),
        visitor.get("/logout"),
        visitor.get("/socket.iox"),
    ):
        assert answer.status_code in (404, 405)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_https_is_remembered(visitor: Browser) -> None:
    assert "Strict-Transport-Security" not in visitor.get("/login").headers
    assert visitor.get("/login", base_url="https://x.example").headers["Strict-Transport-Security"]


def test_an_open_line_is_named(visitor: Browser) -> None:
    assert "not encrypted" not in visitor.get("/login").text
    assert "not encrypted" in visitor.get("/login", base_url="http://192.168.1.7:8000").text
    assert "not encrypted" not in visitor.get("/login", base_url="http://[::1]:8000").text


@pytest.mark.parametrize("host", ["evil.example", "evil.example; script-src *", "x\"'><script>"])
def test_a_host_header_builds_nothing(host: str, ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    cookie = client.get_cookie("prosa")
    assert cookie
    client.set_cookie("prosa", cookie.value, domain="evil.example")
    for path in ("/", "/settings", "/settings/people", "/login?lang=en", "/nope"):
        answer = client.get(path, environ_overrides={"HTTP_HOST": host})
        assert "script-src *" not in answer.headers["Content-Security-Policy"]
        assert "evil.example" not in answer.text and "evil.example" not in answer.headers.get("Location", "")


def test_an_invitation_is_built_from_the_public_address(ada: Agent, client_for: ClientFor) -> None:
    data = {"emails": "Rui <rui@barro.example>", "role": "agent"}
    page = client_for(ada).post("/settings/people", data=data)
    assert page.status_code == 200 and "http://127.0.0.1:8000/invitations/" in page.text
    assert "http://localhost/" not in page.text  # which is the host that was asked


# ------------------------------------------------------------------------------------------- failing


def test_a_failure_says_nothing_but_a_number(
    app: Flask, grace: Agent, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr("inbox.views.lists.lists.page", fail)
    client = client_for(grace)
    page = client.get("/views/open")
    assert page.status_code == 500 and "the secret" not in page.text
    assert re.search(r"500, [0-9a-f]{8}", page.text) and "Traceback" not in page.text
    fragment = client.get("/views/open/_rows", headers={"HX-Request": "true"})
    assert fragment.status_code == 500 and "<html" not in fragment.text
