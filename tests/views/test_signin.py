"""Signing in and out, and what a sign-in is worth."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from inbox import db, passwords, signin
from inbox.models import Agent, SignIn
from inbox.views.login import browser_name
from inbox.web import limits
from tests.clients import PASSWORD, Browser, ClientFor, log_in, now_of

# ------------------------------------------------------------------------------------------ sessions


def test_the_cookie_is_out_of_reach(known: Agent, visitor: Browser) -> None:
    plain = log_in(visitor).headers.getlist("Set-Cookie")[0]
    assert (
        plain.startswith("prosa=") and "HttpOnly" in plain and "SameSite=Lax" in plain and "Path=/" in plain
    )
    assert "Domain" not in plain


def test_over_https_it_belongs_to_this_host_alone(known: Agent, visitor: Browser) -> None:
    https = {"base_url": "https://inbox.example"}
    page = visitor.get("/login", **https)
    token = re.search(r'<meta name="csrf" content="([^"]+)">', page.text)
    assert token and page.headers.getlist("Set-Cookie")[0].startswith("__Host-prosa-form=")
    data = {"email": known.email, "password": PASSWORD, "csrf_token": token[1]}
    cookie = visitor.post("/login", data=data, csrf=False, **https).headers.getlist("Set-Cookie")[0]
    assert cookie.startswith("__Host-prosa=") and "Secure" in cookie and "HttpOnly" in cookie


def test_a_planted_session_is_not_taken_over(known: Agent, visitor: Browser) -> None:
    visitor.set_cookie("prosa", "planted-by-somebody")
    before = visitor.token()
    log_in(visitor)
    fresh = visitor.get_cookie("prosa")
    assert fresh and fresh.value != "planted-by-somebody" and len(fresh.value) >= 43
    assert db.session.query(SignIn).one().token_hash == signin.digest(fresh.value)
    assert visitor.post("/logout", csrf=False, headers={"X-CSRFToken": before}).status_code == 403


def test_signing_in_again_ends_the_sign_in_before(known: Agent, visitor: Browser) -> None:
    log_in(visitor)
    old = visitor.get_cookie("prosa")
    log_in(visitor)
    assert old and signin.of(old.value) is None
    assert db.session.query(SignIn).count() == 1


def test_signing_out_ends_it_on_the_server(known: Agent, visitor: Browser) -> None:
    log_in(visitor)
    cookie = visitor.get_cookie("prosa")
    visitor.post("/logout")
    assert cookie
    visitor.set_cookie("prosa", cookie.value)
    assert visitor.get("/views/open").status_code == 303


def test_a_new_password_signs_out_everybody_else(
    known: Agent, visitor: Browser, client_for: ClientFor
) -> None:
    other = client_for(known)
    log_in(visitor)
    before = visitor.get_cookie("prosa")
    data = {"current": PASSWORD, "new": "duas colheres de sol"}
    assert visitor.post("/settings/security/password", data=data).status_code == 303
    after = visitor.get_cookie("prosa")
    assert before and after and before.value != after.value
    assert visitor.get("/views/open").status_code == 200
    assert other.get("/views/open").status_code == 303


def test_a_password_is_not_changed_without_the_old_one(known: Agent, client_for: ClientFor) -> None:
    answer = client_for(known).post(
        "/settings/security/password", data={"current": "guessed it", "new": "duas colheres de sol"}
    )
    assert answer.status_code == 422
    assert passwords.matches(now_of(known).password_hash, PASSWORD)


@pytest.mark.parametrize(
    ("field", "back"), [("seen_at", timedelta(days=15)), ("expires_at", timedelta(days=91))]
)
def test_sign_ins_grow_old(field: str, back: timedelta, grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    sign_in = db.session.query(SignIn).one()
    setattr(sign_in, field, getattr(sign_in, field) - back)
    assert client.get("/views/open").status_code == 303


def test_use_is_noted_now_and_then(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    sign_in = db.session.query(SignIn).one()
    sign_in.seen_at = earlier = db.now() - timedelta(minutes=10)
    client.get("/views/open")
    first = db.session.query(SignIn).one().seen_at
    client.get("/views/open")
    assert earlier < first == db.session.query(SignIn).one().seen_at


# --------------------------------------------------------------------------------------------- login


def test_a_stranger_and_a_wrong_password_get_the_same_answer(known: Agent, visitor: Browser) -> None:
    wrong = log_in(visitor, password="not the password")
    stranger = log_in(visitor, email="nobody@barro.example")
    assert (wrong.status_code, stranger.status_code) == (422, 422)
    assert _plain(wrong.text).replace("grace", "nobody") == _plain(stranger.text)


def test_after_a_slip_only_the_password_is_asked_again(known: Agent, visitor: Browser) -> None:
    focused = re.compile(r"<input[^>]* autofocus[^>]*>")
    assert 'name="email"' in focused.findall(visitor.get("/login").text)[0]
    [asked] = focused.findall(log_in(visitor, password="not the password").text)
    assert 'name="password"' in asked


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        ("Mozilla/5.0 (PlayStation) Safari/605", "Safari"),
        ("something else", ""),
    ],
)
def test_a_browser_is_named_as_far_as_it_is_known(app: Flask, agent: str, name: str) -> None:
    with app.test_request_context(headers={"User-Agent": agent}):
        assert browser_name() == name


def _plain(page: str) -> str:
    return re.sub(r'(csrf[^>]*(?:content|value)=")[^"]+', r"\1", page)


def test_a_stranger_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch, known: Agent) -> None:
    checked: list[str] = []
    monkeypatch.setattr(passwords, "_hasher", _Counting(checked))
    signin.check("nobody@barro.example", "x" * 12)
    signin.check("grace@barro.example", "x" * 12)
    assert len(checked) == 2 and all(hashed.startswith("$argon2id$") for hashed in checked)


class _Counting:
    def __init__(self, checked: list[str]) -> None:
        self.checked = checked

    def verify(self, hashed: str, _password: str) -> bool:
        self.checked.append(hashed)
        return False

    def hash(self, _password: str) -> str:
        return "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"


@pytest.mark.parametrize("password", ["", "x", " " * 20, "é" * 5000])
def test_odd_passwords_are_only_wrong(password: str, known: Agent, visitor: Browser) -> None:
    assert log_in(visitor, password=password).status_code == 422


def test_an_account_is_tried_ten_times(known: Agent, visitor: Browser) -> None:
    answers = [log_in(visitor, password="wrong one here").status_code for _ in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert log_in(visitor).status_code == 429
    limits.forget()
    assert log_in(visitor).status_code == 303


def test_an_address_that_tries_everybody_is_stopped(visitor: Browser, known: Agent, monkeypatch: Any) -> None:
    monkeypatch.setattr(passwords, "matches", lambda *_: False)
    answers = [log_in(visitor, email=f"somebody{n}@x.example").status_code for n in range(61)]
    assert answers[59:] == [422, 429]


def test_a_header_does_not_make_another_address(visitor: Browser, known: Agent, monkeypatch: Any) -> None:
    """No proxy is configured, so nobody's word is believed about where they come from."""
    monkeypatch.setattr(passwords, "matches", lambda *_: False)
    for n in range(60):
        log_in(visitor, email=f"somebody{n}@x.example", headers={"X-Forwarded-For": f"10.0.0.{n}"})
    assert (
        log_in(visitor, headers={"X-Forwarded-For": "10.9.9.9", "CF-Connecting-IP": "10.9.9.8"}).status_code
        == 429
    )


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x=1\r\nX: y",
        "////evil.example",
        "evil.example",
        "/a//evil.example",
        "",
    ],
)
def test_signing_in_leads_nowhere_else(where: str, known: Agent, visitor: Browser) -> None:
    answer = visitor.post(
        "/login", query_string={"next": where}, data={"email": known.email, "password": PASSWORD}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_signing_in_leads_back(known: Agent, visitor: Browser) -> None:
    sent = visitor.get("/views/open?x=1")
    assert sent.headers["Location"] == "/login?next=%2Fviews%2Fopen%3Fx%3D1"
    data = {"email": known.email, "password": PASSWORD}
    assert visitor.post(sent.headers["Location"], data=data).headers["Location"] == "/views/open?x=1"


def test_a_fragment_tells_htmx_to_go_to_the_door(visitor: Browser) -> None:
    sent = {"HX-Request": "true", "HX-Current-URL": "http://evil.example//evil.example/x"}
    answer = visitor.get("/views/_counts", headers=sent)
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.text) == (401, "/login", "")
    sent["HX-Current-URL"] = "http://localhost/views/open/tickets/7"
    assert visitor.get("/views/_counts", headers=sent).headers["HX-Redirect"].endswith("%2Ftickets%2F7")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short one", "short"),
        ("x" * 201, "long"),
        ("password123", "common"),
        ("Senha123456", "common"),
        ("Password-2026", "common"),
        ("!!Senha 2026!!", "common"),
        ("aaaaaaaaaaaa", "common"),
        ("grace@barro.example", "personal"),
        ("Barro & Linho 2026", "personal"),
    ],
)
def test_passwords_everybody_tries_are_refused(password: str, why: str) -> None:
    with pytest.raises(passwords.Weak, match=why):
        passwords.check_rule(password, "Barro & Linho", "grace@barro.example")


def test_a_few_words_are_a_good_password() -> None:
    passwords.check_rule("café com bolo de rolo", "Barro & Linho", "grace@barro.example")
