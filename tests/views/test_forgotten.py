"""A forgotten password, from the page at the door to the new one."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from inbox import db, passwords, resets
from inbox.models import Account, Agent, Memo, PasswordReset
from tests.clients import PASSWORD, Browser, ClientFor, log_in, now_of

NEW = "duas colheres de sol"


@pytest.fixture
def outgoing(support: Account) -> Account:
    """The house can send mail."""
    support.settings = {"smtp_host": "127.0.0.1", "smtp_port": 1}
    db.session.commit()
    return support


def ask(browser: Browser, email: str = "grace@barro.example") -> str:
    answer = browser.post("/login/forgotten", data={"email": email})
    assert answer.status_code == 200
    for row in db.session.scalars(select(PasswordReset.id)).all():
        resets.answer(row)  # what the worker does
    return answer.text


def mailed() -> list[Memo]:
    query = select(Memo).where(Memo.template == "password_reset").order_by(Memo.id)
    return list(db.session.scalars(query))


def link() -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/login/forgotten/[\w-]+)", mailed()[-1].text)
    assert found
    return found[1]


def test_a_link_leads_to_a_new_password(known: Agent, outgoing: Account, visitor: Browser) -> None:
    ask(visitor, " Grace@Barro.example ")
    path = link()
    assert visitor.get(path).status_code == 200
    answer = visitor.post(path, data={"password": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert "Your password is changed" in visitor.get("/login").text
    assert log_in(visitor).status_code == 422
    assert log_in(visitor, password=NEW).status_code == 303


def test_a_new_password_signs_out_everywhere_and_is_told(
    known: Agent, outgoing: Account, visitor: Browser, client_for: ClientFor
) -> None:
    there = client_for(known)
    ask(visitor)
    path = link()
    visitor.post(path, data={"password": NEW})
    assert there.get("/views/open").status_code == 303
    told = db.session.scalars(select(Memo).where(Memo.template == "password_changed")).one()
    assert told.address == "grace@barro.example" and NEW not in told.text
    assert mailed()[0].text == ""  # its link opens nothing any more, and is not kept


def test_a_weak_password_leaves_the_link(known: Agent, outgoing: Account, visitor: Browser) -> None:
    ask(visitor)
    path = link()
    answer = visitor.post(path, data={"password": "short"})
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert visitor.post(path, data={"password": NEW}).status_code == 303


def test_without_an_outgoing_server_it_says_whom_to_ask(
    known: Agent, support: Account, visitor: Browser
) -> None:
    page = visitor.get("/login/forgotten").text
    assert "Ask an admin" in page and 'name="email"' not in page
    assert visitor.post("/login/forgotten", data={"email": known.email}).status_code == 422
    assert db.session.scalar(select(PasswordReset.id)) is None


def test_what_is_no_address_is_said_so(outgoing: Account, visitor: Browser) -> None:
    answer = visitor.post("/login/forgotten", data={"email": "grace"})
    assert answer.status_code == 422 and "not an e-mail address" in answer.text


def test_who_was_deactivated_or_never_came_gets_none(
    ada: Agent, known: Agent, outgoing: Account, visitor: Browser
) -> None:
    known.active, ada.password_hash = False, ""
    db.session.commit()
    ask(visitor)
    ask(visitor, ada.email)
    assert mailed() == [] and db.session.scalar(select(PasswordReset.id)) is None


def test_the_worker_answers_once_whoever_rings(known: Agent, outgoing: Account, visitor: Browser) -> None:
    ask(visitor)
    resets.sweep()
    for row in db.session.scalars(select(PasswordReset.id)).all():
        resets.answer(row)
    assert len(mailed()) == 1


def test_a_sweep_finds_what_no_bell_was_rung_for(known: Agent, outgoing: Account, visitor: Browser) -> None:
    visitor.post("/login/forgotten", data={"email": known.email})
    resets.sweep()
    assert len(mailed()) == 1


def test_signing_in_is_as_it_was_for_who_did_not_ask(
    known: Agent, outgoing: Account, visitor: Browser, client_for: ClientFor
) -> None:
    there = client_for(known)
    ask(visitor)
    assert passwords.matches(now_of(known).password_hash, PASSWORD)
    assert there.get("/views/open").status_code == 200
