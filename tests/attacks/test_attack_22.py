"""Attack 22: attributes that htmx or our own scripts would obey, and ids that would stand in for ours, in
what customers mail and in what colleagues write. What a page shows of it is words.
"""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from inbox import db, drafts, intake, tickets
from inbox.mail import clean
from inbox.mail.clean import clean_written
from inbox.models import Account, Agent, Message
from tests.clients import ClientFor

pytestmark = pytest.mark.slow

MARK = "evilmark"
ATTRIBUTES = (
    "hx-get", "hx-post", "hx-on:load", "hx-on-htmx-load", "hx-vals", "hx-headers", "hx-swap-oob", "hx-ext",
    "hx-boost", "hx-trigger", "hx-target", "data-hx-get", "data-hx-post", "data-hx-on", "data-hx-trigger",
    "data-do", "data-draft", "data-html", "data-action", "data-base", "sse-connect", "ws-connect", "is",
    "slot", "part", "nonce", "id", "name", "class", "form", "formaction", "popovertarget", "commandfor",
    "ping", "autofocus", "contenteditable", "draggable", "tabindex", "accesskey", "role", "aria-label",
    "itemid", "onclick", "HX-GET", "xlink:href", "xml:base", "srcdoc", "is-x",
)  # fmt: skip
ELEMENTS = ("div", "p", "a", "b", "img", "table", "td", "blockquote", "details", "summary", "h1", "ul", "pre")
OURS = (
    "pane",
    "rows",
    "composer",
    "draft",
    "turns",
    "message-1",
    "toasts",
    "csrf",
    "body",
    "cookie",
    "forms",
)
"""Ids and names that our scripts, or a browser's own `document`, would find."""

EVIL = "".join(
    f"<{element} {' '.join(f'{name}={MARK}-{name}' for name in ATTRIBUTES)}>words</{element}>"
    for element in ELEMENTS
) + "".join(
    f'<a id="{name}" name="{name}">words</a><form id="{name}" class="{MARK}"><input name="{name}"></form>'
    f'<template id="{name}">{MARK}</template>'
    for name in OURS
)


@pytest.fixture
def came(support: Account) -> Message:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Eve <eve@evil.example>", "support@barro.example"
    mail["Subject"], mail["Message-ID"] = "Look", "<look@evil.example>"
    mail.set_content(EVIL, subtype="html")
    [payload_id] = intake.accept_mail(mail.as_bytes(), ["support@barro.example"])
    intake.read_now(payload_id)
    return db.session.scalars(select(Message).where(Message.kind == "customer")).one()


def test_attack_22_cleaning_leaves_no_attribute_that_anything_obeys() -> None:
    for html in (clean(EVIL), clean_written(EVIL)):
        assert "words" in html and MARK not in html
        assert not re.search(r"\s(?:id|name|class|form|role|hx-|data-)", html, re.IGNORECASE)


def test_attack_22_no_page_shows_a_customers_attributes_or_ids(
    came: Message, ada: Agent, client_for: ClientFor
) -> None:
    tickets.reply(came.ticket, ada, EVIL, key="r")
    tickets.note(came.ticket, ada, EVIL, key="n")
    drafts.pass_on(came.ticket, ada, came, [])
    drafts.save(came.ticket, ada, "reply", EVIL)
    db.session.commit()
    client, number, message = client_for(ada), came.ticket_id, came.id
    for path in (
        f"/messages/{message}/frame", f"/messages/{message}/_message", f"/messages/{message}/print",
        f"/tickets/{number}/print?notes=1", f"/tickets/{number}/_pane", f"/tickets/{number}/_turns?since=0",
        f"/tickets/{number}/_composer", f"/tickets/{number}/drafts/forward/original",
        f"/views/open/tickets/{number}",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200 and MARK not in answer.text, path
        assert duplicates(answer.text) == [], path


def duplicates(page: str) -> list[str]:
    """Ids that stand twice on a page: the second may take the place of the first."""
    found = re.findall(r"<[^<>]*?\sid=\"([^\"]+)\"", re.sub(r"<template.*?</template>", "", page, flags=re.S))
    return sorted({one for one in found if found.count(one) > 1})


def test_attack_22_what_colleagues_write_is_cleaned_before_anybody_sees_it(
    came: Message, ada: Agent, client_for: ClientFor
) -> None:
    client, number = client_for(ada), came.ticket_id
    client.put(f"/tickets/{number}/drafts/note", data={"html": EVIL})
    answers = [
        client.post(f"/tickets/{number}/notes", data={"html": EVIL, "key": "1"}),
        client.post("/settings/macros/_preview", data={"html": EVIL}),
        client.get(f"/tickets/{number}/_pane"),
    ]
    client.post("/settings/macros", data={"name": "x", "whose": "me", "html_en": EVIL})
    answers.append(client.get("/settings/macros"))
    begun = client.post("/new/drafts", data={"html": EVIL, "to": "rui@x.example"})
    answers += [begun, client.get("/new")]
    for answer in answers:
        assert answer.status_code == 200 and MARK not in answer.text


def test_attack_22_htmx_is_told_to_do_nothing_by_itself(ada: Agent, client_for: ClientFor) -> None:
    page = client_for(ada).get("/views/open")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in policy and "unsafe-inline" not in policy
    assert not re.search(r"\shx-on|\"js:|'js:", page.text)
