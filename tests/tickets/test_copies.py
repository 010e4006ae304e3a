"""Whom an answer goes to: who was there, and nobody a stranger names."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, event

from inbox import db, tickets
from inbox.channels import Person
from inbox.models import Account, AccountAddress, Agent, Ticket
from inbox.tickets.copies import Copies
from inbox.tickets.ours import is_ours
from tests.people import MailFrom, answer_to, inbound

RUI, BIA = Person("rui@else.example", "Rui"), Person("bia@else.example", "Bia")


def cc(ticket: Ticket) -> list[str]:
    return [person.address for person in tickets.copies.of(ticket).cc]


def offered(ticket: Ticket) -> list[str]:
    return [person.address for person in tickets.copies.of(ticket).offered]


def test_a_customer_our_server_vouches_for_brings_their_own_readers(mail_from: MailFrom) -> None:
    ours = Person("support@barro.example")
    ticket = mail_from(trust="pass", to=(ours, BIA), cc=(RUI, Person("MARINA@queiroz.example"), ours))
    assert tickets.copies.of(ticket) == Copies(
        (Person("marina@queiroz.example", "Marina Queiroz"),), (BIA, RUI), ()
    )


def test_who_a_mail_names_that_nobody_vouches_for_is_offered(mail_from: MailFrom) -> None:
    ticket = mail_from(cc=(RUI,), reply_to=(BIA,))
    assert (cc(ticket), offered(ticket)) == ([], ["rui@else.example", "bia@else.example"])


def test_what_an_agent_wrote_last_decides(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from(trust="pass", cc=(RUI,))
    tickets.reply(ticket, ada, "<p>1</p>", key="1", cc=["rui@else.example", "bia@else.example"])
    assert cc(ticket) == ["rui@else.example", "bia@else.example"]
    tickets.reply(ticket, ada, "<p>2</p>", key="2", cc=[])
    assert (cc(ticket), offered(ticket)) == ([], ["rui@else.example", "bia@else.example"])


def test_it_is_decided_by_one_question_that_asks_for_no_text(
    mail_from: MailFrom, ada: Agent, database: Connection
) -> None:
    ticket = mail_from(trust="pass", cc=(RUI,))
    tickets.reply(ticket, ada, "<p>1</p>", key="1", cc=["rui@else.example", "bia@else.example"])
    db.session.commit()
    db.session.expunge_all()
    ticket = db.session.get_one(Ticket, ticket.id)
    asked: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert cc(ticket) == ["rui@else.example", "bia@else.example"]
    [question] = [statement for statement in asked if "FROM message" in statement]
    assert "message.recipients" in question
    assert not [name for name in ("text", "html", "quoted_html", "checks") if f"message.{name}" in question]


def test_somebody_of_the_cc_who_answers_takes_part_and_stays(
    mail_from: MailFrom, support: Account, ada: Agent
) -> None:
    ticket = mail_from()
    ours = tickets.reply(ticket, ada, "<p>1</p>", key="1", cc=["rui@else.example"])
    theirs = tickets.receive(support, answer_to(ours, "Rui <rui@else.example>", trust="pass", cc=(BIA,)))
    assert theirs is not None and not theirs.third_party and theirs.ticket is ticket
    assert cc(ticket) == ["rui@else.example", "bia@else.example"]
    quoting = inbound("Rui <rui@else.example>", refers_to=(ours.message_id_header or "",))
    again = tickets.receive(support, quoting)
    assert again is not None and again.ticket is ticket


def test_neither_a_machine_nor_a_forward_adds_anybody(mail_from: MailFrom, support: Account) -> None:
    ticket = mail_from()
    first = tickets.copies.of(ticket)
    bulk = inbound(trust="pass", automated="auto-replied", cc=(RUI,), ticket=ticket.id)
    assert tickets.receive(support, bulk) is not None
    assert tickets.copies.of(ticket) == first


@pytest.mark.parametrize(
    "address",
    ["support@barro.example", "SUPPORT@barro.example", "support+x@barro.example", '"support"@barro.example'],
)
def test_our_own_addresses_are_known_in_every_dress(support: Account, address: str) -> None:
    assert is_ours(address) and not is_ours("else@barro.example") and not is_ours("")


# -------------------------------------------------------------------------------------- the customer


def test_the_original_sender_becomes_the_customer_and_it_can_be_taken_back(
    mail_from: MailFrom, support: Account, ada: Agent
) -> None:
    ticket = mail_from("Boss <boss@queiroz.example>", forwarded_from=Person("ana@x.example", "Ana"))
    message = ticket_message(ticket)
    assert message.forwarded_from == {"name": "Ana", "address": "ana@x.example"}
    boss = ticket.identity
    tickets.set_customer(ticket, " Ana@X.example", "Ana", ada)
    assert (ticket.identity.address, ticket.customer.name) == ("ana@x.example", "Ana")
    assert tickets.copies.of(ticket).to[0].address == "ana@x.example"
    assert offered(ticket) == ["boss@queiroz.example"]
    ours = tickets.reply(ticket, ada, "<p>Hi Ana</p>", key="1")
    theirs = tickets.receive(support, answer_to(ours, "Ana <ana@x.example>"))
    assert theirs is not None and theirs.ticket is ticket and not theirs.third_party
    old = tickets.receive(support, answer_to(ours, "Boss <boss@queiroz.example>"))
    assert old is not None and old.ticket is ticket and not old.third_party, "who began it still takes part"
    tickets.set_customer(ticket, "boss@queiroz.example", "", ada)
    assert ticket.identity is boss and boss.name == "Boss"


def ticket_message(ticket: Ticket):  # type: ignore[no-untyped-def]
    from sqlalchemy import select

    from inbox.models import Message

    return db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).first()


@pytest.mark.parametrize("address", ["", "ana", "ana@x.example\nBcc: b@c", "support@barro.example", "a@b@c"])
def test_not_everything_is_a_customer(mail_from: MailFrom, ada: Agent, address: str) -> None:
    ticket = mail_from()
    with pytest.raises(tickets.NotACustomer):
        tickets.set_customer(ticket, address, "x", ada)
    assert ticket.identity.address == "marina@queiroz.example"


# ------------------------------------------------------------------------------- which of our addresses


def test_a_ticket_belongs_to_the_team_of_the_address_it_came_to(
    mail_from: MailFrom, support: Account, pottery: object, linen: object
) -> None:
    support.team_id = linen.id  # type: ignore[attr-defined]
    support.addresses.append(AccountAddress(address="pots@barro.example", team_id=pottery.id))  # type: ignore[attr-defined]
    db.session.flush()
    there = mail_from.message(arrived_at=("pots@barro.example", "support@barro.example"))
    assert there.ticket.team_id == pottery.id  # type: ignore[attr-defined]
    assert there.thread is not None and there.thread.address is support.addresses[1]
    here = mail_from.message(arrived_at=("x@y.example", "support@barro.example"))
    assert here.ticket.team_id == linen.id and here.thread.address is support.addresses[0]  # type: ignore[attr-defined, union-attr]
    nowhere = mail_from.message()
    assert nowhere.ticket.team_id == linen.id and nowhere.thread.address is None  # type: ignore[attr-defined, union-attr]
