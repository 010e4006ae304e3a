"""A copy of everything about a person: what is in it, what is not, and that none of it stays lying about."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from inbox import db, files, tickets
from inbox.channels import Media, Person
from inbox.db import session
from inbox.models import (
    Agent,
    Attachment,
    Customer,
    CustomerField,
    CustomerValue,
    DoomedFile,
    Event,
    Message,
    PrivacyRequest,
    Ticket,
)
from inbox.privacy import empty, export, requests, run, shred
from tests.people import MailFrom, inbound
from tests.privacy.conftest import ask, carried_out

pytestmark = pytest.mark.usefixtures("grown")

PHOTO = Media("cup.png", "image/png", b"the photo of the cup")


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    return mail_from(files=(PHOTO,))


def opened(request: PrivacyRequest) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(files.get(request.file_sha256 or "")))


def data_of(request: PrivacyRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(opened(request).read("data.json"))
    return found


def test_it_holds_what_they_wrote_what_we_wrote_and_the_files(
    ticket: Ticket, ada: Agent, supervisor: Agent
) -> None:
    tickets.note(ticket, ada, "<p>She sounds sad.</p>", key="n")
    reply = tickets.reply(ticket, ada, "<p>We send another.</p>", key="k")
    reply.raw_sha256, reply.state = files.put(b"To: marina\r\n\r\nWe send another."), "sent"
    customer = ticket.customer
    birthday = CustomerField(name="Birthday")
    session.add(birthday)
    session.flush()
    session.add(CustomerValue(customer_id=customer.id, field_id=birthday.id, value="1990-03-09"))
    customer.note = "Likes blue."
    session.commit()
    done = carried_out(ask(customer, "export", ada), supervisor)
    data, names = data_of(done), opened(done).namelist()
    assert (done.state, data["format"]) == ("done", "prosa-export-1")
    assert data["person"]["fields"] == [{"name": "Birthday", "value": "1990-03-09"}]
    assert data["person"]["note"] == "Likes blue."
    assert [one["address"] for one in data["person"]["addresses"]] == ["marina@queiroz.example"]
    [talk] = data["conversations"]
    said = [(one["from"], one["text"]) for one in talk["messages"]]
    assert said == [
        ("you", "One of the cups came cracked."),
        ("note", "She sounds sad."),
        ("company", "We send another."),
    ]
    assert opened(done).read(talk["messages"][0]["files"][0]["path"]) == PHOTO.content
    assert opened(done).read(talk["messages"][2]["original"]).endswith(b"We send another.")
    assert "index.html" in names and "Ada Prado" not in opened(done).read("data.json").decode()
    page = opened(done).read("index.html").decode()
    assert "One of the cups came cracked." in page and "<script" not in page


def test_what_harms_others_is_left_out(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    first = session.get_one(Ticket, ticket.id)
    message = session.query(Message).filter_by(ticket_id=first.id).one()
    stranger = inbound("Otto <otto@bystander.example>", text="Otto’s secret", thread=message.thread_id)
    tickets.receive(first.account, stranger)
    reply = tickets.reply(first, ada, "<p>Hi</p>", key="k", bcc=(Person("boss@barro.example", "The boss"),))
    assert reply.recipients["bcc"]
    session.commit()
    done = carried_out(ask(first.customer, "export", ada), supervisor)
    whole = b"".join(opened(done).read(name) for name in opened(done).namelist()).decode(errors="replace")
    assert "Otto’s secret" not in whole and "boss@barro.example" not in whole
    [talk] = data_of(done)["conversations"]
    assert [one["from"] for one in talk["messages"]] == ["you", "another person", "company"]


def test_hostile_names_and_words_are_harmless_in_the_page_and_the_paths(
    mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    evil = Media("../../<script>alert(1)</script>.html", "text/html", b"x")
    subject = "<img src=x onerror=alert(1)>"
    ticket = mail_from("<script>alert(1)</script> <x@y.example>", subject=subject, files=(evil,))
    done = carried_out(ask(ticket.customer, "export", ada), supervisor)
    names = opened(done).namelist()
    assert not [name for name in names if ".." in name or name.startswith("/")]
    page = opened(done).read("index.html").decode()
    assert "<script" not in page and "<img" not in page


def test_a_file_whose_bytes_are_gone_is_said_to_be(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    session.query(Attachment).one().sha256 = "0" * 64
    session.commit()
    done = carried_out(ask(ticket.customer, "export", ada), supervisor)
    [talk] = data_of(done)["conversations"]
    assert done.state == "done" and talk["messages"][0]["files"][0]["path"] is None


def test_it_ends_after_seven_days_and_its_bytes_go(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    done = carried_out(ask(ticket.customer, "export", ada), supervisor)
    token, sha256 = done.token, done.file_sha256 or ""
    assert done.expires_at and timedelta(days=6) < done.expires_at - db.now() <= timedelta(days=7)
    assert requests.fetch(token)
    done.expires_at = db.now()
    session.commit()
    assert requests.fetch(token) is None
    assert run.expire() == 1 and shred.sweep() == 1
    with pytest.raises(files.Missing):
        files.get(sha256)
    assert session.query(Event).filter_by(kind="export_ended").count() == 1


def test_a_worker_that_is_killed_leaves_no_copy_behind(
    ticket: Ticket, ada: Agent, supervisor: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the file lies in the store, and before the row says so."""
    asked = ask(ticket.customer, "export", ada)
    requests.approve(asked, supervisor)
    session.commit()
    take = files.take

    def killed(*given: Any) -> None:
        take(*given)
        raise SystemExit

    monkeypatch.setattr(files, "take", killed)
    claim = run._claim(asked.id)
    assert claim
    with pytest.raises(SystemExit):
        export.make(asked.id, claim.lease)
    [doomed] = session.query(DoomedFile)
    assert files.get(doomed.name)
    name = doomed.name
    assert shred.sweep() == 1
    with pytest.raises(files.Missing):
        files.get(name)


def test_what_it_could_not_give_because_it_was_emptied_is_said(
    ticket: Ticket, ada: Agent, supervisor: Agent
) -> None:
    tickets.resolve(ticket, ada)
    empty.ticket(ticket)
    session.commit()
    done = carried_out(ask(session.get_one(Customer, ticket.customer.id), "export", ada), supervisor)
    [talk] = data_of(done)["conversations"]
    assert talk["emptied_at"] and talk["messages"][0]["text"] == ""
    assert "erased on" in opened(done).read("index.html").decode()
