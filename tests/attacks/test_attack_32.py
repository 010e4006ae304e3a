"""Attack 32: a note that colleagues write each other never leaves the house, by whatever door words do."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from inbox import db, downloads, drafts, files, tickets
from inbox.mail.parse import parse
from inbox.models import Agent, Attachment, Event, Message, Ticket
from tests import asked
from tests.attacks.post import again, answer, letter, react, received, send_all, trust
from tests.clients import Browser, ClientFor
from tests.conftest import Bells
from tests.people import MailFrom

pytestmark = pytest.mark.slow

SECRET = "Toalha-Carmesim"


def with_notes(ticket: Ticket, ada: Agent) -> Ticket:
    """Notes in words and in files, one of them still being written."""
    ticket, ada = again(ticket), again(ada)
    for number in range(2):
        tickets.note(ticket, ada, f"<p>{SECRET} is a difficult one</p>", key=f"n{number}")
    note = db.session.scalars(select(Message).where(Message.kind == "note")).first()
    file = Attachment(
        message_id=note.id if note else None, filename=f"{SECRET}.txt", content_type="text/plain", size=1,
        sha256=files.put(SECRET.encode()),
    )  # fmt: skip
    db.session.add(file)
    drafts.save(ticket, ada, "note", f"<p>{SECRET} again</p>")
    db.session.commit()
    return ticket


def left() -> list[bytes]:
    """Every byte that was sent to anybody."""
    send_all()
    sent = db.session.scalars(select(Message).where(Message.raw_sha256.is_not(None))).all()
    return [files.get(message.raw_sha256) for message in sent if message.raw_sha256]


def words_of(raw: bytes) -> str:
    mail = parse(raw)
    parts = (mail.text, mail.quoted_text, mail.html or "", mail.quoted_html or "", str(mail.headers))
    return " ".join(map(str, parts)) + raw.decode("latin-1")


def test_attack_32_no_mail_carries_a_note(support: object, ada: Agent) -> None:
    """Replies with what was said before, a forward of the whole conversation, a confirmation, a survey."""
    trust(again(support))  # type: ignore[type-var]
    ticket = with_notes(received(letter(dmarc="pass")).ticket, ada)
    answer(ada, ticket)
    hers = received(letter("marina@queiroz.example", "Re: Cracked cup", "And the saucer?", dmarc="pass"))
    answer(ada, hers.ticket)
    ticket, ada = again(ticket), again(ada)
    tickets.forward(ticket, ada, "<p>Please see</p>", key="f", to=["kiln@x.example"])
    db.session.commit()
    tickets.resolve(again(ticket), again(ada))
    db.session.commit()
    react()
    raw = left()
    assert len(raw) >= 3
    assert not [mail for mail in map(words_of, raw) if SECRET in mail]


def test_attack_32_a_note_cannot_be_forwarded(ada: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    ticket = with_notes(mail_from(), ada)
    note = db.session.scalars(select(Message).where(Message.kind == "note")).first()
    assert note
    client = client_for(ada)
    path = f"/tickets/{ticket.id}/drafts/forward/original"
    assert client.put(path, data={"message": note.id}).status_code == 422
    form = {"message": note.id, "to": "eve@evil.example", "html": "<p>See</p>", "key": "k"}
    assert client.post(f"/tickets/{ticket.id}/forwards", data=form).status_code == 422
    client.put(path, data={})
    assert SECRET not in client.get(path).text
    assert client.post(f"/messages/{note.id}/delivery").status_code == 409, "nor sent"
    assert not [message for message in db.session.scalars(select(Message)) if message.kind == "reply"]


def test_attack_32_what_customers_can_open_shows_none(
    ada: Agent, mail_from: MailFrom, visitor: Browser
) -> None:
    survey = asked.sent(mail_from, ada)
    ticket = with_notes(survey.ticket, ada)
    assert SECRET not in visitor.get(f"/s/{again(survey).token}").text
    file = db.session.scalars(select(Attachment).where(Attachment.filename.contains(SECRET))).one()
    for token in (file.token, downloads.token(file, downloads.ends())):
        for path in (f"/f/{token}", f"/f/{token}/download"):
            answered = visitor.get(path)
            assert answered.status_code == 404 and SECRET not in answered.text
    assert visitor.get(f"/tickets/{ticket.id}").status_code == 303


def test_attack_32_bells_sockets_and_the_history_carry_numbers_and_no_words(
    ada: Agent, mail_from: MailFrom, bells: Bells
) -> None:
    ticket = with_notes(mail_from(), ada)
    tickets.tag(ticket, "cup", ada)
    db.session.commit()
    react()
    assert bells.told and SECRET not in json.dumps([news for _what, news, _rooms in bells.told], default=str)
    assert SECRET not in str(bells.rung)
    assert SECRET not in json.dumps([event.data for event in db.session.scalars(select(Event))], default=str)


def test_attack_32_lists_papers_and_placeholders_leave_notes_out(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = with_notes(mail_from(), ada)
    client = client_for(ada)
    for path in ("/views/open", f"/views/open/_rows?ids={ticket.id}", f"/tickets/{ticket.id}/print"):
        assert SECRET not in client.get(path).text, path
    reply = tickets.reply(
        again(ticket),
        again(ada),
        "<p>Hi</p>",
        key="r",
    )
    assert SECRET not in f"{reply.text}{reply.html}{reply.quoted_text}{reply.quoted_html}"


def test_attack_32_who_may_not_see_the_ticket_does_not_find_its_notes(
    ada: Agent, grace: Agent, linen_mailbox: object, mail_from: MailFrom, client_for: ClientFor
) -> None:
    with_notes(mail_from(account=linen_mailbox), ada)  # type: ignore[arg-type]
    mine, theirs = (client_for(one) for one in (again(ada), again(grace)))
    for path in ("/search?q=Carmesim", "/palette/_results?q=Carmesim", "/recipients/_suggest?q=Carmesim"):
        found, hidden = mine.get(path), theirs.get(path)
        assert "Cracked cup" not in hidden.text, path
        assert found.status_code == hidden.status_code
    assert "Cracked cup" in mine.get("/search?q=Carmesim").text, "otherwise this test would show nothing"
