"""Macros on the screen: the menu, what goes into a draft, and the pages where they are written."""

from __future__ import annotations

import io
import json
import re

import pytest
from sqlalchemy import select

from inbox import db, drafts, macros
from inbox.macros import Action
from inbox.models import Agent, Macro, Team, Ticket
from tests.clients import ClientFor, now_of
from tests.people import MailFrom

TEXTS = {"en": "<p>Hi {{customer.first_name|there}}</p>", "pt": "<p>Oi {{customer.first_name|tudo bem}}</p>"}
DOES = [Action("status", "pending"), Action("tag", "refund")]


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    return mail_from()


@pytest.fixture
def refund(ada: Agent) -> Macro:
    facts = {"owner_id": None, "team_id": None, "texts": TEXTS, "actions": DOES}
    return macros.add(ada, name="Refund", **facts)


def form(**more: object) -> dict[str, object]:
    return {"name": "Refund", "whose": "me", "html_en": "<p>Hi</p>", "tag": "Refund, late", **more}


def test_a_new_conversation_takes_words_and_files_for_whom_it_is_written_to(
    refund: Macro, grace: Agent, client_for: ClientFor
) -> None:
    words = "Dear {{customer.name}} of {{customer.email}}: {{ticket.subject}} {{ticket.number}}"
    file = (io.BytesIO(b"how to pack"), "packing.txt")
    client = client_for(grace)
    client.post("/settings/macros", data=form(name="Packing", html_en=f"<p>{words}</p>", tag="", upload=file))
    macros.add(grace, name="Only does", owner_id=grace.id, team_id=None, texts={}, actions=DOES)
    menu = client.get("/new/_macros").text
    assert "Packing" in menu and "Only does" not in menu
    packing = db.session.scalars(select(Macro).where(Macro.name == "Packing")).one()
    draft = re.search(r'data-draft="(\d+)"', client.post("/new/drafts", data={"html": ""}).text)
    assert draft
    to = {"to": "Otávio Brandão <otavio@brandao.example>", "subject": "Two <cups>"}
    said = client.post(f"/new/{draft[1]}/macros/{packing.id}", data=to).text
    assert "Dear Otávio Brandão of otavio@brandao.example: Two &lt;cups&gt; {{ticket.number}}" in said
    assert "packing.txt" in said and "packing.txt" in client.get(f"/new/{draft[1]}").text
    half = client.post(f"/new/{draft[1]}/macros/{packing.id}", data={"to": "otavio@", "subject": ""}).text
    assert words in half


def test_the_menu_shows_what_one_may_use_in_the_customers_language(
    ticket: Ticket, refund: Macro, linus: Agent, grace: Agent, client_for: ClientFor
) -> None:
    macros.add(linus, name="Linus’s own", owner_id=linus.id, team_id=None, texts=TEXTS, actions=[])
    ticket.language = "pt"
    menu = client_for(grace).get(f"/tickets/{ticket.id}/macros/_menu").text
    assert "Refund" in menu and "Oi Marina" in menu
    assert "Linus" not in menu


def test_using_one_fills_it_in_and_attaches_copies(
    ticket: Ticket, refund: Macro, grace: Agent, client_for: ClientFor
) -> None:
    macros.attach(refund, "form.pdf", "application/pdf", b"%PDF")
    client = client_for(grace)
    answer = client.post(f"/tickets/{ticket.id}/macros/{refund.id}/drafts/reply").text
    assert "<p>Hi Marina</p>" in answer and "form.pdf" in answer
    assert 'data-action="{&#34;do&#34;: &#34;status&#34;, &#34;to&#34;: &#34;pending&#34;}"' in answer
    assert [file.filename for file in drafts.of(ticket, grace)["reply"].files] == ["form.pdf"]
    note = client.post(f"/tickets/{ticket.id}/macros/{refund.id}/drafts/note").text
    assert "<p>Hi Marina</p>" in note and "data-action" not in note


def test_a_reply_that_was_written_with_one_does_what_it_says(
    ticket: Ticket, refund: Macro, grace: Agent, client_for: ClientFor
) -> None:
    client, number = client_for(grace), refund.id
    waiting = json.dumps({"used": [number], "actions": macros.as_json(DOES)})
    client.put(f"/tickets/{ticket.id}/drafts/reply", data={"html": "<p>Hi</p>", "macros": waiting})
    page = client.get(f"/tickets/{ticket.id}/_composer").text
    assert "Tag refund" in page and "Pending" in page
    sent = client.post(
        f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", "key": "k", "macros": waiting}
    )
    assert sent.status_code == 200
    after = now_of(ticket)
    assert (after.status, [tag.name for tag in after.tags]) == ("pending", ["refund"])
    assert db.session.get(Macro, number).use_count == 1
    message = re.search(r'data-message="(\d+)"', sent.text)[1]
    back = client.delete(f"/messages/{message}/delivery").text
    assert "Tag refund" in back and now_of(ticket).tags == []


