"""The agents' screens, as a browser uses them."""

from __future__ import annotations

import io
import re

import pytest

from inbox import config, db, files, tickets
from inbox.lines import Holder, Line
from inbox.models import Account, Agent, Draft, Message, Payload, Team, Ticket
from tests.clients import ClientFor, now_of
from tests.people import MailFrom


def _newest(ticket: Ticket) -> Message:
    return db.session.query(Message).filter_by(ticket_id=ticket.id).order_by(Message.id.desc()).first()


def test_home_is_where_work_waits(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(grace)
    assert client.get("/").headers["Location"] == "/views/unassigned"
    client.put(f"/tickets/{ticket.id}/assignee", data={"agent_id": "me"})
    assert client.get("/").headers["Location"] == "/views/mine"


def test_a_ticket_stands_beside_its_list(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket = mail_from(subject="Cracked cup", text="One came cracked.")
    page = client_for(grace).get(f"/views/open/tickets/{ticket.id}").text
    assert (
        f'id="row-{ticket.id}"' in page and "One came cracked." in page and "marina@queiroz.example" in page
    )
    assert (
        client_for(grace).get(f"/tickets/{ticket.id}").headers["Location"]
        == f"/views/open/tickets/{ticket.id}"
    )


def test_rows_that_left_the_view_say_so(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    stays, goes, client = mail_from(subject="A"), mail_from(subject="B"), client_for(grace)
    client.post(f"/tickets/{goes.id}/resolution")
    rows = client.get(f"/views/open/_rows?ids={stays.id},{goes.id},x,").text
    assert f'id="row-{stays.id}"' in rows
    assert re.search(rf'<li id="row-{goes.id}"[^>]* data-gone>', rows)
    client.delete(f"/tickets/{goes.id}/resolution")
    assert now_of(goes).is_open


def test_a_long_list_goes_on(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    made = [mail_from(subject=f"Cup {n}").id for n in range(53)]
    client = client_for(grace)
    cursor = re.search(r'data-next="([^"]+)"', client.get("/views/open").text)
    assert cursor
    more = client.get("/views/open/_rows", query_string={"before": cursor[1]}).text
    assert re.findall(r'id="row-(\d+)"', more) == [str(n) for n in reversed(made[:3])]


def test_a_reply_is_sent_and_can_be_taken_back(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(grace)
    uploaded = client.post(
        f"/tickets/{ticket.id}/drafts/reply/files", data={"file": (io.BytesIO(b"x"), "../a.txt")}
    )
    token = re.search(r'data-token="([^"]+)"', uploaded.text)
    assert token and "a.txt" in uploaded.text
    form = {
        "html": "<p>On its <b>way</b></p><script>x()</script>",
        "key": "k",
        "then": "pending",
        "file": token[1],
    }
    answer = client.post(f"/tickets/{ticket.id}/replies", data=form)
    message = _newest(ticket)
    assert (
        answer.status_code == 200 and f'id="message-{message.id}"' in answer.text and "a.txt" in answer.text
    )
    assert (message.html, now_of(ticket).status) == ("<p>On its <b>way</b></p>", "pending")
    again = client.post(f"/tickets/{ticket.id}/replies", data=form)
    assert again.status_code == 200 and _newest(ticket).id == message.id
    composer = client.delete(f"/messages/{message.id}/delivery")
    assert "On its <b>way</b>" in composer.text and "a.txt" in composer.text
    turns = client.get(f"/tickets/{ticket.id}/_turns?since=1").text
    assert f'<article id="message-{message.id}" data-gone>' in turns
    assert client.delete(f"/messages/{message.id}/delivery").status_code == 404


def test_what_has_left_cannot_be_taken_back(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(grace)
    client.post(f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", "key": "k"})
    message = _newest(ticket)
    message.state = "sent"
    answer = client.delete(f"/messages/{message.id}/delivery", headers={"HX-Request": "true"})
    assert answer.status_code == 409 and 'class="problem"' in answer.text


def test_a_reply_stops_when_somebody_wrote(
    grace: Agent, ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    first = mail_from.message()
    ticket, client = first.ticket, client_for(grace)
    tickets.note(ticket, ada, "<p>I called her.</p>", key="n")
    form = {"html": "<p>Hi</p>", "key": "k", "last_seen": str(first.id)}
    stopped = client.post(f"/tickets/{ticket.id}/replies", data=form)
    assert stopped.status_code == 409 and "I called her." in stopped.text and "Ada" in stopped.text
    assert client.post(f"/tickets/{ticket.id}/replies", data={**form, "anyway": "1"}).status_code == 200


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"html": ""}, 422),
        ({"html": "<p> </p>"}, 422),
        ({"html": "<p>Hi</p>", "cc": "not an address"}, 422),
        ({"html": "<p>Hi</p>", "cc": "rui@x.example; bia@x.example"}, 200),
        ({"html": "<p>Hi</p>", "then": "sold"}, 422),
    ],
)
def test_what_cannot_be_sent_is_said(
    form: dict[str, str], status: int, grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from()
    answer = client_for(grace).post(
        f"/tickets/{ticket.id}/replies", data=form, headers={"HX-Request": "true"}
    )
    assert answer.status_code == status
    assert ('class="problem"' in answer.text) == (status == 422)


def test_a_draft_is_kept_until_it_is_discarded(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(grace)
    saved = client.put(f"/tickets/{ticket.id}/drafts/note", data={"html": "<p>Ask Rui</p>"})
    assert saved.status_code == 200 and re.fullmatch(r"\d\d:\d\d", saved.text)
    assert "Ask Rui" in client.get(f"/tickets/{ticket.id}/_pane").text
    assert client.delete(f"/tickets/{ticket.id}/drafts/note").status_code == 204
    assert db.session.query(Draft).count() == 0


def test_facts_change_and_the_head_says_so(
    grace: Agent, pottery: Team, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(grace)
    at = f"/tickets/{ticket.id}"
    for method, path, form, shows in (
        ("PUT", "/assignee", {"agent_id": str(grace.id)}, "You"),
        ("PUT", "/status", {"status": "on_hold"}, "On hold"),
        ("PUT", "/priority", {"priority": "urgent"}, "Urgent"),
        ("PUT", "/team", {"team_id": str(pottery.id)}, "Pottery"),
        ("PUT", "/subject", {"subject": "Two cups"}, "Two cups"),
        ("POST", "/tags", {"name": "Broken / cup"}, "broken / cup"),
    ):
        answer = client.open(at + path, method=method, data=form)
        assert answer.status_code == 200 and shows in answer.text, path
    assert "broken / cup" not in client.delete(at + "/tags/broken %2F cup").text
    turns = client.get(at + "/_turns?since=1").text
    assert "Pottery" in turns and "broken / cup" in turns


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/assignee", {"agent_id": "99999"}),
        ("/assignee", {"agent_id": "ada"}),
        ("/status", {"status": "closed"}),
        ("/status", {}),
        ("/priority", {"priority": "loud"}),
        ("/team", {"team_id": "99999"}),
        ("/subject", {"subject": " "}),
    ],
)
def test_what_does_not_fit_is_refused(
    path: str, form: dict[str, str], grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from()
    before = ticket.version
    assert client_for(grace).put(f"/tickets/{ticket.id}{path}", data=form).status_code == 422
    assert now_of(ticket).version == before


@pytest.mark.parametrize("what", ["assignee", "status", "priority", "team", "tags"])
def test_every_menu_opens(
    what: str, grace: Agent, linus: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from()
    tickets.tag(ticket, "cup", grace)
    page = client_for(grace).get(f"/tickets/{ticket.id}/_pick/{what}")
    assert page.status_code == 200 and 'role="option"' in page.text
    assert client_for(grace).get(f"/tickets/{ticket.id}/_pick/owner").status_code == 404


def test_search_finds_by_number_and_word(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket, client = mail_from(subject="Caneca trincada", text="Chegou assim"), client_for(grace)
    for q in ("caneca", str(ticket.id), "chegou", "marina"):
        assert f'id="row-{ticket.id}"' in client.get("/search", query_string={"q": q}).text
    found = client.get("/palette/_results?q=marina").text
    assert f"/tickets/{ticket.id}" in found and f"/customers/{ticket.customer.id}" in found


def test_what_could_not_be_read_can_be_fetched_tried_again_or_put_aside(
    grace: Agent, support: Account, client_for: ClientFor
) -> None:
    raw = files.put(b"Subject: broken")
    payloads = [
        Payload(account=support, sha256=raw, size=15, state="failed", reason="no sender") for _ in range(2)
    ]
    db.session.add_all(payloads)
    client = client_for(grace)
    assert "no sender" in client.get("/attention").text
    assert client.get(f"/payloads/{payloads[0].id}/raw").data == b"Subject: broken"
    assert client.post(f"/payloads/{payloads[0].id}/retry").headers["Location"] == "/attention"
    assert client.post(f"/payloads/{payloads[1].id}/ignore", headers={"HX-Request": "true"}).text == ""
    assert [now_of(p).state for p in payloads] == ["new", "ignored"]


def test_a_fragment_is_no_page(grace: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket, client = mail_from(), client_for(grace)
    for path in (
        "/views/open/_rows",
        "/views/_counts",
        f"/tickets/{ticket.id}/_pane",
        f"/tickets/{ticket.id}/_head",
        f"/tickets/{ticket.id}/_turns",
        f"/tickets/{ticket.id}/_customer",
        f"/tickets/{ticket.id}/_composer",
    ):
        answer = client.get(path)
        assert "<html" not in answer.text and answer.headers["Cache-Control"] == "no-store", path


def test_within_a_second_the_newest_is_on_top(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    """The page puts rows where ``data-at`` says: as the list has them, however close together they came."""
    first, second = mail_from(subject="A"), mail_from(subject="B")
    at = first.active_at.replace(microsecond=0)
    first.active_at, second.active_at = at.replace(microsecond=700), at.replace(microsecond=90)
    page = client_for(grace).get("/views/open").text
    rows = re.findall(r'id="row-(\d+)"[^>]* data-at="([^"]+)"', page)
    assert [number for number, _ in rows] == [str(first.id), str(second.id)]
    assert rows[0][1] > rows[1][1]


def test_a_row_that_was_just_drawn_is_drawn_anew_for_what_changed(
    grace: Agent, ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    """Without its version: a name, a photo and a tier are not the ticket's own."""
    ticket, client = mail_from(subject="A"), client_for(grace)
    tickets.assign(ticket, ada, ada)

    def shown(view: str = "open") -> str:
        return client.get(f"/views/{view}/_rows?ids={ticket.id}").text

    before = shown()
    assert shown() == before and f"/views/open/tickets/{ticket.id}" in before
    for thing, name, value in (
        (ticket.identity, "name", "Marina Sá"),
        (ticket.identity.customer, "tier", "vip"),
        (ada, "name", "Adelaide Prado"),
        (grace, "language", "pt-BR"),
    ):
        setattr(now_of(thing), name, value)
        db.session.commit()
        after = shown()
        assert after != before, name
        before = after
    assert (
        "Marina Sá" in before and "VIP" in before and "Adelaide Prado" in before and "com Adelaide" in before
    )


def test_a_row_shows_nothing_but_what_a_kept_one_is_found_by() -> None:
    """What is asked of anything else would be empty, or stale."""
    template = (config.ROOT / "templates" / "inbox" / "_row.html").read_text()
    shown = set(re.findall(r"\bticket\.([a-z_]+)", template))
    assert {"subject", "who", "assignee"} < shown <= {*Line._fields, "who", "is_open"}
    assert set(re.findall(r"\bticket\.assignee\.([a-z_]+)", template)) <= set(Holder._fields)
