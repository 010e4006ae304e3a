"""A file that is gone or damaged is said to be so, where it was, and breaks nothing else (row F23)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from inbox import channels, db, files, intake, outbox, tickets
from inbox.channels import Outbound, Sent
from inbox.models import Account, Agent, Attachment, Message
from tests.attacks.post import again
from tests.clients import ClientFor
from tests.people import MailFrom

SAID = "The file is missing or damaged where Prosa keeps files."


@pytest.fixture(params=["gone", "damaged"])
def harm(request: pytest.FixtureRequest):
    def do(sha256: str) -> None:
        path = files.path_of(sha256)
        path.unlink() if request.param == "gone" else path.write_bytes(path.read_bytes()[:-1] + b"?")

    return do


def test_f23_an_attachment_that_is_gone_says_so_and_its_ticket_stays(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor, harm
) -> None:
    message = mail_from.message()
    content = f"a photo {uuid.uuid4()}".encode()
    token = file_of(message, content)
    harm(files.put(content))
    client = client_for(ada)
    answer = client.get(f"/files/{token}/photo.bin")
    assert answer.status_code == 404 and SAID in answer.text
    assert client.get(f"/views/open/tickets/{message.ticket_id}").status_code == 200


def test_f23_a_mails_own_bytes_that_are_gone_are_said_to_be(
    support: Account, ada: Agent, client_for: ClientFor, harm
) -> None:
    words = f"It came cracked. {uuid.uuid4()}\r\n"  # the files of a test run are one store
    raw = f"From: m@x.example\r\nTo: support@barro.example\r\nSubject: Gone\r\n\r\n{words}".encode()
    [payload_id] = intake.accept_mail(raw, ["support@barro.example"])
    intake.read_now(payload_id)
    message = db.session.query(Message).filter_by(payload_id=payload_id).one()
    number, ticket = message.id, message.ticket_id
    db.session.commit()
    harm(files.put(raw))
    client = client_for(ada)
    answer = client.get(f"/messages/{number}/raw")
    assert answer.status_code == 404 and SAID in answer.text
    assert "It came cracked" in client.get(f"/views/open/tickets/{ticket}").text


def test_f23_a_reply_whose_file_is_gone_fails_with_its_reason(
    mail_from: MailFrom, ada: Agent, harm, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Outbound] = []

    def send(_settings: object, mail: Outbound) -> Sent:
        left.append(mail)
        return Sent(mail.key, "smtp", b"raw")

    monkeypatch.setattr(channels.of("mail"), "send", send, raising=False)
    message = tickets.reply(mail_from(), again(ada), "<p>Here it is</p>", key="k")
    content = f"a bill {uuid.uuid4()}".encode()
    file_of(message, content)
    message.not_before = db.now() - timedelta(seconds=1)
    db.session.commit()
    harm(files.put(content))
    outbox.send_now(message.id)
    kept = db.session.get_one(Message, message.id, populate_existing=True)
    assert (kept.state, kept.failure) == ("failed", outbox.FILE_MISSING) and not left


def file_of(message: Message, content: bytes) -> str:
    made = Attachment(
        message_id=message.id,
        filename="photo.bin",
        content_type="application/octet-stream",
        size=len(content),
        sha256=files.put(content),
    )
    db.session.add(made)
    db.session.commit()
    return made.token