def test_a_gap_is_named_and_nothing_is_sent(ticket: Ticket, grace: Agent, client_for: ClientFor) -> None:
    answer = client_for(grace).post(
        f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi {{customer.name|}} {{ticket.subject}}</p>"}
    )
    assert answer.status_code == 422
    assert "{{customer.name}}, {{ticket.subject}}" in answer.text
    assert now_of(ticket).message_count == 1


def test_one_without_words_is_done_at_once_and_taken_back(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    does = [Action("assign", "me"), Action("priority", "high")]
    mine = macros.add(ada, name="Mine", owner_id=None, team_id=None, texts={}, actions=does)
    client = client_for(grace)
    head = client.post(f"/tickets/{ticket.id}/macros/{mine.id}", headers={"HX-Request": "true"}).text
    assert 'id="ticket-head"' in head and now_of(ticket).assignee_id == grace.id
    back = re.search(r'data-back="([^"]+)"', head)[1].replace("&#34;", '"')
    assert client.post(f"/tickets/{ticket.id}/macros/actions", data={"actions": back}).status_code == 200
    assert (now_of(ticket).assignee_id, now_of(ticket).priority) == (None, "normal")


# --------------------------------------------------------------------------------------- settings


def test_an_agent_writes_one_of_their_own(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    upload = (io.BytesIO(b"%PDF"), "form.pdf")
    saved = client.post(
        "/settings/macros", data=form(upload=upload, status="pending"), content_type="multipart/form-data"
    )
    assert saved.status_code == 303
    macro = db.session.query(Macro).one()
    assert (macro.owner_id, macro.files[0].filename) == (grace.id, "form.pdf")
    assert macro.actions == macros.as_json(
        [Action("status", "pending"), Action("tag", "refund"), Action("tag", "late")]
    )
    page = client.get(saved.location).text
    assert 'value="refund, late"' in page and "form.pdf" in page
    token = macro.files[0].token
    kept = client.get(f"{saved.location}/files/{token}")
    assert kept.data == b"%PDF" and "attachment" in kept.headers["Content-Disposition"]
    client.post(saved.location, data=form(remove_file=token, html_en="", html_fr="<p>Salut</p>", tag=""))
    after = db.session.query(Macro).one()
    assert ([t.language for t in after.texts], after.files, after.actions) == (["fr"], [], [])
    assert client.post(saved.location, data={"remove": "1"}).status_code == 303
    assert db.session.query(Macro).count() == 0


def test_an_admin_shares_one_with_a_team(
    ada: Agent, grace: Agent, pottery: Team, client_for: ClientFor
) -> None:
    saved = client_for(ada).post("/settings/macros", data=form(whose=str(pottery.id)))
    macro = db.session.query(Macro).one()
    assert (macro.owner_id, macro.team_id) == (None, pottery.id)
    page = client_for(grace).get(saved.location)
    assert page.status_code == 200 and "an admin can change it" in page.text
    assert 'id="macro-form"' not in page.text
    assert "Pottery" in client_for(grace).get("/settings/macros").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "This cannot be empty."),
        ({"html_en": "", "tag": "", "untag": ""}, "Write a text, or choose something it does."),
        ({"tag": "x" * 41}, "At most 12 tags"),
        ({"html_en": "x" * 100_001}, "That is too long for one message."),
        ({"status": "closed"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    wrong: dict[str, str], said: str, grace: Agent, client_for: ClientFor
) -> None:
    answer = client_for(grace).post("/settings/macros", data=form(untag="lost") | wrong)
    assert 'value="lost"' in answer.text or "untag" in wrong
    assert answer.status_code == 422 and said in answer.text
    assert db.session.query(Macro).count() == 0


def test_the_preview_fills_in_and_warns(grace: Agent, client_for: ClientFor) -> None:
    html = "<p>{{customer.first_name}} {{customer.nmae}} {{company.name}}<script>x</script></p>"
    shown = client_for(grace).post("/settings/macros/_preview", data={"html": html}).text
    assert "<p>Marina {{customer.nmae}} Barro" in shown and "script" not in shown
    assert "{{customer.nmae}} is no placeholder" in shown
    assert "Not every customer has {{customer.first_name}}" in shown
