"""Row 48: after an erasure, nothing is left but the tombstone. All is grepped, not only what we know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from inbox import db, files, intake, spam, tickets
from inbox.channels import Media, Person
from inbox.db import session
from inbox.models import (
    Account,
    AccountAddress,
    Acknowledgement,
    Agent,
    Answer,
    Customer,
    CustomerField,
    CustomerValue,
    Draft,
    Event,
    Identity,
    Installation,
    Message,
    Organisation,
    Payload,
    PrivacyRequest,
    Survey,
    Ticket,
)
from inbox.models.attachment import Attachment
from tests import people
from tests.privacy.conftest import ask, carried_out

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "zyxquasar"
"""Stands in everything of the person, in every field that anybody writes."""
ADDRESS = f"{TOKEN}@{TOKEN}-queiroz.example"
BYSTANDER = "otto@bystander.example"


def plant() -> tuple[Agent, Agent, Ticket, Ticket]:
    """A house in which Marina left her traces everywhere. Two admins, her conversation, and one of somebody
    else who copied her."""
    session.add(
        Installation(id=1, company="Barro", zone="America/Recife", public_url="http://127.0.0.1:8000")
    )
    account = Account(kind="mail", name="Barro", address="support@barro.example", settings={})
    account.addresses = [AccountAddress(address="support@barro.example")]
    session.add(account)
    session.commit()
    ada, bea = people.agent("Ada Prado", role="admin"), people.agent("Beatriz Nunes", role="supervisor")
    _mails(account.id)
    mine, account = session.query(Ticket).one(), session.get_one(Account, account.id)
    ada, bea = session.get_one(Agent, ada.id), session.get_one(Agent, bea.id)
    _her_conversation(mine, ada)
    others = _of_somebody_else(account)
    _her_facts(mine, ada)
    session.commit()
    return ada, bea, mine, others


def _raw(subject: str) -> bytes:
    return f"""From: Marina {TOKEN} <{ADDRESS}>
To: support@barro.example
Cc: {BYSTANDER}
Subject: {subject} {TOKEN}
Message-ID: <{TOKEN}-{subject}@{TOKEN}.example>
X-{TOKEN}: {TOKEN}
Date: Mon, 2 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/html; charset=utf-8

<p>My {TOKEN} came <b>cracked{TOKEN}</b>.</p><blockquote>On Monday {TOKEN} wrote:</blockquote>
--b
Content-Type: text/plain; name="{TOKEN}.txt"
Content-Disposition: attachment; filename="{TOKEN}.txt"

