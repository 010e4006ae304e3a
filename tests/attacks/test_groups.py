"""Mail through a group of the company's own, which puts its own address into From."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from inbox import attention, config, customers, db, files, floods, intake
from inbox.models import Account, Agent, Event, Message, Payload, Ticket
from tests.attacks.post import (
    MARINA,
    SUPPORT,
    again,
    answer,
    count,
    letter,
    post,
    react,
    received,
    send_all,
    sent,
    signer,
    trust,
)  # fmt: skip

pytestmark = pytest.mark.slow

MARINA_ADDRESS = "marina@queiroz.example"


def through(
    writer: str = MARINA,
    subject: str = "Cracked cup",
    text: str = "It came cracked.",
    *more: str,
    dmarc: str = "",
) -> bytes:
    """As Google Groups passes it on."""
    bare = writer.rpartition("<")[2].strip("> ")
    return letter(
        f"\"'{writer.partition(' <')[0]}' via Support\" <{SUPPORT}>",
        subject,
        text,
        f"X-Original-Sender: {bare}",
        f"X-Original-From: {writer}",
        f"Reply-To: {writer}",
        "Precedence: list",
        f"Mailing-list: list {SUPPORT}; contact support+owners@barro.example",
        "List-ID: <support.barro.example>",
        "X-Google-Group-Id: 357212215037",
        *more,
        dmarc=dmarc,
    )


def badges(message: Message) -> set[str]:
    return {note for note in message.notes if "group" in note}


def test_what_our_own_group_passes_on_is_the_writers(support: Account, ada: Agent) -> None:
    trust(support)
    known = received(letter(dmarc="pass"))
    message = received(through(dmarc="pass"))
    assert message.identity_id == known.identity_id and message.identity is not None
    assert (message.identity.kind, message.identity.display_name) == ("mail", "Marina Queiroz")
    assert message.automated == "" and message.ticket.waiting_since is not None
    assert (message.trust, message.checks, badges(message)) == ("", {}, {"through_group"})
    assert {(ours.recipients["to"][0]["address"]) for ours in sent()} == {MARINA_ADDRESS}
    ours = answer(ada, message.ticket)
    assert [one["address"] for one in ours.recipients["to"]] == [MARINA_ADDRESS]
    back = received(
        through(MARINA, "Re: x", "Thank you", f"In-Reply-To: {ours.message_id_header}", dmarc="pass")
    )
    assert back.ticket_id == message.ticket_id and not back.third_party


@pytest.mark.parametrize("dmarc", ["", "fail"])
def test_what_anybody_may_have_written_is_shown_as_unverified_and_never_answered(
    support: Account, dmarc: str
) -> None:
    trust(support)
    hers = received(letter(dmarc="pass"))
    before = len(sent())
    claimed = received(through(dmarc=dmarc))
    assert claimed.identity is not None and claimed.identity.kind == customers.UNVERIFIED
    assert claimed.identity.address == MARINA_ADDRESS and claimed.identity_id != hers.identity_id
    assert badges(claimed) == {"from_group"} and claimed.ticket.status == "new"
    assert len(sent()) == before


def test_a_writer_the_fields_do_not_agree_on_is_unverified(support: Account) -> None:
    """Mailman passes on what its members write themselves."""
    trust(support)
    received(letter(dmarc="pass"))
    raw = letter(
        f"Eve via Support <{SUPPORT}>", "Cup", "Send it to me", f"X-Original-From: {MARINA}",
        "Reply-To: Eve <eve@evil.example>", "X-Mailman-Version: 3.3.8", "List-Id: <support.barro.example>",
        dmarc="pass",
    )  # fmt: skip
    message = received(raw)
    assert message.identity is not None
    assert (message.identity.kind, message.identity.address) == (customers.UNVERIFIED, "eve@evil.example")


@pytest.mark.parametrize("mark", ["header", "Message-ID"])
def test_our_own_mail_that_a_group_sends_back_is_dropped(support: Account, ada: Agent, mark: str) -> None:
    trust(support)
    ours = answer(ada, received(letter(dmarc="pass")).ticket)
    raw = files.get(ours.raw_sha256 or "").decode()
    line = next(line for line in raw.splitlines() if line.lower().startswith("x-prosa:"))
    marked = line if mark == "header" else f"Message-ID: {ours.message_id_header}"
    before = count(Message)
    payload = post(through(f"Barro <{SUPPORT}>", "Re: Cracked cup", "On its way", marked, dmarc="pass"))
    assert payload.state == "ignored" and count(Message) == before
    assert count(Event, Event.kind == "loop_dropped") == 1
    assert signer().thread_of(ours.message_id_header or "") is not None


def test_a_group_that_names_no_writer_but_us_is_a_loop(support: Account) -> None:
    trust(support)
    payload = post(through(f"Barro <{SUPPORT}>", dmarc="pass"))
    assert payload.state == "ignored" and count(Message) == 0


def test_an_automatic_answer_through_the_group_is_still_one(support: Account) -> None:
    trust(support)
    away = received(
        through(MARINA, "Out of office", "Back on Monday", "Auto-Submitted: auto-replied", dmarc="pass")
    )
    assert away.automated == "auto-replied" and not sent()


@pytest.mark.parametrize("vouched", [True, False])
def test_attack_12_two_helpdesks_that_answer_each_other_through_a_group_are_cut(
    support: Account, vouched: bool
) -> None:
    trust(support)
    dmarc = "pass" if vouched else ""
    peer = ("Help <help@peer.example>", "Your request", "We received your message.")
    post(through(*peer, dmarc=dmarc))
    answered = set[int]()
    for _round in range(12):
        fresh = [one for one in sent() if one.id not in answered]
        for ours in fresh:
            answered.add(ours.id)
            post(through(*peer, f"In-Reply-To: {ours.message_id_header}", dmarc=dmarc))
            post(through(*peer, dmarc=dmarc))
    send_all()
    assert len(answered) == (1 if vouched else 0)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PROSA__MAIL__FLOOD_LIMIT", "2")
    config.settings.cache_clear()
    yield
    config.settings.cache_clear()


def test_attack_14_a_storm_through_the_group_is_its_writers_and_nobody_elses(
    support: Account, ada: Agent, few: None
) -> None:
    for number in range(4):
        post(through(MARINA, f"Bomb {number}"))
        post(through(f"P{number} <p{number}@x{number}.example>"))
    assert [(flood.sender, flood.n) for flood in attention.flooded(again(ada))] == [(MARINA_ADDRESS, 2)]
    assert floods.key_of(through(), lambda: again(support)) == MARINA_ADDRESS
    assert count(Payload, Payload.state == "held") == 2


def test_older_mail_through_the_group_is_the_customers_and_no_answer_of_ours(support: Account) -> None:
    trust(support)
    for payload_id in intake.accept([support.id], through(dmarc="pass"), source="INBOX/1/1", imported=True):
        intake.read_now(payload_id)
    react()
    [message] = db.session.scalars(select(Message))
    assert message.kind == "customer" and message.imported and message.identity is not None
    assert message.identity.address == MARINA_ADDRESS
    assert db.session.scalars(select(Ticket)).one().status == "closed"
