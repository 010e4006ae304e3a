"""Attacks by mail, each named by its row of the attack table, through the real intake."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from inbox import db, files, tickets
from inbox.models import Account, Agent, Event, Message, Payload, Ticket
from tests.attacks.post import (
    EVE,
    MARINA,
    MX,
    SUPPORT,
    again,
    answer,
    count,
    letter,
    message_of,
    post,
    received,
    sent,
    signer,
    trust,
)  # fmt: skip

pytestmark = pytest.mark.slow


def everything_written_to(address: str) -> list[Message]:
    """Messages of ours that name this address."""
    ours = db.session.scalars(select(Message).where(Message.kind == "reply"))
    return [one for one in ours if address in str(one.recipients)]


def test_attack_01_a_ticket_number_in_the_subject_proves_nothing(support: Account, ada: Agent) -> None:
    ticket = received(letter()).ticket
    answer(ada, ticket)
    theirs = received(letter(EVE, f"Re: Cracked cup [#{ticket.id}]", "Send me all you have on this."))
    assert theirs.ticket_id != ticket.id and theirs.ticket.continues_id == ticket.id
    ticket = again(ticket)
    assert ticket.message_count == 2 and ticket.identity.address == "marina@queiroz.example"
    hers = received(letter(subject=f"Re: Cracked cup [#{ticket.id}]", text="Thank you!"))
    assert hers.ticket_id == ticket.id, "the customer's own mail program may lose everything but the subject"


@pytest.mark.parametrize("forge", ["other thread", "other mac", "no mac", "old pattern"])
def test_attack_02_a_forged_message_id_of_ours_names_no_thread(
    support: Account, ada: Agent, forge: str
) -> None:
    ours = answer(ada, received(letter()).ticket)
    real = ours.message_id_header or ""
    head, once, rest = real.split(".", 2)
    mac, domain = rest.split("@")
    forged = {
        "other thread": f"<t{(ours.thread_id or 0) + 1}.{once}.{mac}@{domain}",
        "other mac": f"{head}.{once}.{'a' * len(mac)}@{domain}",
        "no mac": f"{head}.{once}@{domain}",
        "old pattern": f"<ticket-{ours.ticket_id}@barro.example>",
    }[forge]
    assert signer().thread_of(real) == ours.thread_id and signer().thread_of(forged) is None
    theirs = received(letter(EVE, "Re: Cracked cup", "Hello?", f"In-Reply-To: {forged}"))
    assert theirs.ticket_id != ours.ticket_id
    address = f"support+t{ours.thread_id}.{'a' * 18}@barro.example"
    theirs = received(letter(EVE, "Re: Cracked cup", "Hello?", to=address))
    assert theirs.ticket_id != ours.ticket_id


def test_attack_03_a_leaked_token_lets_in_a_flagged_third_party_and_no_more(
    support: Account, ada: Agent
) -> None:
    ticket = received(letter()).ticket
    ours = answer(ada, ticket)
    theirs = received(
        letter(EVE, "Re: Cracked cup", "And now to me.", f"In-Reply-To: {ours.message_id_header}")
    )
    assert theirs.ticket_id == ticket.id and theirs.third_party
    ticket = again(ticket)
    assert ticket.identity.address == "marina@queiroz.example" and not theirs.identity.verified  # type: ignore[union-attr]
    who = tickets.copies.of(ticket)
    assert [person.address for person in who.to] == ["marina@queiroz.example"] and not who.cc
    assert "eve@evil.example" in [person.address for person in who.offered]
    assert everything_written_to("eve@evil.example") == [], "nothing goes to them by itself"


def test_attack_04_a_forged_customer_is_shown_unverified_and_changes_nothing(
    support: Account, ada: Agent
) -> None:
    trust(support)
    hers = received(letter("marina@queiroz.example", dmarc="pass"))
    ours = answer(ada, hers.ticket)
    forged = received(
        letter(
            "Marina the Forged <marina@queiroz.example>",
            "Re: Cracked cup",
            "Please send it to my new address, mallory@evil.example.",
            f"References: {hers.message_id_header}",
            "Cc: mallory@evil.example",
            dmarc="fail",
        )
    )
    hers = again(hers)
    assert forged.trust == "fail" and forged.checks["dmarc"] == "fail"
    assert forged.ticket_id != hers.ticket_id and forged.ticket.continues_id == hers.ticket_id
    assert forged.identity is not hers.identity and forged.ticket.customer is not hers.ticket.customer
    customer = hers.ticket.customer
    assert "Forged" not in customer.name and [one.kind for one in customer.identities] == ["mail"]
    assert not tickets.copies.of(hers.ticket).cc and not tickets.copies.of(forged.ticket).cc
    assert hers.ticket.identity.address == "marina@queiroz.example"
    assert [one.message_id for one in sent_events()] == [sent()[0].id], "only her own mail was confirmed"
    with_token = received(
        letter(MARINA, "Re: Cracked cup", "x", f"In-Reply-To: {ours.message_id_header}", dmarc="fail")
    )
    assert with_token.ticket_id == hers.ticket_id and with_token.third_party
    assert not again(hers).identity.verified  # type: ignore[union-attr]


def sent_events() -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.kind == "acknowledged")))


def test_attack_04_an_acknowledgement_repeats_nothing_of_an_unverified_sender(support: Account) -> None:
    received(letter("Buy Pills <marina@queiroz.example>", "WIN MONEY at evil.example", "Click evil.example"))
    [ours] = sent()
    said = f"{ours.subject} {ours.text} {ours.recipients['to'][0]['name']}"
    for words in ("WIN", "MONEY", "evil", "Buy", "Pills", "Click"):
        assert words not in said
    assert f"[#{ours.ticket_id}]" in ours.subject


def test_attack_05_a_spoofed_sender_adds_no_reader(support: Account, ada: Agent) -> None:
    trust(support)
    ticket = received(letter(dmarc="pass")).ticket
    ours = answer(ada, ticket)
    refers = f"References: {ours.message_id_header}"
    for dmarc in ("", "none", "fail"):
        spoofed = letter(
            MARINA, "Re: Cracked cup", "Adding my lawyer", refers, "Cc: eve@evil.example", dmarc=dmarc
        )
        received(spoofed)
        who = tickets.copies.of(again(ticket))
        assert not who.cc
        offered = [person.address for person in who.offered]
        assert ("eve@evil.example" in offered) or dmarc == "fail"
    ours = answer(ada, ticket, "<p>Only to you.</p>")
    assert "eve@evil.example" not in str(ours.recipients)
    received(
        letter(
            MARINA, "Re: Cracked cup", "Adding my lawyer", refers, "Cc: Rui <rui@law.example>", dmarc="pass"
        )
    )
    assert [person.address for person in tickets.copies.of(again(ticket)).cc] == ["rui@law.example"]
    later = answer(ada, ticket, "<p>Good morning to both of you.</p>")
    assert "rui@law.example" in str(later.recipients)
    assert [one.id for one in everything_written_to("rui@law.example")] == [later.id], "no history goes along"
    assert "The blue one" not in f"{later.text}{later.html}{later.quoted_text}"


def test_attack_05_an_agent_may_add_who_was_only_offered(support: Account, ada: Agent) -> None:
    ticket = received(letter(MARINA, "Cup", "x", "Cc: rui@law.example")).ticket
    assert [person.address for person in tickets.copies.of(again(ticket)).offered] == ["rui@law.example"]
    answer(ada, ticket, cc=["rui@law.example"])
    who = tickets.copies.of(again(ticket))
    assert [person.address for person in who.cc] == ["rui@law.example"] and not who.offered


@pytest.mark.parametrize("claim", ["subject", "references", "token", "all"])
def test_attack_06_mail_from_an_agents_address_is_never_relayed_to_the_customer(
    support: Account, ada: Agent, claim: str
) -> None:
    ticket = received(letter()).ticket
    ours = answer(ada, ticket)
    before = count(Message, Message.kind == "reply", Message.ticket_id == ticket.id)
    lines = {
        "subject": (),
        "references": (
            f"References: {message_of(db.session.scalars(select(Payload)).one()).message_id_header}",
        ),
        "token": (f"In-Reply-To: {ours.message_id_header}",),
        "all": (f"References: {ours.message_id_header}", "X-Forwarded-For: x"),
    }[claim]
    forged = received(
        letter(f"Ada Prado <{ada.email}>", f"Re: [#{ticket.id}]", "Here is your refund: evil.example", *lines)
    )
    assert forged.kind == "customer" and forged.author_id is None
    if claim in ("token", "all"):
        assert forged.ticket_id == ticket.id and forged.third_party
    else:
        assert forged.ticket_id != ticket.id
    assert count(Message, Message.kind == "reply", Message.ticket_id == ticket.id) == before
    assert not any("refund" in one.text for one in everything_written_to("marina@queiroz.example"))


@pytest.mark.parametrize(
    "sender",
    [SUPPORT, "Support <SUPPORT@Barro.example>", '"support"@barro.example', "support+anything@barro.example",
     "orders@barro.example"],
)  # fmt: skip
def test_attack_07_mail_from_our_own_address_is_dropped_as_a_loop_and_written_down(
    support: Account, linen_mailbox: Account, sender: str
) -> None:
    from inbox.models import AccountAddress

    db.session.add(AccountAddress(account_id=linen_mailbox.id, address="orders@barro.example"))
    db.session.commit()
    payload = post(letter(sender))
    assert payload.state == "ignored" and "our own addresses" in payload.reason
    assert count(Ticket) == 0 and count(Message) == 0
    [event] = db.session.scalars(select(Event))
    assert (event.kind, event.data["payload"], event.data["why"]) == (
        "loop_dropped",
        payload.id,
        "own_address",
    )


def test_attack_07_one_of_ours_that_comes_back_by_a_list_is_dropped(support: Account, ada: Agent) -> None:
    ours = answer(ada, received(letter()).ticket)
    raw = files.get(ours.raw_sha256 or "")
    back = raw.replace(b"From: ", b"From: list@lists.example\r\nX-Was-From: ", 1)
    payload = post(back)
    assert payload.state == "ignored" and "came back" in payload.reason
    assert count(Event, Event.kind == "loop_dropped") == 1 and count(Ticket) == 1


def test_attack_08_reply_to_never_says_who_wrote(support: Account) -> None:
    hers = received(letter())
    theirs = received(letter(EVE, "Hello", "Answer to Marina", "Reply-To: marina@queiroz.example"))
    hers = again(hers)
    assert theirs.identity.address == "eve@evil.example"  # type: ignore[union-attr]
    assert theirs.ticket.customer is not hers.ticket.customer
    who = tickets.copies.of(theirs.ticket)
    assert [person.address for person in who.to] == ["eve@evil.example"] and not who.cc
    assert [person.address for person in who.offered] == ["marina@queiroz.example"]


@pytest.mark.parametrize(
    "lines",
    [
        ("From: support@barro.example <x@evil.example>",),
        ("From: marina@queiroz.example <x@evil.example>",),
        (f"From: {EVE}", f"From: {MARINA}"),
        (f"From: {MARINA}", f"From: {EVE}"),
        (f"From: {MARINA}, {EVE}",),
        ("From: =?utf-8?q?marina=40queiroz.example?= <>",),
        ("From: =?utf-8?q?=3Cmarina=40queiroz.example=3E?= <x@evil.example>",),
        ('From: "marina@queiroz.example"@evil.example',),
        ("From: marina@queiroz.example@evil.example",),
        ("From: <marina@queiroz.example> <x@evil.example>",),
        ("Reply-To: marina@queiroz.example",),
        ("Sender: marina@queiroz.example",),
        (),
    ],
)
def test_attack_09_a_from_that_is_not_honest_matches_no_customer(
    support: Account, ada: Agent, lines: tuple[str, ...]
) -> None:
    hers = received(letter())
    ours = answer(ada, hers.ticket)
    references = f"References: {hers.message_id_header} <x@y>"
    hers = again(hers)
    payload = post(letter("", f"Re: [#{hers.ticket_id}]", "It is me", references, *lines))
    if payload.state == "failed":  # nobody can be answered: a person looks at it
        assert count(Message, Message.ticket_id == hers.ticket_id, Message.kind == "customer") == 1
        return
    theirs, hers, ours = message_of(payload), again(hers), again(ours)
    assert theirs.ticket_id != hers.ticket_id and theirs.identity is not hers.identity
    assert theirs.ticket.customer is not hers.ticket.customer
    assert "@" not in theirs.identity.name, "a name that is an address is there to be taken for the sender"  # type: ignore[union-attr]
    assert ours.ticket.identity.address == "marina@queiroz.example"


@pytest.mark.parametrize(
    "lines",
    [
        (f"Authentication-Results: {MX}; dmarc=pass header.from=queiroz.example",),
        ("Authentication-Results: mx.evil.example; dmarc=pass header.from=queiroz.example",),
        (f"X-Authentication-Results: {MX}; dmarc=pass",),
        (f"Authentication-Results: {MX}.evil.example; dmarc=pass",),
    ],
)
def test_attack_10_a_forged_authentication_result_vouches_for_nobody(
    support: Account, lines: tuple[str, ...]
) -> None:
    trust(support)
    ours = f"Authentication-Results: {MX}; dmarc=fail header.from=queiroz.example\r\nReceived: by {MX}; x\r\n"
    forged = "".join(f"{line}\r\n" for line in lines).encode()
    message = received(ours.encode() + forged + letter(MARINA, "Cup", "x", "Cc: eve@evil.example"))
    assert message.trust == "fail" and not tickets.copies.of(message.ticket).cc


def test_attack_10_without_a_server_we_trust_nothing_vouches_for_anybody(support: Account) -> None:
    message = received(letter(dmarc="pass"))
    assert message.trust == "" and message.checks == {}
