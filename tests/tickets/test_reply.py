"""Answers leave once, notes never do, and what was sent by mistake can be taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from inbox import db, drafts, outbox, tickets
from inbox.mail.tokens import Signer
from inbox.models import Account, Agent, Message
from inbox.vault import signing_key
from tests.people import MailFrom, answer_to


def test_a_reply_is_queued_for_the_undo_window(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    message = tickets.reply(ticket, ada, "<p>On its <b>way</b>.</p>", key="k")
    assert (message.state, message.text) == ("queued", "On its way.")
    assert message.not_before is not None and message.not_before > db.now()
    assert message.recipients["to"][0]["address"] == "marina@queiroz.example"
    assert message.subject == "Re: Cracked cup"
    assert Signer(signing_key()).thread_of(message.message_id_header or "") == message.thread_id
    assert ticket.status == "open" and ticket.waiting_since is None


def test_the_same_key_is_one_reply(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    first = tickets.reply(ticket, ada, "<p>Hi</p>", key="k")
    assert tickets.reply(ticket, ada, "<p>Hi</p>", key="k") is first


def test_a_newer_message_stops_the_reply_but_a_tag_does_not(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    first = mail_from.message()
    ticket = first.ticket
    tickets.tag(ticket, "exchange", grace)
    ours = tickets.reply(ticket, ada, "<p>One</p>", key="1", last_seen=first.id)
    newer = tickets.receive(mail_from.account, answer_to(ours))
    with pytest.raises(tickets.Newer) as stopped:
        tickets.reply(ticket, ada, "<p>Two</p>", key="2", last_seen=ours.id)
    assert stopped.value.messages == [newer]
    assert tickets.reply(ticket, ada, "<p>Two</p>", key="2", last_seen=ours.id, anyway=True).state == "queued"


def test_an_empty_reply_and_a_bad_copy_are_refused(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    with pytest.raises(tickets.Refused) as empty:
        tickets.reply(ticket, ada, "<p> </p><script>x</script>", key="k")
    assert empty.value.reason == "empty"
    with pytest.raises(tickets.Refused) as bad:
        tickets.reply(ticket, ada, "<p>Hi</p>", key="k", cc=["no address\r\nBcc: x@y"])
    assert bad.value.reason == "bad_copy"


def test_a_note_never_leaves_and_keeps_the_customer_waiting(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    note = tickets.note(ticket, ada, "<p>She is right</p>", key="n")
    assert (note.kind, note.state) == ("note", "received")
    assert ticket.waiting_since is not None and ticket.snippet == "One of the cups came cracked."


def test_undo_puts_text_and_files_back_and_the_ticket_as_it_was(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    waiting = ticket.waiting_since
    file = drafts.attach(ticket, ada, "reply", "label.pdf", "application/pdf", b"%PDF")
    message = tickets.reply(ticket, ada, "<p>On its way</p>", key="k", files=[file], then="resolved")
    assert drafts.of(ticket, ada)["reply"] is None and message.attachments == [file]
    draft = tickets.undo(message, ada)
    assert "On its way" in draft.html and [f.filename for f in draft.files] == ["label.pdf"]
    assert (ticket.status, ticket.waiting_since, ticket.message_count) == ("new", waiting, 1)
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1


def test_what_has_left_cannot_be_taken_back(mail_from: MailFrom, ada: Agent) -> None:
    message = tickets.reply(mail_from(), ada, "<p>Hi</p>", key="k")
    message.state = "sending"
    db.session.flush()
    with pytest.raises(tickets.TooLate):
        tickets.undo(message, ada)


def test_only_its_author_takes_a_reply_back(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    message = tickets.reply(mail_from(), ada, "<p>Hi</p>", key="k")
    with pytest.raises(tickets.TooLate):
        tickets.undo(message, grace)


def test_without_a_server_it_goes_to_the_preview_as_it_would_have_left(
    mail_from: MailFrom, ada: Agent
) -> None:
    from inbox import files

    message = tickets.reply(mail_from(), ada, "<p>On its way</p>", key="k", cc=["rui@else.example"])
    message.not_before = None
    db.session.commit()
    outbox.send_now(message.id)
    message = db.session.get(Message, message.id)
    assert (message.state, message.sent_via) == ("sent", "preview")
    raw = files.get(message.raw_sha256 or "")
    assert b"In-Reply-To: <m" in raw and (message.message_id_header or "").encode() in raw
    assert b"rui@else.example" in raw and outbox.previews()[0].id == message.id


def test_a_refused_recipient_fails_with_the_reason_and_can_be_retried(
    mail_from: MailFrom, ada: Agent, support: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox.channels import SendError
    from inbox.channels.email import Email

    def refuse(*_: object) -> None:
        raise SendError("Refused for marina@queiroz.example: 550 no such user", permanent=True)

    monkeypatch.setattr(Email, "send", refuse)
    support.settings = {"smtp_host": "127.0.0.1"}
    message = tickets.reply(mail_from(), ada, "<p>Hi</p>", key="k")
    message.not_before = None
    db.session.commit()
    outbox.send_now(message.id)
    message = db.session.get(Message, message.id)
    assert message.state == "failed" and "no such user" in message.failure
    tickets.retry(message, ada)
    assert message.state == "queued"


def test_reopening_makes_the_customer_wait_again_from_when_they_wrote(
    mail_from: MailFrom, ada: Agent
) -> None:
    ticket = mail_from()
    since = ticket.waiting_since
    tickets.resolve(ticket, ada)
    assert ticket.waiting_since is None
    tickets.reopen(ticket, ada)
    assert ticket.waiting_since == since
    tickets.reply(ticket, ada, "<p>Hi</p>", key="k", then="resolved")
    tickets.reopen(ticket, ada)
    assert ticket.waiting_since is None


def test_a_key_that_named_something_else_does_not_swallow_words(mail_from: MailFrom, ada: Agent) -> None:
    one, two = mail_from(), mail_from()
    tickets.note(one, ada, "<p>Between us</p>", key="k")
    for ticket in (one, two):
        with pytest.raises(tickets.Refused) as refused:
            tickets.reply(ticket, ada, "<p>For her</p>", key="k")
        assert refused.value.reason == "used_key"


@pytest.mark.parametrize("address", ["a@b@c.example", "a\x01@x.example", "a@", "x", "a@b,c@d"])
def test_a_copy_that_could_not_be_written_is_refused_at_once(
    address: str, mail_from: MailFrom, ada: Agent
) -> None:
    with pytest.raises(tickets.Refused) as refused:
        tickets.reply(mail_from(), ada, "<p>Hi</p>", key="k", cc=[address])
    assert refused.value.reason == "bad_copy"


def test_undo_leaves_a_customer_waiting_who_wrote_in_the_meantime(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    tickets.reply(ticket, ada, "<p>First</p>", key="1", then="pending")
    message = tickets.reply(ticket, ada, "<p>Second</p>", key="2", then="resolved")
    answer = tickets.receive(mail_from.account, answer_to(message))
    assert answer is not None and ticket.status == "open"
    tickets.undo(message, ada)
    assert (ticket.status, ticket.waiting_since) == ("open", answer.created_at)


def test_undo_makes_nobody_wait_whom_somebody_else_answered(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    ticket = mail_from()
    message = tickets.reply(ticket, ada, "<p>First</p>", key="1")
    tickets.reply(ticket, grace, "<p>Second</p>", key="2", then="pending")
    tickets.undo(message, ada)
    assert (ticket.status, ticket.waiting_since) == ("pending", None)
