"""A message of ours that did not arrive says so, and so does the address."""

from __future__ import annotations

import pytest

from inbox import attention, drafts, tickets
from inbox.channels import Undelivered
from inbox.models import Agent, Attachment, Message
from tests.clients import ClientFor
from tests.conftest import Bells
from tests.people import MailFrom

MARINA, RUI = "marina@queiroz.example", "rui@else.example"


@pytest.fixture
def ours(mail_from: MailFrom, ada: Agent) -> Message:
    """To Marina, with a copy to Rui; it has left."""
    message = tickets.reply(mail_from(), ada, "<p>Hi</p>", key="1", cc=[RUI])
    message.state, message.attempts = "sent", 1
    return message


def failed(address: str, status: str = "5.1.1") -> Undelivered:
    return Undelivered(address, "failed", status, f"550 {status} said the server")


def test_one_of_two_is_noted_and_asks_for_nobody(ours: Message, ada: Agent, bells: Bells) -> None:
    version = ours.ticket.version
    tickets.bounced(ours, [failed(RUI)], None)
    assert [(mark["address"], mark["status"]) for mark in ours.bounces] == [(RUI, "5.1.1")]
    assert ours.state == "sent" and not attention.messages(ada)
    assert ours.version == ours.ticket.version == version + 1


def test_all_of_them_is_a_failed_message_that_can_be_sent_again(ours: Message, ada: Agent) -> None:
    tickets.bounced(ours, [failed(RUI)], None)
    tickets.bounced(ours, [failed(MARINA)], None)
    assert ours.state == "failed" and attention.messages(ada) == [ours]
    assert ours.ticket.status == "open", "it changes nothing of the ticket"
    tickets.retry(ours, ada)
    assert ours.state == "queued" and not attention.messages(ada)


def test_a_report_that_names_nobody_means_everybody(ours: Message, ada: Agent) -> None:
    tickets.bounced(ours, [], None)
    assert ours.state == "failed" and {mark["address"] for mark in ours.bounces} == {MARINA, RUI}


def test_a_delay_is_noted_and_a_failure_outlives_it(ours: Message, ada: Agent) -> None:
    delayed = Undelivered(MARINA, "delayed", "4.4.1", "still trying")
    tickets.bounced(ours, [delayed], None)
    assert ours.bounces[0]["action"] == "delayed" and ours.ticket.identity.bounced_at is None
    tickets.bounced(ours, [failed(MARINA)], None)
    tickets.bounced(ours, [delayed], None)
    assert [mark["action"] for mark in ours.bounces] == ["failed"]


@pytest.mark.parametrize(
    ("status", "marked"),
    [
        ("5.1.1", True),
        ("", True),
        ("5.0.0", True),
        ("5.2.2", False),
        ("5.7.1", False),
        ("5.3.4", False),
        ("4.4.7", False),
    ],
)
def test_only_what_is_about_the_address_marks_it(ours: Message, status: str, marked: bool) -> None:
    tickets.bounced(ours, [failed(MARINA, status)], None)
    assert (ours.ticket.identity.bounced_at is not None) == marked


def test_the_same_report_twice_is_one(ours: Message) -> None:
    tickets.bounced(ours, [failed(RUI)], None)
    version = ours.ticket.version
    tickets.bounced(ours, [failed(RUI)], None)
    assert len(ours.bounces) == 1 and ours.ticket.version == version


def test_an_address_that_is_forwarded_elsewhere_is_the_one_we_wrote_to(
    mail_from: MailFrom, ada: Agent
) -> None:
    message = tickets.reply(mail_from(), ada, "<p>Hi</p>", key="1", cc=[])
    message.state = "sent"
    tickets.bounced(message, [failed("marina@her-new-host.example")], None)
    assert [mark["address"] for mark in message.bounces] == [MARINA] and message.state == "failed"


def test_what_came_back_is_written_again_to_nobody_yet(ours: Message, ada: Agent, grace: Agent) -> None:
    ours.attachments = [
        Attachment(filename="cup.pdf", content_type="application/pdf", size=3, sha256="0" * 64, content_id="")
    ]
    for address in (MARINA, RUI):
        tickets.bounced(ours, [failed(address)], None)
    drafts.save(ours.ticket, grace, "reply", "<p>I thought</p>")
    for _time in range(2):
        draft = tickets.write_again(ours, grace)
    assert draft.agent_id == grace.id and "Hi" in draft.html and draft.html.endswith("<p>I thought</p>")
    assert (
        draft.html.count("Hi") == 1 and [draft.recipients[role] for role in ("to", "cc", "bcc")] == [""] * 3
    )
    assert [file.filename for file in draft.files] == ["cup.pdf"] == [f.filename for f in ours.attachments]
    assert attention.messages(ada) == [ours], "it waits until somebody puts it aside"


def test_another_address_is_asked_for_in_the_tickets_composer(
    ours: Message, ada: Agent, client_for: ClientFor
) -> None:
    for address in (MARINA, RUI):
        tickets.bounced(ours, [failed(address)], None)
    client = client_for(ada)
    place = f"/messages/{ours.id}/draft"
    assert f'action="{place}"' in client.get("/attention").text
    assert client.post(place).headers["Location"] == f"/tickets/{ours.ticket_id}"
    composer = client.get(f"/tickets/{ours.ticket_id}/_composer").text
    assert composer.count(" autofocus") == 1 and "<p>Hi</p>" in composer
