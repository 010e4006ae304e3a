"""A customer's message becomes part of the right ticket, once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from inbox import db, search, tickets
from inbox.channels import Media, Person
from inbox.models import Account, Agent, Attachment, Customer, Event, Message, Ticket
from inbox.models.tally import drift
from tests.people import MailFrom, answer_to, inbound


def reply_of(
    agent: Agent, ticket: Ticket, key: str = "k1", html: str = "<p>On its way.</p>", **options: object
) -> Message:
    return tickets.reply(ticket, agent, html, key=key, **options)  # type: ignore[arg-type]


def test_a_first_mail_opens_a_ticket_of_a_new_customer(mail_from: MailFrom) -> None:
    ticket = mail_from(
        "Marina Queiroz <Marina@Queiroz.example>", subject="Cracked cup", text="It came cracked."
    )
    assert (ticket.subject, ticket.status, ticket.snippet) == ("Cracked cup", "new", "It came cracked.")
    assert ticket.identity.address == "marina@queiroz.example"
    assert ticket.customer.name == "Marina Queiroz"
    assert ticket.waiting_since is not None and ticket.message_count == 1
    assert not drift()


def test_the_same_mail_twice_is_one_message(support: Account) -> None:
    mail = inbound()
    assert tickets.receive(support, mail) is not None
    assert tickets.receive(support, mail) is None
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1


def test_a_second_mail_from_the_same_address_is_the_same_customer(mail_from: MailFrom) -> None:
    first, second = mail_from(), mail_from()
    assert first.id != second.id
    assert first.customer is second.customer
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


def test_an_answer_joins_the_ticket_and_proves_the_address(
    mail_from: MailFrom, support: Account, ada: Agent
) -> None:
    ticket = mail_from()
    ours = reply_of(ada, ticket)
    assert ticket.waiting_since is None
    answer = tickets.receive(support, answer_to(ours, text="Thank you"))
    assert answer is not None and answer.ticket is ticket
    assert ticket.identity.verified and not answer.third_party
    assert ticket.waiting_since is not None


def test_references_of_a_participant_thread_without_our_signature(
    mail_from: MailFrom, support: Account
) -> None:
    first = mail_from.message()
    again = tickets.receive(support, inbound(refers_to=(first.message_id_header or "",)))
    assert again is not None and again.ticket is first.ticket


def test_a_stranger_who_refers_to_a_mail_gets_a_linked_ticket(mail_from: MailFrom, support: Account) -> None:
    first = mail_from.message()
    other = tickets.receive(
        support,
        inbound("Eve <eve@evil.example>", refers_to=(first.message_id_header or "",), subject="Re: [#1]"),
    )
    assert other is not None and other.ticket is not first.ticket
    assert other.ticket.continues_id == first.ticket_id


def test_a_third_party_with_a_valid_token_is_flagged(
    mail_from: MailFrom, support: Account, ada: Agent
) -> None:
    ticket = mail_from()
    ours = reply_of(ada, ticket)
    other = tickets.receive(support, answer_to(ours, "Rui <rui@else.example>"))
    assert other is not None and other.ticket is ticket
    assert other.third_party and not other.identity.verified  # type: ignore[union-attr]
    assert ticket.identity.address == "marina@queiroz.example"


def test_an_answer_to_a_resolved_ticket_reopens_it(mail_from: MailFrom, support: Account, ada: Agent) -> None:
    ticket = mail_from()
    ours = reply_of(ada, ticket, then="resolved")
    assert ticket.status == "resolved"
    tickets.receive(support, answer_to(ours))
    assert ticket.status == "open" and ticket.resolved_at is None
    assert not drift()


def test_an_answer_long_after_opens_a_new_linked_ticket(
    mail_from: MailFrom, support: Account, ada: Agent
) -> None:
    ticket = mail_from()
    ours = reply_of(ada, ticket, then="resolved")
    ticket.resolved_at = db.now() - timedelta(days=8)
    later = tickets.receive(support, answer_to(ours))
    assert later is not None and later.ticket is not ticket
    assert later.ticket.continues_id == ticket.id and ticket.status == "resolved"
    third = tickets.receive(support, answer_to(ours))
    assert third is not None and third.ticket is later.ticket


def test_a_machine_changes_no_state(mail_from: MailFrom, support: Account, ada: Agent) -> None:
    ticket = mail_from()
    ours = reply_of(ada, ticket, then="resolved")
    tickets.receive(support, answer_to(ours, automated="auto-replied"))
    assert ticket.status == "resolved" and ticket.waiting_since is None
    assert ticket.message_count == 3


def test_files_are_kept_before_the_row_names_them(mail_from: MailFrom, ada: Agent) -> None:
    from inbox import files

    ticket = mail_from(files=(Media("cup.jpg", "image/jpeg", b"\xff\xd8cup"),))
    kept = db.session.scalars(select(Attachment)).one()
    assert files.get(kept.sha256) == b"\xff\xd8cup"
    assert [found.id for found in search.find(ada, "cup.jpg")] == [ticket.id]


def test_what_happened_is_written_down_without_words(mail_from: MailFrom) -> None:
    ticket = mail_from(text="my card number is 4111")
    events = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id)).all()
    assert [event.kind for event in events] == ["opened", "message_received"]
    assert "4111" not in repr([event.data for event in events])


def test_a_new_ticket_belongs_to_the_team_of_its_mailbox(
    pottery_mailbox: Account, mail_from: MailFrom
) -> None:
    assert mail_from(account=pottery_mailbox).team is pottery_mailbox.team


def test_recipients_are_remembered(mail_from: MailFrom) -> None:
    message = mail_from.message(cc=(Person("rui@else.example", "Rui"),))
    assert message.recipients["cc"] == [{"name": "Rui", "address": "rui@else.example"}]


def test_a_third_party_stays_one(mail_from: MailFrom, support: Account, ada: Agent) -> None:
    ours = reply_of(ada, mail_from())
    for _time in range(2):
        other = tickets.receive(support, answer_to(ours, "Rui <rui@else.example>"))
        assert other is not None and other.third_party
        assert not other.identity.verified  # type: ignore[union-attr]
    guess = inbound("Rui <rui@else.example>", refers_to=(ours.message_id_header or "",))
    unsigned = tickets.receive(support, guess)
    assert unsigned is not None and unsigned.ticket is not ours.ticket


def test_a_third_party_does_not_take_over_a_closed_conversation(
    mail_from: MailFrom, support: Account, ada: Agent
) -> None:
    ticket = mail_from()
    ours = reply_of(ada, ticket, then="resolved")
    ticket.resolved_at = db.now() - timedelta(days=8)
    theirs = tickets.receive(support, answer_to(ours, "Eve <eve@evil.example>"))
    assert theirs is not None and theirs.ticket.continues_id == ticket.id
    later = tickets.receive(support, answer_to(ours))
    assert later is not None and later.ticket is not theirs.ticket
    assert later.ticket.identity.address == "marina@queiroz.example"
