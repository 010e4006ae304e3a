"""What is passed on to somebody else, and what comes back."""

from __future__ import annotations

import pytest

from inbox import db, drafts, files, outbox, tickets
from inbox.channels import Media, Person
from inbox.mail.parse import parse
from inbox.models import Agent, Message
from inbox.tickets import copies
from inbox.tickets.forward import passed_on
from inbox.tickets.quoting import is_beside
from tests.people import MailFrom, answer_to

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def arrived(mail_from: MailFrom) -> Message:
    return mail_from.message(
        subject="Cracked cup",
        text="It came cracked.",
        html='<p>It came <b>cracked</b>.</p><img src="cid:photo@x">',
        files=(
            Media("photo.png", "image/png", PNG, inline=True, content_id="photo@x"),
            Media("order.pdf", "application/pdf", b"%PDF"),
        ),
        cc=(Person("rui@queiroz.example", "Rui"),),
    )


def test_a_forward_quotes_who_wrote_when_and_to_whom(mail_from: MailFrom, ada: Agent) -> None:
    message = arrived(mail_from)
    sent = tickets.forward(
        message.ticket, ada, "<p>Can you send another?</p>", key="f", to=["kiln@x.example"], message=message
    )
    assert sent.forward and sent.subject == "Fwd: Cracked cup" and sent.text == "Can you send another?"
    for line in (
        "---------- Forwarded message ---------",
        "From: Marina Queiroz <marina@queiroz.example>",
        "Subject: Cracked cup",
        "To: support@barro.example",
        "Cc: Rui <rui@queiroz.example>",
        "It came cracked.",
    ):
        assert line in sent.quoted_text
    assert "Date: " in sent.quoted_text and "&lt;marina@queiroz.example&gt;" in (sent.quoted_html or "")


def test_it_is_no_answer(mail_from: MailFrom, ada: Agent) -> None:
    message = arrived(mail_from)
    ticket = message.ticket
    before = (ticket.status, ticket.waiting_since, ticket.snippet)
    sent = tickets.forward(ticket, ada, "", key="f", to=["kiln@x.example"], message=message)
    assert (ticket.status, ticket.waiting_since, ticket.snippet) == before
    assert sent.thread_id != message.thread_id and sent.references == []
    assert copies.of(ticket).to[0].address == "marina@queiroz.example"
    assert "kiln@x.example" not in [
        one.address for one in (*copies.of(ticket).cc, *copies.of(ticket).offered)
    ]
    assert tickets.reply(ticket, ada, "<p>Sorry!</p>", key="r").thread_id == message.thread_id


def test_it_leaves_with_the_original_under_it_and_its_pictures(mail_from: MailFrom, ada: Agent) -> None:
    message = arrived(mail_from)
    draft = drafts.pass_on(
        message.ticket, ada, message, [f for f in message.attachments if is_beside(f, message)]
    )
    assert [file.filename for file in draft.files] == ["order.pdf"]
    sent = tickets.forward(
        message.ticket, ada, "<p>See</p>", key="f", to=["kiln@x.example"], message=message, files=draft.files
    )
    sent.not_before = None
    db.session.commit()
    outbox.send_now(sent.id)
    sent = db.session.get_one(Message, sent.id)
    assert sent.state == "sent", sent.failure_detail
    mail = parse(files.get(sent.raw_sha256 or ""))
    assert {one.filename for one in mail.attachments} == {"photo.png", "order.pdf"}
    picture = next(one for one in mail.attachments if one.filename == "photo.png")
    assert picture.content == PNG and picture.inline and picture.content_id != "photo@x"
    raw = files.get(sent.raw_sha256 or "")
    assert b"marina@queiroz.example" in raw and [one.address for one in mail.to] == ["kiln@x.example"]


def test_the_whole_conversation_goes_without_its_notes(mail_from: MailFrom, ada: Agent) -> None:
    message = arrived(mail_from)
    ticket = message.ticket
    reply = tickets.reply(ticket, ada, "<p>Which one?</p>", key="r")
    reply.state = "sent"
    tickets.note(ticket, ada, "<p>SECRET</p>", key="n")
    assert [one.id for one in passed_on(ticket)] == [reply.id, message.id]
    sent = tickets.forward(ticket, ada, "", key="f", to=["kiln@x.example"])
    assert "Which one?" in sent.quoted_text and "It came cracked." in sent.quoted_text
    assert "SECRET" not in sent.quoted_text + (sent.quoted_html or "")


