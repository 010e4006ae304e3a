"""Rows 24 and 37: guessing. Many tries at once, from many addresses, around the second factor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.middleware.proxy_fix import ProxyFix

from inbox import db, passwords, people, second_factor, signin
from inbox.migrate import upgrade
from inbox.models import Agent, BackupCode, SignIn
from inbox.web import cookies, limits
from tests.clients import PASSWORD, Browser, ClientFor, log_in, now_of
from tests.mail.pictures import drawing
from tests.test_migrate import url
from tests.test_second_factor import code_of, set_up

assert url  # a fixture

# -------------------------------------------------------------------------------- passwords


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """No password fits, at no cost."""
    monkeypatch.setattr(passwords, "matches", lambda *_: False)


def test_attack_37_a_refusal_says_how_long_it_holds(visitor: Browser, known: Agent, cheap: None) -> None:
    answers = [log_in(visitor) for _ in range(11)]
    refused = answers[-1]
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 601
    assert "Try again in 10 minutes" in refused.text or "Try again in 11 minutes" in refused.text


def test_attack_37_an_account_is_counted_whatever_addresses_they_come_from(
    app: Flask, visitor: Browser, known: Agent, cheap: None
) -> None:
    answers = [
        log_in(visitor, environ_overrides={"REMOTE_ADDR": f"10.0.0.{n}"}).status_code for n in range(12)
    ]
    assert answers == [422] * 10 + [429] * 2


def test_attack_37_strangers_keep_nobody_out_of_a_browser_they_used_before(
    known: Agent, visitor: Browser
) -> None:
    log_in(visitor)
    visitor.post("/logout")
    stranger = visitor.application.test_client()
    assert [log_in(stranger, password="wrong one").status_code for _ in range(12)][-1] == 429
    assert log_in(visitor.application.test_client()).status_code == 429
    assert log_in(visitor).status_code == 303


def test_attack_37_a_known_browser_is_limited_by_itself(known: Agent, visitor: Browser) -> None:
    log_in(visitor)
    visitor.post("/logout")
    answers = [log_in(visitor, password="wrong one").status_code for _ in range(12)]
    assert answers[-1] == 429
    assert log_in(visitor.application.test_client()).status_code == 303  # and others are not its victims


def test_attack_37_anothers_browser_is_no_way_around(known: Agent, ada: Agent, visitor: Browser) -> None:
    """Who signs in here with an account of their own gets no more tries at somebody else's."""
    ada.password_hash = passwords.hash_of(PASSWORD)
    db.session.commit()
    log_in(visitor, email=ada.email)
    mine = next(c for c in visitor._cookies.values() if "browser" in c.key)
    visitor.post("/logout")

    with visitor.application.test_request_context():
        visitor.set_cookie(cookies._of(known.email), mine.value)
    assert [log_in(visitor, password="wrong one").status_code for _ in range(12)][-2:] == [429, 429]


FORGED = ("X-Forwarded-For", "CF-Connecting-IP", "X-Real-IP", "Forwarded", "True-Client-IP", "X-Client-IP")


