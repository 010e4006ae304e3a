"""Every page of the sample shop opens, for everybody who may open it, and has something on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from inbox import db, demo, live, queue, signin
from inbox.demo.people import TEAM
from inbox.models import (
    Account,
    AccountAddress,
    Agent,
    Attachment,
    Customer,
    CustomerField,
    Draft,
    Macro,
    Merge,
    Message,
    Notice,
    Organisation,
    Payload,
    Tag,
    Team,
    Ticket,
    Topic,
)
from inbox.web import limits
from tests.clients import Browser
from tests.demo.conftest import fresh
from tests.test_access_matrix import ADMIN, AGENT, MATRIX, QUERY, SUPERVISOR, WRITER

NOT_THERE = {
    "new", "new_file", "macro_file", "import", "request", "export", "hold", "subscription", "sign_in",
    "file", "photo",
    "browser", "memo", "picture",
}  # fmt: skip
"""Things that the shop has none of: its people have not signed in yet, and nobody asked for their data."""


NOBODY_ASKED = {"permission.back", "photos.show", "pictures.remote"}
"""A provider's answer, somebody's photo, and a picture from elsewhere: none of these is there."""


@pytest.fixture(scope="module")
def shop(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with (
        fresh(kind, tmp_path_factory.mktemp("pages"), "pages") as engine,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(live, "tell", lambda *_: None)
        patch.setattr(queue, "ring", lambda *_, **__: None)
        demo.build(150, 5, db.now(), password="x")
        yield engine


def browser(app: Flask, number: int) -> Browser:
    limits.forget()
    client: Browser = app.test_client()  # type: ignore[assignment]
    client.set_cookie("prosa", signin.begin(db.session.get_one(Agent, number), "Firefox, Linux", "127.0.0.1"))
    db.session.commit()
    return client


def things() -> dict[str, Any]:
    """One of each, by what the access matrix calls it."""
    marina = db.session.scalars(select(Ticket).where(Ticket.subject.startswith("Xícara trincada no"))).one()
    of_hers = select(Message).where(Message.ticket_id == marina.id)
    message = db.session.scalars(of_hers.where(Message.kind == "customer")).first()
    reply = db.session.scalars(
        select(Message).where(Message.kind == "reply", Message.sent_via == "preview")
    ).first()
    assert message and reply
    first = {
        "account": Account, "address": AccountAddress, "organisation": Organisation, "team": Team,
        "topic": Topic,
        "tag": Tag, "macro": Macro, "field": CustomerField, "merge": Merge, "notice": Notice, "agent": Agent,
        "draft": Draft,
    }  # fmt: skip
    found = {
        name: db.session.scalars(select(model).order_by(model.id)).first().id for name, model in first.items()
    }
    failed = db.session.scalars(select(Payload).where(Payload.state == "failed")).first()
    other = db.session.scalars(
        select(Customer).where(Customer.merged_into_id.is_(None)).order_by(Customer.id.desc())
    )
    return found | {
        "ticket": marina.id, "message": message.id, "reply": reply.id,
        "customer": marina.identity.customer_id,
        "identity": marina.identity_id, "payload": failed.id, "other": other.first().id, "linus": 4,
        "attachment": db.session.scalars(select(Attachment.token)).first(),
    }  # fmt: skip


def pages(app: Flask, roles: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    """The endpoints one can GET in these roles, and the address of each."""
    known = things()
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint not in MATRIX:
                continue
            who, arguments = MATRIX[rule.endpoint]
            if who not in roles or rule.endpoint == "static":
                continue
            wanted = {
                name: value[1:] if value[:1] == "=" else known.get(value) for name, value in arguments.items()
            }
            if None in wanted.values():
                assert set(arguments.values()) & NOT_THERE, rule.endpoint
                continue
            yield rule.endpoint, app.url_for(rule.endpoint, **wanted)


def test_the_admin_can_open_every_page(app: Flask, shop: Engine) -> None:
    celia, wrong, opened = browser(app, 1), {}, 0
    for endpoint, path in [*pages(app, (AGENT, WRITER, SUPERVISOR, ADMIN))]:
        answer = celia.get(path, query_string=QUERY)
        opened += 1
        if answer.status_code not in (200, 204, 302, 304):
            wrong[endpoint] = (path, answer.status_code)
    assert opened > 80
    assert set(wrong) == NOBODY_ASKED


FULL = {
    "/views/open": 'id="row-', "/views/unassigned": 'id="row-', "/views/resolved": 'id="row-',
    "/views/spam": 'id="row-',
    "/customers": "/customers/", "/organisations": "/organisations/", "/figures": "svg",
    "/attention": "/tickets/",
    "/settings/audit": "Célia Nakamura", "/settings/macros": "/settings/macros/", "/settings/tags": "troca",
    "/settings/topics": "Avaria", "/settings/people": "Naomi Fletcher", "/settings/teams": "Atacado",
    "/settings/fields": "CPF/CNPJ", "/settings/mailboxes": "contato@barroelinho.example",
    "/notices": "/tickets/",
    "/search?q=bowls": 'id="row-', "/preview": "Como foi a conversa",
}  # fmt: skip


@pytest.mark.parametrize("path", FULL)
def test_no_page_is_empty(app: Flask, shop: Engine, path: str) -> None:
    answer = browser(app, 1).get(path, follow_redirects=True)
    assert answer.status_code == 200, path
    assert FULL[path] in answer.text


@pytest.mark.parametrize("number", range(1, len(TEAM) + 1))
def test_everybody_has_an_inbox(app: Flask, shop: Engine, number: int) -> None:
    client = browser(app, number)
    for path in ("/views/open", "/customers", "/notices"):
        answer = client.get(path)
        assert answer.status_code == 200, path
    assert 'id="row-' in client.get("/views/open").text
