"""Attacks by machines: loops, forged reports, bombs, and poisoned names; through the real intake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from inbox import attention, config, db, files, floods, intake, lists, tickets
from inbox.models import Account, Agent, Identity, Message, Payload, Ticket
from inbox.models.tally import drift
from tests.attacks.post import (
    EVE,
    MARINA,
    again,
    answer,
    count,
    kinds,
    letter,
    message_of,
    post,
    received,
    send_all,
    sent,
)  # fmt: skip
from tests.conftest import Bells

pytestmark = pytest.mark.slow

Settings = Iterator[None]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Other limits than the usual ones: ``allow(limits, flood_limit=3)``."""
    yield monkeypatch
    config.settings.cache_clear()


def allow(limits: pytest.MonkeyPatch, **values: int) -> None:
    for name, value in values.items():
        limits.setenv(f"PROSA__MAIL__{name.upper()}", str(value))
    config.settings.cache_clear()


MACHINES = (
    ("Auto-Submitted: auto-replied",),
    ("Auto-Submitted: auto-generated",),
    ("Precedence: bulk",),
    ("Precedence: list", "List-Id: <news.shop.example>"),
    ("X-Auto-Response-Suppress: All",),
    ("List-Id: News <news.shop.example>",),
    ("Return-Path: <>",),
    ("X-Autoreply: yes",),
    ("List-Unsubscribe: <mailto:x@y.example>",),
)


@pytest.mark.parametrize("lines", MACHINES, ids=lambda lines: lines[0])
def test_attack_11_a_machine_is_kept_and_never_answered(support: Account, lines: tuple[str, ...]) -> None:
    message = received(b"".join(f"{line}\r\n".encode() for line in lines) + letter(EVE))
    assert message.automated and message.ticket.status == "new" and message.ticket.waiting_since is None
    assert not sent()


def test_attack_11_a_report_is_never_answered_and_never_a_message(support: Account) -> None:
    payload = post(report("<someone@else.example>", "x@y.example"))
    assert payload.state == "ignored" and count(Message) == 0 and not sent()


def test_attack_11_an_out_of_office_changes_nothing_of_how_a_ticket_stands(
    support: Account, ada: Agent
) -> None:
    ticket = received(letter()).ticket
    ours = answer(ada, ticket, then="resolved")
    line = f"In-Reply-To: {ours.message_id_header}"
    away = received(
        letter(MARINA, "Out of office: Cracked cup", "Back on Monday", line, "Auto-Submitted: auto-replied")
    )
    ticket = again(ticket)
    assert away.ticket_id == ticket.id and ticket.status == "resolved" and ticket.waiting_since is None
    tickets.reopen(ticket, again(ada))
    assert ticket.waiting_since is None, "nobody waits because of a machine"
    tickets.resolve(ticket, again(ada))
    ticket.resolved_at = db.now() - timedelta(days=30)
    db.session.commit()
    late = received(
        letter(MARINA, "Out of office: Cracked cup", "Back on Tuesday", line, "Auto-Submitted: auto-replied")
    )
    assert late.ticket_id == ticket.id and count(Ticket) == 1, "it opens nothing, however old the ticket"
    assert again(ticket).status == "resolved" and len(sent()) == 1
    desk = letter("desk@queiroz.example", "Out of office", "She left", line, "Auto-Submitted: auto-replied")
    elsewhere = received(desk)
    assert elsewhere.ticket_id == ticket.id and elsewhere.third_party and count(Ticket) == 1


def test_attack_11_our_own_automatic_mail_says_that_it_is(support: Account) -> None:
    received(letter())
    send_all()
    [ours] = sent()
    raw = files.get(again(ours).raw_sha256 or "").decode().lower()
    assert "auto-submitted: auto-replied" in raw and "x-prosa: " in raw


@pytest.mark.parametrize("thousand", [False, True], ids=["usual caps", "no caps"])
@pytest.mark.parametrize("quotes", [True, False], ids=["quoting", "forgetting"])
def test_attack_12_two_helpdesks_that_answer_each_other_are_cut(
    support: Account, limits: pytest.MonkeyPatch, thousand: bool, quotes: bool
) -> None:
    """The other one answers all it gets at once, poses as a person, and forgets every header."""
    if thousand:
        allow(limits, acknowledge_per_hour=1000, acknowledge_per_day=1000)
    post(letter("Help <help@peer.example>", "Your request", "We received your message."))
    answered = set[int]()
    for _round in range(12):
        fresh = [one for one in sent() if one.id not in answered]
        if not fresh:
            break
        for ours in fresh:
            answered.add(ours.id)
            line = (f"In-Reply-To: {ours.message_id_header}",) if quotes else ()
            post(letter("Help <help@peer.example>", "Your request", "We received your message.", *line))
    assert len(answered) <= 5 and not [one for one in sent() if one.id not in answered]
    if thousand and not quotes:
        last = db.session.scalars(select(Ticket).order_by(Ticket.id.desc())).first()
        assert last is not None and "loop_cut" in kinds(last), "and the ticket says why"
    elif not quotes:
        assert len(answered) == 1


