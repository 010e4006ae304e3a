"""Attacks on macros, by the rows of the list: 27 (template injection), 28 (operators out of JSON), 29 (mass
assignment), 30 (somebody else's things)."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import pytest

from inbox import db, macros
from inbox.macros import Action
from inbox.models import Agent, Macro, Message, Team, Ticket
from inbox.tickets import placeholders
from tests.clients import ClientFor, now_of
from tests.people import MailFrom

INJECTIONS = (
    "{{7*7}}",
    "{{config}}",
    "{{ self.__init__.__globals__ }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{customer.__class__}}",
    "{{customer.password_hash}}",
    "{{agent.email}}",
    "{{ticket.number|safe|attr('x')}}",
    "${7*7} #{7*7} <%= 7*7 %> {0.__class__}",
)
HOSTILE = 'Ana <img src=x onerror=alert(1)> {{agent.name}} {{ticket.subject|x}} & "co" javascript:alert(1)'


def macro(by: Agent, html: str = "<p>Hi</p>", **facts: Any) -> Macro:
    given = {"owner_id": None, "team_id": None, "texts": {"en": html}, "actions": []}
    return macros.add(by, name="Refund", **(given | facts))


@pytest.mark.parametrize("text", INJECTIONS)
def test_attack_27_what_is_no_placeholder_is_literal_text(
    text: str, mail_from: MailFrom, grace: Agent, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(grace)
    made = macro(grace, f"<p>{escape(text)}</p>")
    kept = made.texts[0].html
    assert placeholders.fill(kept, placeholders.values(ticket, grace)) == kept
    used = client.post(f"/tickets/{ticket.id}/macros/{made.id}/drafts/reply").text
    assert kept in used
    shown = client.post("/settings/macros/_preview", data={"html": kept}).text
    assert kept in shown
    answer = client.post(f"/tickets/{ticket.id}/replies", data={"html": kept, "key": "k"})
    assert answer.status_code == 200
    sent = db.session.query(Message).filter_by(kind="reply").one()
    assert sent.text.split() == text.split()  # as it was written


def test_attack_27_a_customers_name_is_escaped_where_it_stands_and_read_once(
    mail_from: MailFrom, grace: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from(subject=HOSTILE)
    ticket.identity.name = HOSTILE
    text = (
        '<p>{{customer.name}} {{ticket.subject}} <a href="https://shop.example/?n={{customer.name}}">x</a> '
        '<a href="https://shop.example/{{ticket.subject}}">y</a></p>'
    )
    made = macro(grace, text)
    used = client_for(grace).post(f"/tickets/{ticket.id}/macros/{made.id}/drafts/reply").text
    html = used.partition("<template data-html>")[2].partition("</template>")[0]
    assert "<img" not in html and "onerror=alert(1)&gt;" in html
    assert grace.name not in html and placeholders.left(html) == []
    assert html.count("<a ") == 2 and html.count('"') == 8  # nothing broke out of an attribute
    hrefs = [part.partition('"')[0] for part in html.split('href="')[1:]]
    assert all(not set(href) & set(" <>'{}\\") for href in hrefs), hrefs


def test_attack_27_a_placeholder_cannot_be_the_address_itself(grace: Agent) -> None:
    made = macro(grace, '<p><a href="{{ticket.subject}}">x</a></p>')
    assert "href" not in made.texts[0].html


WRONG: tuple[Any, ...] = (
    "x",
    "{",
    "[" * 100_000,
    "null",
    "7",
    "[]",
    '{"used": []}',
    '{"used": [1], "actions": [], "more": 1}',
    '{"used": ["1"], "actions": []}',
    '{"used": [true], "actions": []}',
    '{"used": [99999999999999999999], "actions": []}',
    '{"used": [], "actions": {"do": "tag", "to": "x"}}',
    *(
        json.dumps({"used": [], "actions": [one]})
        for one in (
            {"do": "delete", "to": 1},
            {"do": ["tag"], "to": "x"},
            {"do": "__class__", "to": "x"},
            {"do": "tag", "to": "x", "where": "1=1"},
            {"do": "tag", "to": ""},
            {"do": "tag", "to": "x" * 41},
            {"do": "tag", "to": "a\u0000b"},
            {"do": "tag", "to": ["x"]},
            {"do": "status", "to": "closed"},
            {"do": "status", "to": {"$ne": "open"}},
            {"do": "priority", "to": "1 OR 1=1"},
            {"do": "assign", "to": "7"},
            {"do": "assign", "to": -1},
            {"do": "assign", "to": 1.5},
            {"do": "assign", "to": True},
            {"do": "team", "to": "me"},
            {"do": "team", "to": 2**40},
            "tag",
        )
    ),
    json.dumps({"used": [], "actions": [{"do": "tag", "to": "x"}] * 21}),
)


def test_attack_28_actions_are_an_allowlist(mail_from: MailFrom, grace: Agent, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(grace)
    for wrong in WRONG:
        answer = client.post(f"/tickets/{ticket.id}/replies", data={"html": "<p>x</p>", "macros": wrong})
        assert answer.status_code == 422, wrong
        data = json.dumps(json.loads(wrong).get("actions")) if wrong.startswith('{"used": [], ') else wrong
        done = client.post(f"/tickets/{ticket.id}/macros/actions", data={"actions": data})
        assert done.status_code == 422 or data == "[]", wrong
        assert (
            client.get(f"/tickets/{ticket.id}/macros/_chips", query_string={"macros": wrong[:500]}).text == ""
        )
    after = now_of(ticket)
    assert (after.status, after.tags, after.assignee_id, after.message_count) == ("new", [], None, 1)


def test_attack_29_a_form_sets_nothing_but_its_fields(
    ada: Agent, grace: Agent, linen: Team, client_for: ClientFor
) -> None:
    own = {"name": "Mine", "html_en": "<p>Hi</p>", "whose": "me"}
    more = {
        "owner_id": ada.id,
        "team_id": linen.id,
        "use_count": 99,
        "id": 7,
        "actions": "[]",
        "html_xx": "x",
    }
    assert client_for(grace).post("/settings/macros", data=own | more).status_code == 303
    made = db.session.query(Macro).one()
    assert (made.owner_id, made.team_id, made.use_count) == (grace.id, None, 0)
    assert [text.language for text in made.texts] == ["en"]
    for whose in ("0", str(linen.id), str(ada.id), "all", ""):
        assert client_for(grace).post("/settings/macros", data=own | {"whose": whose}).status_code == 422
    assert db.session.query(Macro).count() == 1


def test_attack_30_only_whose_it_is_changes_it(
    mail_from: MailFrom, ada: Agent, grace: Agent, linus: Agent, client_for: ClientFor
) -> None:
    ticket: Ticket = mail_from()
    shared, linuses = macro(ada), macro(linus, owner_id=linus.id)
    file = macros.attach(linuses, "a.txt", "text/plain", b"a")
    client, form = client_for(grace), {"name": "Taken over", "html_en": "<p>x</p>", "whose": "me"}
    number, token = linuses.id, file.token
    for path, data in (
        (f"/settings/macros/{shared.id}", form),
        (f"/settings/macros/{shared.id}", {"remove": "1"}),
        (f"/settings/macros/{number}", form),
        (f"/settings/macros/{number}", {"remove": "1"}),
        (f"/tickets/{ticket.id}/macros/{number}", {}),
        (f"/tickets/{ticket.id}/macros/{number}/drafts/reply", {}),
    ):
        assert client.post(path, data=data).status_code == 404, path
    admin = client_for(ada)
    for path in (f"/settings/macros/{number}", f"/settings/macros/{number}/files/{token}"):
        assert client.get(path).status_code == admin.get(path).status_code == 404
    assert client.get(f"/settings/macros/{shared.id}/files/{token}").status_code == 404
    assert {one.name for one in db.session.query(Macro)} == {"Refund"} and db.session.query(
        Macro
    ).count() == 2


def test_attack_30_a_reply_counts_and_does_nothing_of_anothers(
    mail_from: MailFrom, grace: Agent, linus: Agent, client_for: ClientFor
) -> None:
    ticket, linuses = mail_from(), macro(linus, owner_id=linus.id, actions=[Action("tag", "linus")])
    number = linuses.id
    waiting = json.dumps({"used": [number], "actions": []})
    data = {"html": "<p>Hi</p>", "macros": waiting}
    assert client_for(grace).post(f"/tickets/{ticket.id}/replies", data=data).status_code == 200
    assert db.session.get(Macro, number).use_count == 0 and now_of(ticket).tags == []
