"""A message on the screen: what is special about it, where it came from, and the pages behind it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from inbox import conversation, db, files, tickets
from inbox.models import Agent, Event, Message, Payload, Ticket
from inbox.views import badges, letters, originals
from tests.attacks.post import answer
from tests.clients import Browser, ClientFor, now_of
from tests.emptying import without_guards
from tests.people import MailFrom

pytestmark = pytest.mark.slow

ICONS = Path(__file__).resolve().parents[2] / "static" / "icons.svg"


@pytest.fixture
def speaking(app: Flask, house: Any) -> Any:
    """Sentences are made while somebody asks."""
    with app.test_request_context():
        yield


def shown(client: Browser, message: Message) -> str:
    answer = client.get(f"/messages/{message.id}/_message")
    assert answer.status_code == 200
    return answer.text


def words(message: Message) -> list[str]:
    return [badge.text for badge in badges.of(message)]


# --------------------------------------------------------------------------------------------- badges


def test_whether_the_sender_is_true_is_said_in_words(
    speaking: Any, mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    message = mail_from.message()
    assert words(message) == []  # nobody checked: that is no suspicion
    message.trust, message.checks = "pass", {"dmarc": "pass", "dkim": "pass", "by": "mx"}
    [verified] = badges.of(message)
    assert (verified.icon, verified.text, verified.tone) == ("verified", "", "ok")
    assert verified.tip == "Verified: it really came from queiroz.example (DMARC, DKIM)."
    message.trust, message.checks = "fail", {"dmarc": "fail"}
    page = shown(client_for(ada), message)
    assert "Unverified" in page
    assert "The server could not confirm that this is from marina@queiroz.example." in page


def test_what_a_machine_or_a_special_mail_is_says_so(speaking: Any, mail_from: MailFrom) -> None:
    message = mail_from.message()
    message.automated, message.third_party, message.imported = "auto-replied", True, True
    message.notes = ["smime_signed", "invitation", "from_malformed", "name_is_address", "header_cut"]
    assert words(message) == [
        "Third party", "Automatic reply", "Signed, not checked", "Invitation", "Odd sender", "Imported",
    ]  # fmt: skip
    message.automated = "something-new"
    assert "Automatic" in words(message)


@pytest.mark.parametrize("machine", [*badges.MACHINES, "something-new"])
def test_what_a_machine_wrote_is_said_in_the_readers_language(
    speaking: Any, mail_from: MailFrom, machine: str
) -> None:
    message = mail_from.message()
    message.automated = machine
    [english] = badges.of(message)
    with force_locale("pt_BR"):
        [portuguese] = badges.of(message)
    assert portuguese.text != english.text and portuguese.tip != english.tip


def test_every_badge_has_a_sentence_and_an_icon_that_is_drawn(speaking: Any, mail_from: MailFrom) -> None:
    drawn = set(re.findall(r'id="i-([\w-]+)"', ICONS.read_text("utf-8")))
    message = mail_from.message()
    message.notes, message.imported, message.automated = list(badges.NOTES), True, "list"
    message.trust, message.checks, message.third_party = "fail", {"spf": "fail"}, True
    for badge in badges.of(message):
        assert badge.icon in drawn and badge.tip.endswith("."), badge


# ------------------------------------------------------------------------------------- who did not get it


def test_a_bounce_is_told_in_plain_words_with_the_servers_own_behind_them(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    reply = tickets.reply(mail_from(), ada, "<p>Hi</p>", key="k")
    reply.state, said = "sent", "smtp; 550 5.1.1 no such user"
    reply.bounces = [
        {"address": "marina@queiroz.example", "action": "failed", "status": "5.1.1", "diagnostic": said},
        {"address": "ana@queiroz.example", "action": "delayed", "status": "4.4.1", "diagnostic": ""},
    ]
    reply.refused = {"rui@x.example": {"said": "552 5.2.2 mailbox full", "again": False}}
    page = shown(client_for(ada), reply)
    assert "Not delivered to marina@queiroz.example: the mailbox does not exist." in page and said in page
    assert "Delayed for ana@queiroz.example" in page
    assert "Not delivered to rui@x.example: the mailbox is full." in page
    now_of(reply).state = "failed"
    listed = client_for(ada).get("/attention").text
    assert "Not delivered to marina@queiroz.example: the mailbox does not exist." in listed and said in listed


def test_the_preview_shows_the_letter_before_its_workings(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    reply = answer(ada, mail_from(), "<p>The blue one is on its way.</p>")
    page = client_for(ada).get(f"/preview/{reply.id}").text
    letter, _folded, workings = page.partition("<details")
    assert f'src="/messages/{reply.id}/frame"' in letter and "marina@queiroz.example" in letter
    assert "Message-ID" not in letter and "Message-ID" in workings


@pytest.mark.parametrize(
    ("status", "reason"),
    [("5.1.1", "does not exist"), ("5.7.26", "refused"), ("4.2.2", "full"), ("5.9.9", ""), ("", "")],
)
def test_a_status_code_becomes_a_reason(speaking: Any, status: str, reason: str) -> None:
    said = badges._reason(status)
    assert reason in said and bool(said) == bool(reason)


def test_what_leaves_later_says_when_and_can_be_sent_now(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from()
    reply = tickets.reply(ticket, ada, "<p>Hi</p>", key="k", send_at=db.now() + timedelta(days=1))
    page = shown(client_for(ada), reply)
    assert "Leaves tomorrow" in page and 'data-do="send-now"' in page and "data-not-before" not in page


# ------------------------------------------------------------------------------------------ who wrote first


def test_who_wrote_first_becomes_the_customer_and_it_can_be_taken_back(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    message = mail_from.message("Ana <ana@partner.example>")
    message.forwarded_from = {"name": "Jorge Amado", "address": "jorge@amado.example"}
    client, path = client_for(ada), f"/tickets/{message.ticket_id}/customer"
    page = shown(client, message)
    assert "First written by Jorge Amado &lt;jorge@amado.example&gt;." in page
    assert "Make Jorge Amado the customer" in page
    answer = client.put(path, data={"address": "jorge@amado.example", "name": "Jorge Amado"})
    assert answer.status_code == 200 and 'data-who="Jorge Amado"' in answer.text
    assert "Make Jorge Amado the customer" not in shown(client, message)
    assert "made <b>Jorge Amado</b> the customer" in client.get(f"/tickets/{message.ticket_id}/_turns").text
    client.put(path, data={"address": "ana@partner.example", "name": "Ana"})
    assert now_of(message.ticket).identity.address == "ana@partner.example"
    assert client.put(path, data={"address": "nobody at all"}).status_code == 422


# ---------------------------------------------------------------------------------------- plain text


def test_quoted_lines_of_plain_text_stand_behind_a_bar(speaking: Any) -> None:
    html = letters.linked("Hi\n> How <many>?\n> Twelve?\nTwelve. See https://x.example")
    assert '<span class="cited">How &lt;many&gt;?\nTwelve?\n</span>Twelve.' in html
    assert 'href="https://x.example"' in html and 'title="x.example"' in html


# ------------------------------------------------------------------------------------- headers and source

RAW = (
    b"Received: from mx.queiroz.example (mx.queiroz.example [203.0.113.1])\r\n\tby mx.barro.example (Postfix)"
    b" with ESMTPS id 2\r\n\tfor <support@barro.example>; Sat, 21 Nov 2026 20:00:09 -0300\r\n"
    b"Received: from laptop (unknown [10.0.0.9]) by mx.queiroz.example with ESMTP id 1;"
    b" Sat, 21 Nov 2026 19:59:09 -0300\r\n"
    b"Subject: =?utf-8?q?Ch=C3=A1vena?= quebrada\r\nX-Odd: \xe7\r\nFrom: m@queiroz.example\r\n\r\nbody\r\n"
)


def test_headers_are_unfolded_and_decoded_beside_how_they_were_sent() -> None:
    told = originals.head(RAW)
    by_name = {field.name: field for field in told["fields"]}
    assert by_name["Subject"].value == "Chávena quebrada"
    assert by_name["Subject"].raw == "=?utf-8?q?Ch=C3=A1vena?= quebrada"
    assert by_name["From"].raw == "" and by_name["X-Odd"].value == "ç"
    first, second = told["hops"]
    assert (first.sender, first.receiver, first.protocol, first.secure) == (
        "laptop", "mx.queiroz.example", "ESMTP", False,
    )  # fmt: skip
    assert (second.sender, second.secure, second.took) == ("mx.queiroz.example", True, timedelta(minutes=1))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"no field at all",
        b"Received: " + b"(" * 100_000 + b"\r\n\r\n",
        b"Received: ;;;; \xff\r\nReceived: from\r\n by\r\n\r\n",
        b"Received: from a by b; Mon, 99 Foo 99999 99:99:99 +9999\r\n\r\n",
    ],
)
def test_headers_of_any_shape_are_shown(raw: bytes) -> None:
    told = originals.head(raw)
    assert all(field.name for field in told["fields"]) and len(told["hops"]) <= originals.MOST_HOPS


def test_a_messages_own_pages_lead_to_each_other(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    message = mail_from.message()
    message.payload = Payload(
        account=message.ticket.account, sha256=files.put(RAW), size=len(RAW), state="parsed", recipients=[]
    )
    client = client_for(ada)
    head, source = (client.get(f"/messages/{message.id}/{page}").text for page in ("headers", "source"))
    assert "Chávena quebrada" in head and "1 minute" in head and f"/messages/{message.id}/source" in head
    assert "=?utf-8?q?Ch=C3=A1vena?=" in source and f"/messages/{message.id}/headers" in source
    assert client.get(f"/messages/{message.id}/raw").data == RAW


# ------------------------------------------------------------------------------------------------ print


def test_a_print_holds_every_letter_and_no_note(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from(text="The cup came cracked.")
    tickets.note(ticket, ada, "<p>She is upset</p>", key="n")
    tickets.reply(ticket, ada, "<p>A new one is on its way</p>", key="r")
    client = client_for(ada)
    page = client.get(f"/tickets/{ticket.id}/print").text
    assert page.index("The cup came cracked.") < page.index("A new one is on its way")
    assert "She is upset" not in page and "<script" not in page
    assert "She is upset" in client.get(f"/tickets/{ticket.id}/print?notes=1").text


# ------------------------------------------------------------------------------------- long conversations


@pytest.fixture
def long(mail_from: MailFrom, ada: Agent) -> Ticket:
    """A hundred notes and some changes, one a minute, the first two hours ago."""
    ticket = mail_from()
    for number in range(100):
        tickets.note(ticket, ada, f"<p>note {number:03}</p>", key=f"n{number}")
        if number % 10 == 0:
            tickets.prioritise(ticket, ("high", "low")[number // 10 % 2], ada)
    began = db.now() - timedelta(hours=2)
    for minutes, message in enumerate(db.session.scalars(select(Message).order_by(Message.id))):
        message.created_at = began + timedelta(minutes=minutes)
    with without_guards(db.session):
        for minutes, event in enumerate(db.session.scalars(select(Event).where(Event.kind == "prioritised"))):
            event.at = began + timedelta(minutes=minutes * 10 + 1)  # the very moment of a note
        db.session.flush()
    db.session.commit()
    return ticket


def test_a_long_conversation_is_drawn_from_its_end_and_whole_in_steps(long: Ticket) -> None:
    page = conversation.newest(long)
    everything = conversation.newest(long, most=1000)
    assert len(page.entries) == conversation.PAGE and not everything.earlier
    steps, place = list(page.entries), page.earlier
    while place:
        page = conversation.newest(long, place)
        steps, place = [*page.entries, *steps], page.earlier
    assert steps == list(everything.entries) and len(steps) == 1 + 100 + 10


def test_the_first_page_offers_what_was_before(long: Ticket, ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    page = client.get(f"/tickets/{long.id}/_pane").text
    assert "note 099" in page and "note 010" not in page
    before = re.search(r'data-do="earlier" data-before="([^"]+)"', page)
    assert before
    earlier = client.get(f"/tickets/{long.id}/_turns", query_string={"before": before[1]}).text
    assert "note 099" not in earlier and "note 030" in earlier and 'data-do="earlier"' in earlier


def test_what_changed_comes_wherever_it_stands(long: Ticket, ada: Agent, client_for: ClientFor) -> None:
    version, first = long.version, db.session.scalars(select(Message).order_by(Message.id)).first()
    assert first
    tickets.tag(long, "cup", ada)
    first.version = long.version
    turns = client_for(ada).get(f"/tickets/{long.id}/_turns?since={version}").text
    assert f'id="message-{first.id}"' in turns and "added the tag" in turns and "earlier" not in turns


def test_a_place_nobody_named_is_the_end(long: Ticket) -> None:
    end = conversation.newest(long).entries
    for place in ("", "x", "1_2", "nan_0_1", "1e300_0_1", "1_7_1", "1_0_99999999999", "1_0_-1"):
        assert conversation.newest(long, place).entries == end, place