def test_attack_12_two_installations_of_ours_do_not_thank_each_other(
    support: Account, linen_mailbox: Account
) -> None:
    """What one sends by itself says so, and the other keeps it without a word."""
    received(letter("Peer <support@peer.example>"))
    send_all()
    [ours] = sent()
    raw = files.get(again(ours).raw_sha256 or "")
    theirs = raw.replace(b"barro.example", b"peer.example").replace(b"X-Prosa: ", b"X-Prosa: other")
    theirs = theirs.replace(b"Message-ID: <", b"Message-ID: <other-")
    there = post(
        theirs.replace(b"To: support@peer.example", b"To: linen@barro.example"), "linen@barro.example"
    )
    assert message_of(there).automated and len(sent()) == 1


def report(message_id: str, recipient: str, status: str = "5.1.1", action: str = "failed") -> bytes:
    """A delivery report as RFC 3464 wants it."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.queiroz.example\r\nTo: support@barro.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n"
        f"Message-ID: <r{abs(hash((message_id, recipient, status, action)))}@mx.queiroz.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="rep"\r\n\r\n'
        "--rep\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--rep\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.queiroz.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} no such user\r\n\r\n"
        "--rep\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: support@barro.example\r\nSubject: Re: Cup\r\nMessage-ID: {message_id}\r\n\r\nHello\r\n"
        "--rep--\r\n"
    ).encode()


@pytest.mark.parametrize("forge", ["stranger's id", "forged mac", "predictable id", "no id"])
def test_attack_13_a_forged_report_marks_nothing(support: Account, ada: Agent, forge: str) -> None:
    ours = answer(ada, received(letter()).ticket)
    real = ours.message_id_header or ""
    forged = {
        "stranger's id": "<x@queiroz.example>",
        "forged mac": real.replace("@", "a@"),
        "predictable id": f"<t{ours.thread_id}@barro.example>",
        "no id": "",
    }[forge]
    payload = post(report(forged, "marina@queiroz.example"))
    assert (payload.state, payload.reason) == ("ignored", "A report about mail that did not come from here.")
    ours = again(ours)
    assert ours.state == "sent" and ours.bounces == []
    assert db.session.scalars(select(Identity)).one().bounced_at is None


def test_attack_13_a_true_id_marks_only_who_that_mail_went_to(support: Account, ada: Agent) -> None:
    received(letter("Rui <rui@else.example>"))
    ours = answer(ada, received(letter()).ticket, cc=["bia@else.example"])
    post(report(ours.message_id_header or "", "rui@else.example"))
    ours = again(ours)
    assert ours.bounces == [] and ours.state == "sent"
    rui = db.session.scalars(select(Identity).where(Identity.address == "rui@else.example")).one()
    assert rui.bounced_at is None


def test_attack_13_a_true_report_marks_message_and_address_until_they_write_again(
    support: Account, ada: Agent
) -> None:
    ours = answer(ada, received(letter()).ticket)
    payload = post(report(ours.message_id_header or "", "Marina@queiroz.example"))
    ours, ada = again(ours), again(ada)
    assert payload.state == "parsed" and ours.bounces[0]["status"] == "5.1.1"
    assert ours.state == "failed" and "no such user" in ours.failure_detail
    assert [one.id for one in attention.messages(ada)] == [ours.id] and attention.count(ada) == 1
    marina = db.session.scalars(select(Identity)).one()
    assert marina.bounced_at and "no such user" in marina.bounce_reason
    assert "bounced" in kinds(ours.ticket) and count(Message, Message.kind == "customer") == 1
    attention.put_aside(ours, ada)
    assert attention.count(ada) == 0
    db.session.commit()
    received(letter())
    assert again(marina).bounced_at is None


def test_attack_14_a_mail_bomb_is_kept_aside_and_the_rest_goes_on(
    support: Account, ada: Agent, limits: pytest.MonkeyPatch, bells: Bells
) -> None:
    allow(limits, flood_limit=3)
    for number in range(12):
        post(letter(EVE, f"Bomb {number}"))
    hers = received(letter())
    assert count(Ticket) == 4 and hers.ticket.status == "new"
    assert count(Payload, Payload.state == "held") == 9 and lists.counts(again(ada))["open"] == 4
    [flood] = attention.flooded(again(ada))
    assert (flood.sender, flood.n) == ("eve@evil.example", 9)
    assert attention.count(again(ada)) == 1, "one line, not nine"
    assert len(sent()) == 2, "one confirmation to each address"
    first = attention.payload(again(ada), flood.first_id)
    assert first is not None
    attention.take_in(first, again(ada))
    db.session.commit()
    assert attention.count(again(ada)) == 0
    limits.setattr(floods, "BATCH", 4)
    bells.rung.clear()
    intake.sweep()
    rung = [number for queue, _run, number in bells.rung if queue == "intake"]
    assert len(set(rung)) == 4, "a batch at a time"
    while rung:
        for number in rung:
            intake.read_now(number)
        bells.rung.clear()
        intake.sweep()
        rung = [number for queue, _run, number in bells.rung if queue == "intake"]
    assert count(Ticket) == 13 and count(Payload, Payload.state == "held") == 0 and not drift()


def test_attack_14_what_is_left_out_opens_nothing(
    support: Account, ada: Agent, limits: pytest.MonkeyPatch
) -> None:
    allow(limits, flood_limit=2)
    for number in range(5):
        post(letter(EVE, f"Bomb {number}"))
    [flood] = attention.flooded(again(ada))
    first = attention.payload(again(ada), flood.first_id)
    assert first is not None
    attention.leave_out(first, again(ada))
    db.session.commit()
    assert count(Payload, Payload.state == "ignored") == 3 and attention.count(again(ada)) == 0
    assert count(Ticket) == 2


def test_attack_14_a_list_storm_and_a_domain_of_machines_count_as_one_sender(
    support: Account, ada: Agent, limits: pytest.MonkeyPatch
) -> None:
    allow(limits, flood_limit=2)
    for number in range(5):
        post(
            letter(
                f"P{number} <p{number}@x{number}.example>",
                "Re: Re: unsubscribe",
                "me too",
                "List-Id: <all.corp.example>",
            )
        )
        post(letter(f"bot{number}@cron.example", "Disk full", "x", "Auto-Submitted: auto-generated"))
    held = {flood.sender: flood.n for flood in attention.flooded(again(ada))}
    assert held == {"list:all.corp.example": 3, "@cron.example": 3}


def test_attack_14_a_storm_that_is_over_is_forgotten(support: Account, limits: pytest.MonkeyPatch) -> None:
    allow(limits, flood_limit=2)
    for number in range(4):
        post(letter(EVE, f"Bomb {number}"))
    assert count(Ticket) == 2
    past = db.now() - floods.WINDOW - timedelta(minutes=1)
    db.session.execute(update(Payload).values(created_at=past))
    db.session.commit()
    received(letter(EVE, "Sorry"))
    assert count(Ticket) == 3


def test_attack_15_a_reused_message_id_does_not_swallow_somebody_elses_mail(support: Account) -> None:
    name = "Message-ID: <order-7@queiroz.example>"
    first = post(letter(EVE, "Cracked cup", "Nothing to see", name))
    hers = post(letter(MARINA, "Cracked cup", "It came cracked", name))
    again_ = post(letter(MARINA, "Cracked cup", "It came cracked", name))
    assert (first.state, hers.state) == ("parsed", "parsed") and count(
        Message, Message.kind == "customer"
    ) == 2
    assert again_.state == "ignored" and again_.reason == "We have this message already."


def test_attack_15_a_place_in_a_mailbox_with_other_content_is_kept_too(support: Account) -> None:
    """By IMAP: another place, the same Message-ID."""
    name = "Message-ID: <order-7@queiroz.example>"
    for uid, text in enumerate(("It came cracked", "It came in two pieces"), 1):
        raw = letter(MARINA, "Cracked cup", text, name)
        for payload_id in intake.accept([support.id], raw, source=f"INBOX/1/{uid}"):
            intake.read_now(payload_id)
    assert count(Message, Message.kind == "customer") == 2


def test_attack_27_placeholders_of_a_text_are_a_list_and_no_language(support: Account) -> None:
    text = (
        "{{7*7}} {{config}} {{ticket.number}} {{customer.first_name|there}} {{company}} {% x %} {{ticket.x}}"
    )
    support.settings = {**support.settings, "acknowledge_en": text}
    db.session.commit()
    ticket = received(letter("{{company}} <marina@queiroz.example>")).ticket
    [ours] = sent()
    said = text.replace("{{ticket.number}}", str(ticket.id)).replace("{{company}}", "Barro & Linho")
    assert ours.text == said.replace("{{customer.first_name|there}}", "there")


def test_attack_13_a_report_about_older_mail_of_ours_whose_id_anybody_can_guess_marks_nothing(
    support: Account,
) -> None:
    raw = letter("support@barro.example", "Re: Cup", "x", "Message-ID: <reply-2@barro.example>", to=MARINA)
    for payload_id in intake.accept([support.id], raw, source="Sent/1/1", imported=True):
        intake.read_now(payload_id)
    payload = post(report("<reply-2@barro.example>", "marina@queiroz.example"))
    [ours] = db.session.scalars(select(Message))
    assert payload.state == "ignored" and ours.bounces == [] and ours.state == "sent"


def test_customers_who_write_through_the_companys_own_group_are_people(support: Account) -> None:
    group = ("List-Id: <support.barro.example>", "Precedence: list")
    through = received(letter(MARINA, "Cracked cup", "It came cracked", *group))
    assert through.automated == "" and through.ticket.waiting_since is not None
    foreign = received(letter(EVE, "News", "Our news", "List-Id: <news.evil.example>"))
    assert foreign.automated == "list" and foreign.ticket.waiting_since is None