def test_a_note_and_anothers_message_cannot_be_forwarded(mail_from: MailFrom, ada: Agent) -> None:
    message, other = arrived(mail_from), mail_from.message("Eva <eva@x.example>")
    note = tickets.note(message.ticket, ada, "<p>SECRET</p>", key="n")
    for one in (note, other):
        with pytest.raises(tickets.Refused) as refused:
            tickets.forward(message.ticket, ada, "", key="f", to=["kiln@x.example"], message=one)
        assert refused.value.reason == "nothing_to_forward"


def test_the_answer_of_whom_it_was_forwarded_to_is_flagged_and_goes_no_further(
    mail_from: MailFrom, ada: Agent
) -> None:
    message = arrived(mail_from)
    ticket = message.ticket
    sent = tickets.forward(ticket, ada, "", key="f", to=["kiln@x.example"], message=message)
    answer = tickets.receive(mail_from.account, answer_to(sent, "Kiln <kiln@x.example>", text="Tomorrow."))
    assert answer is not None and answer.ticket_id == ticket.id and answer.third_party
    reply = tickets.reply(ticket, ada, "<p>Tomorrow, Marina.</p>", key="r", anyway=True)
    assert [one["address"] for one in reply.recipients["to"]] == ["marina@queiroz.example"]
    assert reply.thread_id == message.thread_id and "kiln" not in str(reply.recipients)
    assert answer.message_id_header not in reply.references


def test_an_answer_to_third_parties_only_is_none_to_the_customer(mail_from: MailFrom, ada: Agent) -> None:
    message = arrived(mail_from)
    ticket = message.ticket
    sent = tickets.forward(ticket, ada, "", key="f", to=["kiln@x.example"], message=message)
    answer = tickets.receive(mail_from.account, answer_to(sent, "Kiln <kiln@x.example>"))
    assert answer is not None
    since = ticket.waiting_since
    back = tickets.reply(ticket, ada, "<p>Thanks</p>", key="r", to=["kiln@x.example"], cc=[], then="resolved")
    assert back.forward and back.thread_id == sent.thread_id and answer.message_id_header in back.references
    assert ticket.waiting_since == since and ticket.status == "open"


def test_undo_gives_words_files_and_fields_back(mail_from: MailFrom, ada: Agent) -> None:
    message = arrived(mail_from)
    ticket = message.ticket
    waiting = ticket.waiting_since
    draft = drafts.pass_on(ticket, ada, message, [f for f in message.attachments if is_beside(f, message)])
    own = drafts.put(draft, "mine.txt", "text/plain", b"x")
    sent = tickets.forward(
        ticket, ada, "<p>See</p>", key="f", to=[Person("kiln@x.example", "Kiln, The")],
        cc=["eva@x.example"], subject="A cup", message=message, files=[*draft.files, own],
    )  # fmt: skip
    assert drafts.of(ticket, ada)["forward"] is None
    back = tickets.undo(sent, ada)
    assert (back.kind, back.subject, back.html.strip()) == ("forward", "A cup", "<p>See</p>")
    assert sorted(f.filename for f in back.files) == ["mine.txt", "order.pdf"]
    assert (back.recipients["to"], back.recipients["cc"]) == ('"Kiln, The" <kiln@x.example>', "eva@x.example")
    assert back.recipients["of"] == message.id and ticket.waiting_since == waiting
    assert len(message.attachments) == 2


def test_another_message_is_passed_on_with_the_same_words(mail_from: MailFrom, ada: Agent) -> None:
    first = arrived(mail_from)
    ticket = first.ticket
    ours = tickets.reply(ticket, ada, "<p>Which?</p>", key="r")
    second = tickets.receive(
        mail_from.account, answer_to(ours, files=(Media("b.pdf", "application/pdf", b"b"),))
    )
    assert second is not None
    draft = drafts.pass_on(ticket, ada, first, [f for f in first.attachments if is_beside(f, first)])
    drafts.put(draft, "mine.txt", "text/plain", b"x")
    drafts.save(ticket, ada, "forward", "<p>Look</p>", fields={"to": "kiln@x.example"})
    again = drafts.pass_on(ticket, ada, second, second.attachments)
    assert again.html == "<p>Look</p>" and again.recipients["to"] == "kiln@x.example"
    assert sorted(file.filename for file in again.files) == ["b.pdf", "mine.txt"]
