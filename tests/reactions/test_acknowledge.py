"""A new request is confirmed: in the customer's language, once, and never to a machine."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox import db, tickets
from inbox.models import Account, Acknowledgement, Agent, Identity, Message
from inbox.tickets import words
from tests.attacks.post import EVE, MARINA, again, answer, letter, post, received, send_all, sent, trust


def test_a_request_is_confirmed_in_its_thread_without_ending_the_wait(support: Account) -> None:
    trust(support)
    hers = received(letter(dmarc="pass", text="One of the cups that you sent me came cracked, what now?"))
    [ours] = sent()
    assert (ours.ticket_id, ours.thread_id, ours.kind) == (hers.ticket_id, hers.thread_id, "reply")
    assert ours.subject == "Re: Cracked cup" and ours.references == [hers.message_id_header]
    assert ours.text.startswith("Marina, we received") and str(hers.ticket_id) in ours.text
    ticket = again(hers.ticket)
    assert (ticket.status, ticket.message_count) == ("new", 1) and ticket.waiting_since is not None
    send_all()
    assert again(ours).state == "sent"


def test_it_speaks_the_customers_language(support: Account) -> None:
    received(letter(text="Uma das xícaras que vocês mandaram chegou trincada, o que eu faço agora?"))
    [ours] = sent()
    assert ours.text.startswith("Olá, recebemos") and "Recebemos" in ours.subject


def test_an_account_may_say_it_its_own_way_or_not_at_all(support: Account) -> None:
    support.settings = {"acknowledge_en": "Got it, {{customer.first_name|friend}}."}
    db.session.commit()
    received(letter())
    [ours] = sent()
    assert ours.text == "Got it, friend."
    again(support).settings = {"acknowledge": False}
    db.session.commit()
    received(letter(EVE))
    assert len(sent()) == 1


@pytest.mark.parametrize(
    "sender",
    ["no-reply@shop.example", "Shop <noreply@shop.example>", "do_not_reply@x.example", "bounce+77@x.example",
     "nao-responda@loja.example", "não_responder@loja.example", "MAILER-DAEMON@x.example",
     "x-noreply@x.example"],
)  # fmt: skip
def test_an_address_nobody_reads_gets_none(support: Account, sender: str) -> None:
    post(letter(sender))
    assert not sent()


@pytest.mark.parametrize(
    "sender", ["norah@x.example", "bouncer@x.example", "reply@x.example", "noreplyx@x.example"]
)
def test_a_name_that_only_looks_like_it_gets_one(support: Account, sender: str) -> None:
    received(letter(sender))
    assert len(sent()) == 1


def test_an_answer_in_a_conversation_gets_none(support: Account, ada: Agent) -> None:
    ours = answer(ada, received(letter()).ticket)
    received(letter(MARINA, "Re: Cracked cup", "Thanks", f"In-Reply-To: {ours.message_id_header}"))
    assert len(sent()) == 1


def test_one_an_hour_and_five_a_day(support: Account) -> None:
    for _mail in range(3):
        received(letter())
    assert len(sent()) == 1
    for hour in range(1, 9):
        db.session.execute(update(Acknowledgement).values(at=db.now() - timedelta(hours=2, minutes=hour)))
        past = db.now() - timedelta(hours=1)
        db.session.execute(update(Message).values(created_at=past))
        db.session.commit()
        received(letter())
    assert len(sent()) == 5


def test_a_mailbox_confirms_so_many_a_minute(support: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from inbox import config

    monkeypatch.setenv("PROSA__MAIL__ACKNOWLEDGE_PER_MINUTE", "2")
    config.settings.cache_clear()
    for number in range(4):
        received(letter(f"p{number}@x.example"))
    assert len(sent()) == 2
    config.settings.cache_clear()


def test_an_address_whose_mail_came_back_gets_none(support: Account) -> None:
    hers = received(letter())
    db.session.execute(update(Identity).values(bounced_at=db.now()))
    db.session.execute(update(Acknowledgement).values(at=db.now() - timedelta(hours=2)))
    db.session.commit()
    received(letter())
    assert len(sent()) == 1 and again(hers).identity.bounced_at is None  # type: ignore[union-attr]


def test_spam_gets_none(support: Account, ada: Agent) -> None:
    received(letter())
    first = db.session.scalars(select(Message).where(Message.kind == "customer")).one()
    tickets.mark_spam(first.ticket, again(ada))
    db.session.execute(update(Acknowledgement).values(at=db.now() - timedelta(hours=2)))
    db.session.commit()
    received(letter())
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("name", "greeted"),
    [("Marina Queiroz", "Marina"), ("Ana-Lu", "Ana-Lu"), ("D’Ávila", "D’Ávila"), ("evil.example", ""),
     ("https://evil.example", ""), ("WIN$$$", ""), ("", ""), ("x" * 60, ""), ("{{company}}", "")],
)  # fmt: skip
def test_only_a_name_is_greeted(name: str, greeted: str) -> None:
    assert words.first_name(name) == greeted


def test_a_value_is_never_read_as_a_placeholder() -> None:
    assert (
        words.fill("{{company}}", {"company": "{{ticket.number}}", "ticket.number": "7"})
        == "{{ticket.number}}"
    )
    assert words.fill("{{ company | us }} {{nope}}", {}) == "{{ company | us }} {{nope}}"
    assert words.fill("{{company|us}}", {}) == "us"
