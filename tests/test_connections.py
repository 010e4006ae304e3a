"""An admin sees how each mailbox stands, in and out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from inbox import attention, connections, db, intake
from inbox.models import Account, Agent, Message
from tests.people import MailFrom


def test_a_mailbox_that_was_never_tried_is_idle(support: Account) -> None:
    health = connections.health(support)
    assert (health.incoming.state, health.outgoing.state) == ("idle", "idle")
    assert health.error is None and health.last_in is None and health.waiting_in == 0


def test_a_failure_says_since_when_and_goes_away_when_it_works_again(support: Account) -> None:
    connections.failing(support.id, "in", "The server said: %(detail)s", "no")
    since = connections.health(support).incoming.failing_since
    connections.failing(support.id, "in", "The server said: %(detail)s", "x" * 1000)
    error = connections.health(support).error
    assert error and error.failing_since == since and len(error.detail) == 255
    connections.ok(support.id, "in")
    health = connections.health(support)
    assert health.error is None and health.incoming.state == "ok" and not health.incoming.reason


def test_in_and_out_are_apart_and_what_comes_in_is_told_first(support: Account) -> None:
    connections.ok(support.id, "in")
    connections.failing(support.id, "out", "It does not answer.")
    error = connections.health(support).error
    assert error and error.reason == "It does not answer."
    connections.failing(support.id, "in", "No such folder.")
    error = connections.health(support).error
    assert error and error.reason == "No such folder."


def test_a_pause_ends_by_itself_and_when_it_works(support: Account) -> None:
    connections.paused(support.id, 60)
    assert connections.pause_of(support.id) and not connections.pause_of(support.id, "in")
    connections.paused(support.id, -1)
    assert connections.pause_of(support.id) is None
    connections.paused(support.id, 60)
    connections.ok(support.id, "out")
    assert connections.pause_of(support.id) is None and connections.health(support).error is None


def test_what_waits_is_counted_but_not_what_is_scheduled(support: Account, mail_from: MailFrom) -> None:
    intake.accept([support.id], b"From: a@b.example\r\n\r\nHi")
    for _ in range(3):
        mail_from.message()
    messages = db.session.query(Message).order_by(Message.id).all()
    for message, state in zip(messages, ("queued", "queued", "sent"), strict=True):
        db.session.execute(
            update(Message)
            .where(Message.id == message.id)
            .values(state=state, account_id=support.id, send_at=None)
        )
    tomorrow = db.now() + timedelta(days=1)
    db.session.execute(update(Message).where(Message.id == messages[1].id).values(send_at=tomorrow))
    db.session.commit()
    health = connections.health(support)
    assert (health.waiting_in, health.waiting_out) == (1, 1)


def test_several_mailboxes_are_asked_about_at_once(
    support: Account, pottery_mailbox: Account, linen_mailbox: Account
) -> None:
    connections.seen(pottery_mailbox.id, "in")
    connections.failing(linen_mailbox.id, "out", "It does not answer.")
    found = connections.healths([support, pottery_mailbox, linen_mailbox])
    assert found[pottery_mailbox.id].last_in and found[linen_mailbox.id].error and not found[support.id].error
    assert [account.id for account, _row in connections.broken()] == [linen_mailbox.id]


def test_the_admin_and_nobody_else_is_told_of_a_mailbox_that_does_not_work(
    support: Account, ada: Agent, grace: Agent
) -> None:
    connections.failing(support.id, "in", "The server refused the password.")
    db.session.flush()
    [one] = attention.broken(ada)
    assert (one.account, one.direction, one.reason) == (support, "in", "The server refused the password.")
    assert attention.count(ada) == 1
    assert (attention.broken(grace), attention.count(grace)) == ([], 0)
    connections.ok(support.id, "in")
    db.session.flush()
    assert (attention.broken(ada), attention.count(ada)) == ([], 0)
