"""Finding a ticket by what one remembers of it."""

from __future__ import annotations

import pytest

from inbox import customers, search, tickets
from inbox.models import Agent, Team
from tests import asked
from tests.attacks.post import again
from tests.people import MailFrom


def found(agent: Agent, query: str) -> list[int]:
    return [ticket.id for ticket in search.find(agent, query)]


@pytest.mark.parametrize(
    "query",
    ["xicara", "XÍCARA", "xíc", "trincada marina", "queiroz.example", "marina@queiroz.example", "amanha"],
)
def test_by_subject_customer_and_text_accents_or_not(mail_from: MailFrom, ada: Agent, query: str) -> None:
    ticket = mail_from(subject="Xícara trincada", text="Preciso dela amanhã cedo")
    mail_from("Rui <rui@else.example>", subject="Cor do prato", text="Qual é a cor?")
    assert found(ada, query) == [ticket.id]


def test_by_number_first(mail_from: MailFrom, ada: Agent) -> None:
    first = mail_from(subject="One")
    second = mail_from(subject=f"About {first.id}")
    assert found(ada, f"#{first.id}")[0] == first.id
    assert second.id in found(ada, str(first.id))


def test_words_of_different_messages_and_of_a_note(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from(text="It came cracked")
    tickets.note(ticket, ada, "<p>warehouse has three</p>", key="n")
    assert found(ada, "cracked warehouse") == [ticket.id]


def test_by_tag_until_it_is_taken_off(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    tickets.tag(ticket, "Exchange", ada)
    assert found(ada, "exchange") == [ticket.id]
    tickets.untag(ticket, "exchange", ada)
    assert found(ada, "exchange") == []


def test_a_reply_taken_back_is_not_found(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    message = tickets.reply(ticket, ada, "<p>unmistakable</p>", key="k")
    assert found(ada, "unmistakable") == [ticket.id]
    tickets.undo(message, ada)
    assert found(ada, "unmistakable") == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "*",
        '"',
        "a OR b",
        "NEAR(",
        "'; DROP TABLE ticket; --",
        "col:x",
        "^x",
        "(",
        "\x00",
        "a" * 5000,
        "-",
        "%",
        "#999999999999999999",
    ],
)
def test_nothing_typed_breaks_it(mail_from: MailFrom, ada: Agent, query: str) -> None:
    mail_from()
    assert isinstance(found(ada, query), list)


def test_the_index_can_be_built_anew(mail_from: MailFrom, ada: Agent) -> None:
    from inbox.search import reindex

    ticket = mail_from(subject="Xícara")
    assert reindex() == 1
    assert found(ada, "xicara") == [ticket.id]


def test_people_are_found_by_name(mail_from: MailFrom, ada: Agent) -> None:
    mail_from("Marina Queiroz <marina@queiroz.example>")
    mail_from("Rui <rui@else.example>", text="for marina")
    assert [identity.address for identity in customers.people(ada, "marina")] == ["marina@queiroz.example"]


def test_by_what_the_customer_said_of_how_it_was(
    mail_from: MailFrom, ada: Agent, grace: Agent, linen: Team
) -> None:
    survey = asked.sent(mail_from, ada)
    tickets.rate(survey, 2, ["slow"], "Ninguém me telefonou")
    assert found(ada, "telefonou") == [survey.ticket_id] == found(grace, "telefonou")
    tickets.rate(survey, 4, [], "Tudo certo depois")
    assert found(ada, "telefonou") == [] and found(ada, "certo depois") == [survey.ticket_id]
    search.reindex()
    assert found(ada, "certo depois") == [survey.ticket_id]
    tickets.move(survey.ticket, linen, ada)
    assert found(again(grace), "certo depois") == [], "who may not see the ticket does not find its comment"
