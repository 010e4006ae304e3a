"""Rows 33 and 45 at the door: a form from elsewhere, and where signing in leads."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from inbox import db, second_factor
from inbox.models import Account, Agent, PasswordReset, SignIn
from tests.clients import PASSWORD, Browser, ClientFor, log_in, now_of
from tests.test_second_factor import code_of, set_up

RIGHT = {"email": "grace@barro.example", "password": PASSWORD}
FROM_ELSEWHERE = ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})


def test_attack_33_nobody_is_signed_in_as_somebody_else_from_another_page(
    known: Agent, visitor: Browser
) -> None:
    """Login CSRF: a victim who works in the attacker\'s account tells them everything."""
    assert visitor.post("/login", data=RIGHT, csrf=False).status_code == 403
    for headers in FROM_ELSEWHERE:
        assert visitor.post("/login", data=RIGHT, headers=headers).status_code == 403
    assert visitor.post("/login", json=RIGHT).status_code == 400
    as_text = visitor.post("/login", data="email=x&password=y", content_type="text/plain")
    assert as_text.status_code == 422
    assert db.session.scalar(select(SignIn.id)) is None


def test_attack_33_no_code_and_no_wish_is_sent_from_another_page(
    known: Agent, support: Account, visitor: Browser
) -> None:
    support.settings = {"smtp_host": "127.0.0.1"}
    set_up(known)
    log_in(visitor)
    for path, data in (
        ("/login/code", {"code": code_of(known)}),
        ("/login/forgotten", {"email": "x@x.example"}),
    ):
        assert visitor.post(path, data=data, csrf=False).status_code == 403
        for headers in FROM_ELSEWHERE:
            assert visitor.post(path, data=data, headers=headers).status_code == 403
    assert db.session.scalar(select(SignIn.id)) is None
    assert db.session.scalar(select(PasswordReset.id)) is None


@pytest.mark.parametrize(
    "path",
    [
        "/settings/security/password",
        "/settings/security/notices",
        "/settings/security/everybody",
        "/settings/security/second-factor",
        "/settings/security/second-factor/end",
        "/settings/sessions/elsewhere",
        "/settings/me/photo",
        "/settings/me/hours",
    ],
)
def test_attack_33_settings_change_from_our_own_pages_alone(
    path: str, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    assert client.post(path, csrf=False).status_code == 403
    assert client.get(path).status_code in (200, 405)  # and a GET changes nothing
    assert client.get(path, headers={"X-HTTP-Method-Override": "POST"}).status_code in (200, 405)
    assert now_of(ada).tell_sign_ins and not second_factor.is_on(now_of(ada))


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"]
)
def test_attack_45_the_second_step_leads_nowhere_else(where: str, known: Agent, visitor: Browser) -> None:
    set_up(known)
    first = visitor.post("/login", query_string={"next": where}, data=RIGHT)
    assert first.headers["Location"] == "/login/code"
    done = visitor.post("/login/code", query_string={"next": where}, data={"code": code_of(known)})
    assert (done.status_code, done.headers["Location"]) == (303, "/")


def test_attack_45_the_door_is_shown_in_nobodys_frame(visitor: Browser) -> None:
    for path in ("/login", "/login/forgotten"):
        assert "frame-ancestors 'none'" in visitor.get(path).headers["Content-Security-Policy"]