inside the file {TOKEN}
--b--
""".replace("\n", "\r\n").encode()


def _mails(account: int) -> None:
    """As they really come: kept, read, indexed. Two stand in no conversation: one that we had already, and a
    machine's report that returns what we wrote to her.
    """
    report = f"From: MAILER-DAEMON@x.example\r\nSubject: returned\r\n\r\nto {ADDRESS}: {TOKEN}".encode()
    for raw in (_raw("cup"), _raw("cup") + b"\r\n", report):
        [payload] = intake.accept([account], raw, ["support@barro.example"])
        if raw is not report:
            intake.read_now(payload)
    found = session.get_one(Payload, payload)
    found.state, found.reason_detail = "ignored", TOKEN
    session.commit()


def _her_conversation(ticket: Ticket, ada: Agent) -> None:
    tickets.note(ticket, ada, f"<p>She sounds {TOKEN}.</p>", key="k0")
    reply = tickets.reply(ticket, ada, f"<p>Dear {TOKEN}, we send another.</p>", key="k1")
    reply.raw_sha256 = files.put(f"To: {ADDRESS}\r\n\r\n{TOKEN}".encode())
    reply.bounces = [{"address": ADDRESS, "action": "failed", "diagnostic": TOKEN, "payload_id": None}]
    reply.refused = {ADDRESS: {"said": TOKEN, "again": False}}
    reply.failure_detail, reply.state, reply.sent_at = TOKEN, "sent", db.now()
    session.commit()
    tickets.reply(ticket, ada, f"<p>And one more thing, {TOKEN}.</p>", key="k2")  # it waits to be sent
    tickets.rename(ticket, f"The cup of {TOKEN}", ada)
    tickets.mark_spam(ticket, ada)
    tickets.not_spam(ticket, ada)
    tickets.resolve(ticket, ada)
    session.commit()


def _of_somebody_else(account: Account) -> Ticket:
    sent = people.inbound(
        f"Otto <{BYSTANDER}>",
        subject="My own plate",
        text="The plate of Otto is fine.",
        cc=(Person(ADDRESS, f"Marina {TOKEN}"),),
    )
    message = tickets.receive(account, sent)
    assert message
    joined = people.inbound(
        f"Marina {TOKEN} <{ADDRESS}>",
        text=f"I join in: {TOKEN}",
        thread=message.thread_id,
        files=(Media(f"{TOKEN}.png", "image/png", f"another file {TOKEN}".encode()),),
    )
    assert tickets.receive(account, joined)
    session.commit()
    return message.ticket


def _her_facts(ticket: Ticket, ada: Agent) -> None:
    customer = ticket.identity.customer
    customer.name, customer.note, customer.zone = f"Marina {TOKEN}", f"likes {TOKEN}", "America/Recife"
    customer.organisation = Organisation(name="Queiroz")
    birthday = CustomerField(name="Birthday")
    session.add(birthday)
    session.flush()
    session.add(CustomerValue(customer_id=customer.id, field_id=birthday.id, value=f"11 {TOKEN}"))
    ticket.identity.bounce_reason = TOKEN
    address = ticket.identity.address
    session.add(Acknowledgement(account_id=ticket.account_id, address=address))
    spam.judge_address(address, False, ada)
    draft = Draft(
        agent_id=ada.id, ticket_id=ticket.id, kind="reply", html=f"<p>Dear {TOKEN}</p>", subject=TOKEN
    )
    draft.recipients = {"to": ADDRESS, "apart": [{"html": TOKEN, "at": "2026-11-02", "hand": "h"}]}
    draft.files = [
        Attachment(filename=f"{TOKEN}.pdf", content_type="x", size=3, sha256=files.put(TOKEN.encode()))
    ]
    new = Draft(agent_id=ada.id, kind="new", html=f"<p>{TOKEN}</p>", recipients={"to": f"Marina <{ADDRESS}>"})
    session.add_all([draft, new])
    session.flush()
    _her_rating(ticket, ada)


def _her_rating(ticket: Ticket, ada: Agent) -> None:
    event = session.query(Event).filter_by(kind="resolved").order_by(Event.id.desc()).first()
    assert event
    survey = Survey(
        event_id=event.id,
        ticket_id=ticket.id,
        identity_id=ticket.identity_id,
        agent_id=ada.id,
        state="answered",
        due_at=db.now(),
        sent_at=db.now(),
        token=f"{TOKEN}",
    )
    session.add(survey)
    session.flush()
    session.add(Answer(survey_id=survey.id, score=2, comment=f"Too slow, says {TOKEN}"))


def everything(engine: Engine, folder: Path) -> dict[str, str]:
    """Where the token stands, and what is around it: every table, every byte on the disk."""
    found = {}
    db.session.remove()
    with db.reading(), engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings():
                said = json.dumps({key: _plain(value) for key, value in row.items()}, default=str)
                if TOKEN in said.lower():
                    found[f"{name} {row.get('id', '')}"] = said
    for path in folder.rglob("*"):
        if path.is_file() and TOKEN.encode() in (content := path.read_bytes().lower()):
            at = content.index(TOKEN.encode())
            found[str(path.relative_to(folder))] = repr(content[max(at - 40, 0) : at + 40])
    return found


def _plain(value: Any) -> Any:
    return value.hex() + value.decode(errors="replace") if isinstance(value, bytes) else value


@pytest.mark.slow
def test_attack_48_after_an_erasure_nothing_is_left_but_the_tombstone(
    own_house: Engine, tmp_path: Path
) -> None:
    ada, bea, mine, others = plant()
    before = everything(own_house, tmp_path)
    places = {name.split()[0] for name in before}
    assert {"customer", "identity", "message", "attachment", "draft", "answer", "payload", "ticket"} <= places
    assert {"customer_value", "customer_word", "verdict", "acknowledgement", "thread", "spam_word"} <= places
    if own_house.dialect.name == "sqlite":
        assert {"prosa.db-wal", "ticket_text_content", "ticket_text_data"} <= places | {*before}
    customer = session.get_one(Customer, session.get_one(Ticket, mine.id).customer.id)
    copy = carried_out(ask(customer, "export", ada, note=f"says {TOKEN}"), bea)
    assert copy.state == "done" and files.get(copy.file_sha256 or "")
    done = carried_out(ask(customer, "erasure", ada, note=f"asked by {TOKEN}"), bea)
    assert (done.state, done.failure) == ("done", "")
    assert everything(own_house, tmp_path) == {}
    _what_stays(mine.id, others.id, done)


def _what_stays(mine: int, others: int, done: PrivacyRequest) -> None:
    ticket = session.get_one(Ticket, mine)
    assert (ticket.status, ticket.message_count) == ("resolved", 4) and ticket.resolved_at
    assert ticket.emptied_at and ticket.identity.kind == "erased"
    assert done.digests and done.scratch == {} and done.note == ""
    other = session.get_one(Ticket, others)
    [first, joined] = session.query(Message).filter_by(ticket_id=others).order_by(Message.id)
    assert first.text == "The plate of Otto is fine." and first.recipients["cc"] == []
    assert (joined.text, joined.attachments) == ("", [])
    assert other.subject == "My own plate" and other.identity.address == BYSTANDER
    assert not session.query(Message).filter(Message.state.in_(("queued", "unconfirmed"))).count()
    assert session.query(Identity).filter_by(address=BYSTANDER).one()


def test_a_file_that_somebody_else_has_too_stays(own_house: Engine, tmp_path: Path) -> None:
    ada, bea, mine, others = plant()
    catalogue = files.put(b"the same catalogue for everybody")
    for ticket in (mine, others):
        message = session.query(Message).filter_by(ticket_id=ticket.id).order_by(Message.id).first()
        assert message
        facts = {"filename": "catalogue.pdf", "content_type": "application/pdf", "size": 32}
        session.add(Attachment(message_id=message.id, sha256=catalogue, **facts))
    session.commit()
    customer = session.get_one(Customer, session.get_one(Ticket, mine.id).customer.id)
    assert carried_out(ask(customer, "erasure", ada), bea).state == "done"
    assert files.get(catalogue) == b"the same catalogue for everybody"
    assert session.query(Attachment).filter_by(sha256=catalogue).count() == 1
