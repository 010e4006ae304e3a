"""Rows 34 and 35: who works here stays unknown at the door, and a link opens one thing once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from inbox import db, people, resets, second_factor, setup
from inbox.models import Account, Agent, Event, Memo, PasswordReset, SignIn
from tests.clients import PASSWORD, Browser, log_in, now_of
from tests.conftest import Bells
from tests.test_second_factor import set_up
from tests.views.test_forgotten import NEW, ask, link, mailed, outgoing
from tests.views.test_queries import counting

assert outgoing  # a fixture


def _plain(page: str, *addresses: str) -> str:
    page = re.sub(r'(csrf[^>]*(?:content|value)=")[^"]+', r"\1", page)
    for address in addresses:
        page = page.replace(address, "…")
    return page


def test_attack_34_asking_for_a_password_tells_nobody_who_works_here(
    known: Agent, ada: Agent, outgoing: Account, visitor: Browser, database: Connection, bells: Bells
) -> None:
    """Text, status, headers, what is written and what is rung: the time follows from these."""
    ada.active = False
    db.session.commit()
    visitor.token()  # asked for beforehand, that it is in no count
    found: list[Any] = []
    for email in (known.email, ada.email, "nobody@barro.example", "x" * 300 + "@x.example"):
        bells.rung.clear()
        with counting(database) as asked:
            answer = visitor.post("/login/forgotten", data={"email": email})
        headers = [name for name, _value in answer.headers]
        rung = [(queue, run) for queue, run, _row in bells.rung]
        found.append((answer.status_code, _plain(answer.text, email), headers, asked, rung))
    assert found.count(found[0]) == 4
    assert db.session.scalar(select(func.count(Memo.id))) == 0  # the worker writes it, later


def test_attack_34_how_often_one_may_ask_tells_nobody_either(
    known: Agent, outgoing: Account, visitor: Browser
) -> None:
    for email in (known.email, "nobody@barro.example"):
        asked = [visitor.post("/login/forgotten", data={"email": email}).status_code for _ in range(5)]
        assert asked == [200, 200, 200, 429, 429]


def test_attack_34_one_mailbox_is_not_filled_by_strangers(known: Agent, outgoing: Account) -> None:
    for _ in range(20):
        resets.ask(known.email)
    db.session.commit()
    resets.sweep()
    assert len(mailed()) == resets.LINKS


def test_attack_34_a_wrong_password_says_nothing_of_the_second_factor(
    known: Agent, linus: Agent, visitor: Browser
) -> None:
    set_up(known)
    wrong = log_in(visitor, password="not the password")
    stranger = log_in(visitor, email="nobody@barro.example")
    without = log_in(visitor, email=linus.email, password="not the password")
    typed = (known.email, linus.email, "nobody@barro.example")
    pages = {_plain(page.text, *typed) for page in (wrong, stranger, without)}
    assert len(pages) == 1 and {wrong.status_code, stranger.status_code, without.status_code} == {422}
    assert not any("prosa-step" in cookie for cookie in wrong.headers.getlist("Set-Cookie"))


def test_attack_35_opening_the_link_uses_nothing_up(
    known: Agent, outgoing: Account, visitor: Browser
) -> None:
    ask(visitor)
    path = link()
    scanner = visitor.application.test_client()
    for _ in range(3):
        assert scanner.get(path).status_code == scanner.head(path).status_code == 200
    answer = visitor.get(path)
    assert (
        answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    )
    assert visitor.post(path, data={"password": NEW}).status_code == 303


def test_attack_35_a_link_works_once(known: Agent, outgoing: Account, visitor: Browser) -> None:
    ask(visitor)
    path = link()
    assert visitor.post(path, data={"password": NEW}).status_code == 303
    again = visitor.post(path, data={"password": "tres colheres de sol"})
    assert again.status_code == 404 and "used, or is too old" in again.text
    assert visitor.get(path).status_code == 404
    assert log_in(visitor, password=NEW).status_code == 303


def test_attack_35_using_one_link_ends_the_others(known: Agent, outgoing: Account, visitor: Browser) -> None:
    ask(visitor)
    first = link()
    ask(visitor)
    second = link()
    assert first != second and visitor.get(first).status_code == 200
    visitor.post(second, data={"password": NEW})
    assert visitor.get(first).status_code == 404


def test_attack_35_a_link_grows_old(
    known: Agent, outgoing: Account, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(visitor)
    path, later = link(), db.now() + timedelta(minutes=31)
    monkeypatch.setattr(resets, "now", lambda: later)
    assert visitor.get(path).status_code == visitor.post(path, data={"password": NEW}).status_code == 404


def test_attack_35_only_the_hash_is_kept(known: Agent, outgoing: Account, visitor: Browser) -> None:
    ask(visitor)
    token = link().rpartition("/")[2]
    [kept] = db.session.scalars(select(PasswordReset.token_hash)).all()
    assert len(token) >= 43 and kept and token not in kept
    assert token not in str(db.session.scalars(select(Event.data)).all())


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, lambda token: token[:-1], lambda token: token + "A"]
)
def test_attack_35_a_link_that_is_nearly_right_is_wrong(
    change: Any, known: Agent, outgoing: Account, visitor: Browser
) -> None:
    ask(visitor)
    head, _, token = link().rpartition("/")
    assert visitor.get(f"{head}/{change(token)}").status_code == 404


@pytest.mark.parametrize("token", ["None", "null", "0", "%00", "[]", "true", "-", "x" * 5000])
def test_attack_35_a_wish_without_a_link_is_opened_by_nothing(
    token: str, known: Agent, outgoing: Account, visitor: Browser
) -> None:
    resets.ask(known.email)  # its row has no hash yet
    db.session.commit()
    assert visitor.get(f"/login/forgotten/{token}").status_code == 404
    assert visitor.post(f"/login/forgotten/{token}", data={"password": NEW}).status_code == 404


def test_attack_35_a_link_for_one_thing_opens_no_other(
    ada: Agent, known: Agent, outgoing: Account, visitor: Browser
) -> None:
    ask(visitor)
    reset, invitation = link().rpartition("/")[2], people.invite_again(known, ada)
    step = second_factor.owe(known)
    db.session.commit()
    for token in (invitation, step):
        assert visitor.get(f"/login/forgotten/{token}").status_code == 404
    for token in (reset, step):
        assert visitor.get(f"/invitations/{token}").status_code == 404
        assert not setup.valid(token)
    for token in (reset, invitation):
        visitor.set_cookie("prosa", token)
        visitor.set_cookie("prosa-step", token)
        assert visitor.get("/views/open").status_code == visitor.get("/login/code").status_code == 303


def test_attack_35_the_host_header_is_in_no_link(known: Agent, outgoing: Account, visitor: Browser) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "http://evil.example"}
    page = visitor.get("/login/forgotten", headers=headers)
    token = re.search(r'<meta name="csrf" content="([^"]+)">', page.text)
    assert token
    data = {"email": known.email, "csrf_token": token[1]}
    visitor.post("/login/forgotten", data=data, headers=headers, csrf=False)
    resets.sweep()
    for memo in mailed():
        assert "evil.example" not in memo.text + memo.html
        assert "http://127.0.0.1:8000/login/forgotten/" in memo.text


def test_attack_35_a_new_password_does_not_replace_the_second_factor(
    known: Agent, outgoing: Account, visitor: Browser
) -> None:
    set_up(known)
    ask(visitor)
    visitor.post(link(), data={"password": NEW})
    assert visitor.get_cookie("prosa") is None
    assert log_in(visitor, password=NEW).headers["Location"] == "/login/code"
    assert db.session.scalar(select(SignIn.id)) is None


def test_attack_35_who_was_deactivated_meanwhile_stays_out(
    known: Agent, outgoing: Account, visitor: Browser
) -> None:
    ask(visitor)
    path = link()
    now_of(known).active = False
    db.session.commit()
    assert visitor.get(path).status_code == visitor.post(path, data={"password": NEW}).status_code == 404


assert PASSWORD


def test_attack_35_a_new_password_ends_a_link_an_admin_sent_before(
    ada: Agent, known: Agent, outgoing: Account, visitor: Browser
) -> None:
    invitation = people.invite_again(known, ada)
    db.session.commit()
    ask(visitor)
    assert visitor.post(link(), data={"password": NEW}).status_code == 303
    assert visitor.get(f"/invitations/{invitation}").status_code == 404
