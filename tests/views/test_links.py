"""Links that work once: setting up, and being invited."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from inbox import db, people, setup, signin
from inbox.models import Account, Agent, Installation
from tests.clients import PASSWORD, Browser, now_of


def test_the_setup_link_works_once(app: Flask, house: Installation, visitor: Browser) -> None:
    house.setup_token_hash = signin.digest("the-link")
    answers = _answers()
    assert visitor.get("/setup/the-link").status_code == 200
    assert visitor.get("/setup/the-link").status_code == 200  # looking uses nothing up
    for wrong in ("THE-LINK", "the-lin", "None", "0", "the-link%00", signin.digest("the-link")):
        assert visitor.post(f"/setup/{wrong}", data=answers).status_code == 404
    assert visitor.post("/setup/the-link", data=answers).status_code == 303
    assert visitor.get("/views/open").status_code == 200
    assert db.session.query(Agent).one().is_admin
    assert visitor.post("/setup/the-link", data={**answers, "email": "b@x.example"}).status_code == 404
    assert setup.new_link() is None


def _answers() -> dict[str, str]:
    return {
        "name": "Ada",
        "email": "ada@barro.example",
        "password": PASSWORD,
        "language": "pt-BR",
        "zone": "America/Recife",
        "company": "Barro & Linho",
        "address": "support@barro.example",
        "public_url": "https://inbox.barro.example",
    }


def test_no_link_is_empty(house: Installation, visitor: Browser) -> None:
    assert house.setup_token_hash is None
    for token in ("x", "None", "null", signin.digest("")):
        assert visitor.get(f"/setup/{token}").status_code == 404
        assert visitor.get(f"/invitations/{token}").status_code == 404


def test_an_invitation_works_once_and_not_for_ever(ada: Agent, visitor: Browser) -> None:
    agent, token = people.invite("Rui@Barro.example", "Rui", "agent", [], ada)
    data = {
        "name": "Rui",
        "password": PASSWORD,
        "language": "en",
        "zone": "UTC",
        "role": "admin",
        "email": "x@y.z",
    }
    assert visitor.get(f"/invitations/{token}").status_code == 200
    assert visitor.post(f"/setup/{token}", data=data).status_code == 404
    assert visitor.post(f"/invitations/{token}", data={**data, "password": "short"}).status_code == 422
    assert visitor.post(f"/invitations/{token}", data=data).status_code == 303
    assert (now_of(agent).role, now_of(agent).email) == ("agent", "rui@barro.example")
    assert visitor.post(f"/invitations/{token}", data=data).status_code == 404
    again = people.invite_again(now_of(agent), now_of(ada))
    now_of(agent).invited_until = db.now() - timedelta(seconds=1)
    assert visitor.post(f"/invitations/{again}", data=data).status_code == 404


def test_setting_up_makes_a_house(house: Installation, visitor: Browser) -> None:
    from inbox import setup

    db.session.commit()
    link = setup.new_link()
    assert link and link.startswith("/setup/")
    page = visitor.get(link, base_url="http://127.0.0.1:8000")
    assert 'value="http://127.0.0.1:8000"' in page.text
    form = {
        "name": "Ada",
        "email": "Ada@Barro.example",
        "password": "short",
        "language": "pt-BR",
        "zone": "America/Recife",
        "company": "Barro",
        "address": "Oi@Barro.example",
        "public_url": "https://inbox.barro.example/",
    }
    assert visitor.post(link, data=form).status_code == 422
    assert visitor.post(link, data={**form, "password": "travessao de barro"}).headers["Location"] == "/"
    admin, account = db.session.query(Agent).one(), db.session.query(Account).one()
    assert (admin.email, admin.role, admin.language) == ("ada@barro.example", "admin", "pt-BR")
    assert (account.kind, [a.address for a in account.addresses]) == ("mail", ["oi@barro.example"])
    assert now_of(house).public_url == "https://inbox.barro.example" and now_of(house).set_up_at
    assert people.everybody() == [admin]
