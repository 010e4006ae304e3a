"""Replies that leave later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox import attention, db, outbox, tickets
from inbox.models import Account, Agent, Message
from tests.people import MailFrom, answer_to


def soon() -> timedelta:
    return timedelta(hours=3)


def test_it_leaves_at_its_moment_and_not_before(mail_from: MailFrom, ada: Agent) -> None:
    at = db.now() + soon()
    message = tickets.reply(mail_from(), ada, "<p>Later</p>", key="k", send_at=at)
    assert message.is_scheduled and (message.send_at, message.not_before) == (at, at)
    db.session.commit()
    outbox.send_now(message.id)
    assert db.session.get_one(Message, message.id).state == "queued"


@pytest.mark.parametrize(("days", "reason"), [(-1, "past"), (400, "too_late")])
def test_a_moment_nobody_means_is_refused(days: int, reason: str, mail_from: MailFrom, ada: Agent) -> None:
    with pytest.raises(tickets.Refused) as refused:
        tickets.reply(mail_from(), ada, "<p>x</p>", key="k", send_at=db.now() + timedelta(days=days))
    assert refused.value.reason == reason


def test_send_now_makes_it_an_ordinary_reply_that_can_be_undone(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    message = tickets.reply(mail_from(), ada, "<p>x</p>", key="k", send_at=db.now() + soon())
    tickets.send_now(message, grace)
    assert message.send_at is None and message.is_undoable
    assert message.not_before is not None and message.not_before < db.now() + timedelta(minutes=1)
    with pytest.raises(tickets.TooLate):
        tickets.send_now(message, grace)


def test_editing_it_gives_the_moment_back_too(mail_from: MailFrom, ada: Agent) -> None:
    ticket, at = mail_from(), db.now() + soon()
    message = tickets.reply(ticket, ada, "<p>x</p>", key="k", send_at=at, cc=["rui@x.example"])
    draft = tickets.undo(message, ada)
    assert draft.recipients["send_at"] == at.isoformat() and draft.recipients["cc"] == "rui@x.example"


def test_a_colleague_may_stop_it_and_its_words_stay_its_writers(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    message = tickets.reply(mail_from(), ada, "<p>x</p>", key="k", send_at=db.now() + soon())
    assert tickets.undo(message, grace).agent_id == ada.id


def test_who_writes_before_it_leaves_stops_it(mail_from: MailFrom, ada: Agent) -> None:
    first = mail_from.message()
    ticket = first.ticket
    sent = tickets.reply(ticket, ada, "<p>One</p>", key="1")
    sent.state = "sent"
    later = tickets.reply(ticket, ada, "<p>Two</p>", key="2", send_at=db.now() + soon())
    tickets.receive(mail_from.account, answer_to(sent, text="Wait!"))
    assert later.state == "failed" and "Somebody wrote before it left" in later.failure
    assert [one.id for one in attention.messages(ada)] == [later.id]
    tickets.retry(later, ada)
    assert later.state == "queued" and later.send_at is None


def test_what_was_stopped_can_be_edited(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    later = tickets.reply(ticket, ada, "<p>Two</p>", key="2", send_at=db.now() + soon())
    tickets.receive(mail_from.account, answer_to(later, text="Wait!"))
    assert "Two" in tickets.undo(later, ada).html
    assert ticket.waiting_since is not None


def test_a_machine_stops_nothing_and_what_leaves_at_once_is_not_stopped(
    mail_from: MailFrom, ada: Agent, support: Account
) -> None:
    ticket = mail_from()
    now = tickets.reply(ticket, ada, "<p>One</p>", key="1")
    later = tickets.reply(ticket, ada, "<p>Two</p>", key="2", send_at=db.now() + soon())
    tickets.receive(support, answer_to(now, automated="auto-replied"))
    assert (now.state, later.state) == ("queued", "queued")
    tickets.receive(support, answer_to(now, text="Wait!"))
    assert (now.state, later.state) == ("queued", "failed")
