"""A conversation that we begin: its answers come back to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from inbox import access, customers, db, drafts, search, tickets
from inbox.mail.tokens import Signer
from inbox.models import Account, Agent, Event, Message, Team, Thread, Ticket
from inbox.models.tally import drift
from inbox.tickets.start import known
from inbox.vault import signing_key
from tests.people import MailFrom, answer_to


def begin(support: Account, by: Agent, **values: object) -> Message:
    given = {
        "key": "k",
        "to": ["marina@queiroz.example"],
        "subject": "Your cup",
        "html": "<p>It is ready.</p>",
    }
    return tickets.start(support.addresses[0], by, **{**given, **values})


def test_it_makes_a_ticket_of_the_writers_own_that_waits_for_an_answer(support: Account, ada: Agent) -> None:
    message = begin(support, ada)
    ticket = message.ticket
    assert (ticket.subject, ticket.status, ticket.assignee, ticket.waiting_since) == (
        "Your cup", "pending", ada, None
    )  # fmt: skip
    assert (message.kind, message.state, message.subject) == ("reply", "queued", "Your cup")
    assert message.recipients["to"] == [{"name": "", "address": "marina@queiroz.example"}]
    thread = message.thread
    assert thread and thread.external_id == message.external_id and thread.address == support.addresses[0]
    assert Signer(signing_key()).thread_of(message.message_id_header or "") == thread.id
    opened = db.session.scalars(select(Event).where(Event.kind == "opened")).one()
    assert (opened.ticket_id, opened.agent_id) == (ticket.id, ada.id)
    assert [found.id for found in search.find(ada, "ready")] == [ticket.id] and not drift()


def test_the_answer_stands_on_it(support: Account, ada: Agent) -> None:
    message = begin(support, ada)
    answer = tickets.receive(support, answer_to(message))
    assert answer is not None and (answer.ticket_id, answer.third_party) == (message.ticket_id, False)
    assert message.ticket.status == "open" and message.ticket.waiting_since == answer.created_at
    reply = tickets.reply(message.ticket, ada, "<p>Good</p>", key="2")
    assert reply.thread_id == message.thread_id and answer.message_id_header in reply.references


@pytest.mark.parametrize("then", ["open", "pending", "resolved"])
def test_it_stands_as_its_writer_says(then: str, support: Account, ada: Agent) -> None:
    ticket = begin(support, ada, then=then).ticket
    assert ticket.status == then and (ticket.resolved_at is not None) == (then == "resolved")


def test_it_belongs_to_the_team_of_the_address(
    pottery_mailbox: Account, pottery: Team, grace: Agent, linus: Agent
) -> None:
    ticket = begin(pottery_mailbox, grace).ticket
    assert ticket.team_id == pottery.id and access.ticket(linus, ticket.id) is None


def test_the_same_key_begins_one(support: Account, ada: Agent) -> None:
    assert begin(support, ada) is begin(support, ada)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"to": []}, "nobody"),
        ({"to": ["marina"]}, "bad_copy"),
        ({"to": ["Support@Barro.example"]}, "own_address"),
        ({"cc": ["support+t1.x@barro.example"]}, "own_address"),
        ({"bcc": [f"p{n}@x.example" for n in range(50)]}, "too_many"),
        ({"subject": " \n "}, "no_subject"),
        ({"html": "<p> </p>"}, "empty"),
        ({"send_at": db.now()}, "past"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_is_made(
    values: dict[str, object], reason: str, support: Account, ada: Agent
) -> None:
    with pytest.raises(tickets.Refused) as refused:
        begin(support, ada, **values)
    assert refused.value.reason == reason
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_somebody_in_several_fields_gets_it_once(support: Account, ada: Agent) -> None:
    message = begin(support, ada, cc=["rui@x.example", "MARINA@queiroz.example"], bcc=["Rui@x.example"])
    assert [one["address"] for one in message.recipients["cc"]] == ["rui@x.example"]
    assert message.recipients["bcc"] == []


def test_undo_leaves_nothing_of_it_but_a_draft_with_everything(support: Account, ada: Agent) -> None:
    draft = drafts.begin(ada)
    file = drafts.put(draft, "cup.pdf", "application/pdf", b"%PDF")
    later = db.now() + timedelta(days=2)
    message = begin(
        support, ada, files=[file], draft=draft, cc=["rui@x.example"], bcc=["eva@x.example"],
        then="resolved", send_at=later,
    )  # fmt: skip
    ticket_id = message.ticket_id
    tickets.assign(message.ticket, None, ada)
    back = tickets.undo(message, ada)
    db.session.commit()
    assert back.kind == "new" and back.ticket_id is None and "It is ready." in back.html
    assert back.subject == "Your cup" and [f.filename for f in back.files] == ["cup.pdf"]
    assert back.recipients == {
        "to": "marina@queiroz.example", "cc": "rui@x.example", "bcc": "eva@x.example", "then": "resolved",
        "from": support.addresses[0].id, "signature": True, "send_at": later.isoformat(),
    }  # fmt: skip
    for table in (Ticket, Thread, Message):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0
    assert not search.find(ada, "ready") and not drift()
    kinds = db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket_id)).all()
    assert {"opened", "reply_taken_back"} <= {*kinds}, "what happened stays written down"


def test_undo_keeps_a_ticket_that_goes_on_without_it(support: Account, ada: Agent) -> None:
    message = begin(support, ada)
    ticket = message.ticket
    tickets.note(ticket, ada, "<p>She called</p>", key="n")
    draft = tickets.undo(message, ada)
    assert (draft.kind, draft.ticket_id) == ("reply", ticket.id)
    assert db.session.get(Ticket, ticket.id) is not None and ticket.message_count == 1


def test_who_has_an_open_conversation_is_known_to_those_who_see_it(
    mail_from: MailFrom, linen_mailbox: Account, ada: Agent, grace: Agent
) -> None:
    ticket = mail_from("Nair <nair@x.example>", account=linen_mailbox)
    assert [one.id for one in known(ada, "Nair@x.example")] == [ticket.id]
    assert known(grace, "nair@x.example") == []
    tickets.resolve(ticket, ada)
    assert known(ada, "nair@x.example") == []


def test_the_signature_of_its_address_goes_with_it_unless_left_out(support: Account, ada: Agent) -> None:
    support.addresses[0].signature = "<p>Barro &amp; Linho</p>"
    assert begin(support, ada).signature == "<p>Barro &amp; Linho</p>"
    assert begin(support, ada, key="2", signed=False).signature == ""


def test_people_are_suggested_by_name_and_address_to_those_who_may_see_them(
    mail_from: MailFrom, linen_mailbox: Account, ada: Agent, grace: Agent
) -> None:
    mail_from("Nair Ação <nair@x.example>", account=linen_mailbox)
    mail_from("Marina Queiroz <marina@queiroz.example>", subject="About Nair")
    assert [one.address for one in customers.people(ada, "acao")] == ["nair@x.example"]
    assert [one.address for one in customers.people(ada, "nair")] == ["nair@x.example"]
    assert [one.address for one in customers.people(ada, "nair@x.ex")] == ["nair@x.example"]
    assert customers.people(grace, "nair") == [] and customers.people(grace, "") == []
    assert [one.address for one in customers.people(grace, "mar que")] == ["marina@queiroz.example"]
