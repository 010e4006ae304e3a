"""What customers send, and too much of anything."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from inbox import db, files, people, tickets
from inbox.models import Agent, Attachment, Team
from inbox.web import headers
from tests.clients import Browser, ClientFor, log_in, now_of
from tests.people import MailFrom

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


# ---------------------------------------------------------------------------- what customers send us


def test_what_a_customer_writes_is_only_words(ada: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    message = mail_from.message(f'"{EVIL}" <evil@x.example>', subject=EVIL, text=EVIL)
    db.session.add(
        Attachment(message_id=message.id, filename=EVIL, content_type=EVIL, size=1, sha256="0" * 64)
    )
    tickets.tag(message.ticket, EVIL, ada)
    ticket, client = message.ticket_id, client_for(ada)
    for path in (
        "/views/open",
        f"/views/open/tickets/{ticket}",
        "/views/open/_rows",
        f"/tickets/{ticket}/_pane",
        f"/tickets/{ticket}/_pick/tags",
        f"/search?q={EVIL}",
        f"/palette/_results?q={EVIL[:10]}",
        "/search?q=alert",
        f"/messages/{message.id}/_message",
    ):
        page = client.get(path).text
        assert "<script>alert" not in page and "<img src=x" not in page, path


def test_the_letters_frame_can_do_nothing(ada: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    html = f'<p onclick="x()">Hi</p>{EVIL}<img src="https://t.example/p.gif"><form action=/x></form>'
    message = mail_from.message(html=html)
    answer = client_for(ada).get(f"/messages/{message.id}/frame")
    policy = answer.headers["Content-Security-Policy"]
    assert policy == headers.LETTER and "allow-scripts" not in policy and "script-src" not in policy
    assert not re.search(r"<script|onclick|onerror|<form| src=\"https", answer.text)
    assert "X-Frame-Options" not in answer.headers


def test_a_file_is_kept_in_a_box(ada: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    message = mail_from.message()
    page = files.put(b"<script>alert(1)</script>")
    names = [
        "evil.html",
        "..\\..\\x.svg",
        "a\r\nX-Evil: 1.txt",
        "gpj.\u202eexe",
        "x" * 250,
        "naïve “menu”.pdf",
    ]
    made = [
        Attachment(message_id=message.id, filename=name, content_type="text/html", size=1, sha256=page)
        for name in names
    ]
    db.session.add_all(made)
    db.session.flush()
    client = client_for(ada)
    for file in [(made_one.token, made_one.filename) for made_one in made]:
        answer = client.get(f"/files/{file[0]}/x")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert "sandbox" in answer.headers["Content-Security-Policy"] and "X-Evil" not in answer.headers
        assert client.get(f"/files/{file[0]}/inline").status_code == 404


# ------------------------------------------------------------------------------- too much of a thing


def test_what_is_too_big_is_refused(
    app: Flask, grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    client, ticket = client_for(grace), mail_from()
    path = f"/tickets/{ticket.id}/drafts/reply/files"
    whole, one = (client.post(path, **_upload(size)) for size in (27_000_000, 25_500_000))
    words = client.put(f"/tickets/{ticket.id}/drafts/reply", data={"html": "x" * 2_500_000})
    parts = client.post(path, data={f"f{n}": "x" for n in range(400)} | {"file": (io.BytesIO(b"x"), "a")})
    assert [a.status_code for a in (whole, one, words, parts)] == [413] * 4


def _upload(size: int) -> dict[str, Any]:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
    return {"data": head + b"x" * size + b"\r\n--b--\r\n", "content_type": "multipart/form-data; boundary=b"}


def test_names_cannot_break_a_line(ada: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(ada)
    client.put(f"/tickets/{ticket.id}/subject", data={"subject": "Hi\r\nBcc: all@x.example\x1b"})
    assert now_of(ticket).subject == "HiBcc: all@x.example"
    client.post("/settings/me", data={"name": "Ada\r\nBcc: x", "language": "en", "zone": "UTC"})
    assert now_of(ada).name == "AdaBcc: x"


def test_a_zero_byte_is_refused_before_the_database_sees_it(
    ada: Agent, visitor: Browser, client_for: ClientFor
) -> None:
    client = client_for(ada)
    assert log_in(visitor, email="a\0@x.example").status_code == 400
    assert client.put("/settings/me", data={"name": "A\0"}).status_code == 405
    assert client.post("/settings/me", data={"name": "A\0"}).status_code == 400
    for path in (
        "/search?q=%00",
        "/files/a%00/b",
        "/views/open/_rows?before=%00",
        "/setup/%00",
        "/login?next=%00",
    ):
        assert client.get(path).status_code == 404, path


def test_queries_of_any_shape_are_answered(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    for query in ("*", '"', "' OR 1=1 --", "a" * 5000, "%00", "((((", "NEAR(a b)", "🫖", "-", "9" * 30):
        assert client.get("/search", query_string={"q": query}).status_code == 200
        assert client.get("/views/open/_rows", query_string={"before": query, "x": 1}).status_code == 200
        assert client.get("/views/open/_rows", query_string={"ids": query}).status_code == 200
    assert client.get("/views/open/_rows?before=1700000000.000000_999999999999999999").status_code == 200


def test_json_does_not_pass_by_the_checks_of_forms(visitor: Browser) -> None:
    for sent in (
        {"email": {"a": 1}, "password": "x"},
        ["email"],
        {"email": "a\0@x.example", "password": "x"},
    ):
        assert visitor.post("/login", json=sent).status_code == 400


def test_an_address_that_is_none_leads_home(visitor: Browser) -> None:
    sent = {"HX-Request": "true", "HX-Current-URL": "http://["}
    answer = visitor.get("/views/_counts", headers=sent)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/login")


@pytest.mark.parametrize(
    ("broken", "code"),
    [(IntegrityError("INSERT", {}, Exception()), 409), (RuntimeError(), 500)],
)
def test_a_transaction_that_broke_still_ends_in_a_page(
    broken: Exception,
    code: int,
    app: Flask,
    ada: Agent,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def add(*_facts: object, **_more: object) -> None:
        with contextlib.suppress(IntegrityError):  # what a failed flush leaves behind
            db.session.execute(insert(Team).values(name="Linen"))
            db.session.add(Team(name="Linen"))
            db.session.flush()
        raise broken

    monkeypatch.setattr(people, "add_team", add)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client_for(ada).post("/settings/teams", data={"name": "Linen"})
    assert answer.status_code == code and "Content-Security-Policy" in answer.headers
    assert 'href="/login"' not in answer.text  # it knows who asked


def test_a_mail_of_megabytes_does_not_make_a_page_of_megabytes(
    mail_from: MailFrom, client_for: ClientFor, ada: Agent
) -> None:
    ticket = mail_from(text="x" * 4_000_000, quoted_text="> y\n" * 500_000)
    page = client_for(ada).get(f"/tickets/{ticket.id}/_pane?view=open")
    assert page.status_code == 200 and len(page.data) < 300_000
    assert "There is more of it." in page.text