@pytest.fixture
def behind_a_proxy(app: Flask) -> Iterator[Flask]:
    """As with ``web.trusted_proxies = 1``."""
    bare = app.wsgi_app
    app.wsgi_app = ProxyFix(bare, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    yield app
    app.wsgi_app = bare  # type: ignore[method-assign]


@pytest.mark.parametrize("header", FORGED)
def test_attack_37_no_header_makes_another_address(
    header: str, visitor: Browser, known: Agent, cheap: None
) -> None:
    for n in range(60):
        log_in(visitor, email=f"somebody{n}@x.example", headers={header: f"10.0.0.{n}"})
    assert log_in(visitor, email="one-more@x.example", headers={header: "10.9.9.9"}).status_code == 429


def test_attack_37_behind_a_proxy_only_what_it_wrote_itself_counts(
    behind_a_proxy: Flask, visitor: Browser, known: Agent, cheap: None
) -> None:
    """The proxy appends where it was asked from; whatever stood before that is the client's own word."""
    for n in range(60):
        forged = {"X-Forwarded-For": f"10.0.{n}.1, 203.0.113.7", "CF-Connecting-IP": f"10.0.0.{n}"}
        log_in(visitor, email=f"somebody{n}@x.example", headers=forged)
    same = {"X-Forwarded-For": "10.9.9.9, 203.0.113.7"}
    other = {"X-Forwarded-For": "203.0.113.7, 203.0.113.8"}
    assert log_in(visitor, email="one-more@x.example", headers=same).status_code == 429
    assert log_in(visitor, email="one-more@x.example", headers=other).status_code == 422


# ------------------------------------------------------------------------------- the second factor


def test_attack_37_five_codes_for_one_password(known: Agent, visitor: Browser) -> None:
    set_up(known)
    log_in(visitor)
    answers = [visitor.post("/login/code", data={"code": "000000"}).status_code for _ in range(5)]
    assert answers == [422] * 4 + [303]
    assert visitor.post("/login/code", data={"code": code_of(known)}).headers["Location"] == "/login"
    assert db.session.scalar(select(SignIn.id)) is None


def test_attack_37_codes_are_counted_by_account_however_often_it_begins_anew(
    known: Agent, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(known)
    looked_at: list[str] = []
    monkeypatch.setattr(second_factor, "is_right", lambda _agent, code: bool(looked_at.append(code)))
    for n in range(8):
        begun = visitor.application.test_client()
        log_in(begun)
        for _ in range(4):
            begun.post(
                "/login/code", data={"code": "000000"}, environ_overrides={"REMOTE_ADDR": f"10.0.0.{n}"}
            )
    assert len(looked_at) == 10


def test_attack_37_nothing_goes_around_the_code(
    ada: Agent, known: Agent, visitor: Browser, client_for: ClientFor
) -> None:
    """Neither a new invitation of an admin, nor a form that names another account or says that it is done."""
    set_up(known)
    token = people.invite_again(known, ada)
    db.session.commit()
    form = {"name": "Grace", "password": "duas colheres de sol", "language": "en", "zone": "UTC"}
    answer = visitor.post(f"/invitations/{token}", data=form)
    assert answer.headers["Location"] == "/login/code" and visitor.get_cookie("prosa") is None
    for data in ({}, {"code": ""}, {"code": "null"}, {"code": ["", ""]}, {"agent_id": "1", "code": "000000"}):
        assert visitor.post("/login/code", data=data).status_code in (422, 303)
    assert visitor.get_cookie("prosa") is None


def test_attack_37_anothers_code_is_no_code(known: Agent, ada: Agent, visitor: Browser) -> None:
    set_up(known)
    codes = set_up(ada)
    log_in(visitor)
    assert visitor.post("/login/code", data={"code": code_of(ada)}).status_code == 422
    assert visitor.post("/login/code", data={"code": codes[0]}).status_code == 422


def test_attack_37_a_browser_trusted_by_one_is_not_by_another(
    known: Agent, ada: Agent, visitor: Browser
) -> None:
    ada.password_hash = passwords.hash_of(PASSWORD)
    set_up(known)
    set_up(ada)
    log_in(visitor)
    visitor.post("/login/code", data={"code": code_of(known), "trust": "y"})
    mine = next(c for c in visitor._cookies.values() if "browser" in c.key)

    with visitor.application.test_request_context():
        visitor.set_cookie(cookies._of(ada.email), mine.value)
    visitor.post("/logout")
    assert log_in(visitor, email=ada.email).headers["Location"] == "/login/code"


@pytest.fixture
def real(url: str) -> Iterator[Agent]:
    """Somebody in a database of its own, for those who come at the same time."""
    engine = db.connect(url)
    upgrade()
    agent = Agent(name="Grace Lima", email="grace@barro.example", role="agent", password_hash="x")
    db.session.add(agent)
    db.session.commit()
    yield agent
    db.session.remove()
    engine.dispose()


def test_attack_37_a_hundred_at_once_are_ten(
    app: Flask, real: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit counts before it looks: no two of these see the same count."""
    limits.forget()
    browser: Browser = app.test_client()  # type: ignore[assignment]
    token, cookie, looked_at = browser.token(), browser.get_cookie("prosa-form"), []
    assert cookie
    monkeypatch.setattr(signin, "check", lambda *_: looked_at.append(1))
    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda _n: _try(app, token, cookie.value), range(100)))
    assert len(looked_at) == codes.count(422) == 10 and codes.count(429) == 90


def _try(app: Flask, token: str, cookie: str) -> int:
    client = app.test_client()
    client.set_cookie("prosa-form", cookie)
    data = {"email": "grace@barro.example", "password": "x", "csrf_token": token}
    return client.post("/login", data=data, csrf=False).status_code  # type: ignore[call-arg]


def _together(count: int, run: Any) -> list[Any]:
    """All of them start once all are there."""
    gate = threading.Barrier(count)

    def one(_n: int) -> Any:
        gate.wait()
        try:
            with db.writing():
                return run()
        finally:
            db.session.remove()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_attack_37_of_many_with_the_same_code_one_gets_in(real: Agent) -> None:
    codes = set_up(real)
    code, agent_id = code_of(real), real.id
    db.session.remove()

    def signs_in(typed: str) -> bool:
        return second_factor.is_right(db.session.get_one(Agent, agent_id), typed)

    assert _together(8, lambda: signs_in(code)).count(True) == 1
    assert _together(8, lambda: signs_in(codes[0])).count(True) == 1
    assert len(db.session.scalars(select(BackupCode).where(BackupCode.agent_id == agent_id)).all()) == 9


def test_attack_37_of_many_tries_at_once_five_are_looked_at(real: Agent) -> None:
    set_up(real)
    token = second_factor.owe(real)
    db.session.commit()
    db.session.remove()
    gate = threading.Barrier(12)

    def tries(_n: int) -> bool:
        gate.wait()
        return second_factor.count_try(token)

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(tries, range(12))).count(True) == 5


# ------------------------------------------------------------------------------------------- photos


def test_attack_24_a_photo_is_for_who_is_signed_in_and_knows_its_address(
    grace: Agent, visitor: Browser, client_for: ClientFor
) -> None:
    client = client_for(grace)
    client.post("/settings/me/photo", data={"file": (BytesIO(drawing(40, 40, "PNG")), "me.png")})
    token = now_of(grace).photo_token
    assert token and len(token) >= 32
    assert visitor.get(f"/photos/{token}").headers["Location"].startswith("/login")
    missing = [client.get(f"/photos/{one}") for one in (token[:-1], token.swapcase(), "None", "x" * 32, "1")]
    assert {answer.status_code for answer in missing} == {404}
    shown = client.get(f"/photos/{token}")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        "sandbox" in shown.headers["Content-Security-Policy"] and "private" in shown.headers["Cache-Control"]
    )
    signin.end_all(now_of(grace))
    db.session.commit()
    assert client.get(f"/photos/{token}").status_code == 303


def test_attack_24_a_photo_keeps_nothing_of_the_file_it_was(grace: Agent, client_for: ClientFor) -> None:
    client, hidden = client_for(grace), b"<script>alert(document.domain)</script>"
    content = drawing(60, 60, "JPEG") + hidden
    client.post("/settings/me/photo", data={"file": (BytesIO(content), "../../evil.html")})
    shown = client.get(f"/photos/{now_of(grace).photo_token}").data
    assert hidden not in shown and b"Exif" not in shown
