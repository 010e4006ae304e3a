"""Finding a ticket by what one remembers of it."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select, text

from inbox import customers, db, search, tickets
from inbox.access import visible_to
from inbox.channels import Person
from inbox.models import Account, Agent, Customer, Identity, Message, Survey, Team, Ticket
from inbox.privacy import empty
from inbox.search import newest
from inbox.text import words
from inbox.tickets.acknowledge import acknowledge
from tests import asked
from tests.attacks.post import again
from tests.clients import ClientFor
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


def test_people_are_those_who_wrote_to_somebody_who_asks(
    mail_from: MailFrom, pottery_mailbox: Account, ada: Agent, grace: Agent, linus: Agent
) -> None:
    mail_from("Marina Reis <reis@x.example>")
    mail_from("Marina Luz <luz@x.example>", account=pottery_mailbox)
    work = mail_from("Marina Luz <luz@work.example>", account=pottery_mailbox).customer
    customers.identify("mail", Person("never@x.example", "Marina Nunca"))  # on nobody's conversation
    customers.merge(_of("luz@x.example"), work, {}, ada)
    db.session.flush()

    def offered(agent: Agent) -> set[str]:
        return {identity.address for identity in customers.people(agent, "marina")}

    everybody = {"reis@x.example", "luz@x.example", "luz@work.example"}
    assert offered(ada) == offered(grace) == everybody  # both of who was merged, each once
    assert offered(linus) == {"reis@x.example"}


def _of(address: str) -> Customer:
    return db.session.scalars(select(Identity).where(Identity.address == address)).one().customer


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


def test_a_new_index_is_the_one_that_was_kept_and_holds_nothing_that_is_said_to_everybody(
    mail_from: MailFrom, ada: Agent
) -> None:
    emptied = mail_from(subject="Prato").id
    silent = asked.sent(mail_from, ada, "Rui <rui@else.example>").message_id
    empty.ticket(db.session.get_one(Ticket, emptied))
    first = select(Message).where(Message.kind == "customer").order_by(Message.id.desc()).limit(1)
    confirmed = acknowledge(db.session.scalars(first).one()).id
    answered = asked.sent(mail_from, ada, subject="Xícara").id
    survey = db.session.get_one(Survey, answered)
    tickets.rate(survey, 2, [], "Ninguém me telefonou")
    kept = rows()
    assert kept[2 * survey.message_id] == ["me", "ninguem", "telefonou"]
    assert not kept.keys() & {2 * silent, 2 * confirmed, 2 * emptied + 1}
    search.reindex()
    assert rows() == kept


def rows() -> dict[int, list[str]]:
    """What the index holds of each message and each ticket."""
    if db.dialect() == "sqlite":
        found = db.session.execute(text("SELECT rowid, body FROM ticket_text"))
        return {row: sorted(body.split()) for row, body in found}
    found = db.session.execute(text("SELECT id, tsvector_to_array(body) FROM ticket_text"))
    return {row: sorted(body) for row, body in found}


# ------------------------------------------------------------------- when there are more than are read first


@pytest.fixture
def seven(mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Their numbers, newest first; only two are read before the index is asked."""
    monkeypatch.setattr(newest, "READ", 2)
    numbers = [
        mail_from(f"Guest <guest{n}@x.example>", subject=f"Cup {n}", text=said).id
        for n, said in enumerate(["blue plate", "red", "blue", "red", "red", "blue", "red"])
    ]
    return numbers[::-1]


def test_what_is_older_than_the_first_ones_is_found_newest_first(seven: list[int], ada: Agent) -> None:
    assert found(ada, "cup") == seven
    assert found(ada, "blue") == [seven[1], seven[4], seven[6]]
    assert found(ada, "plate") == [seven[6]] and found(ada, "guest0") == [seven[6]]
    assert [ticket.id for ticket in search.find(ada, "cup", limit=3)] == seven[:3]
    assert found(ada, "green") == []


def test_older_ones_hold_every_word_in_any_of_their_messages(seven: list[int], ada: Agent) -> None:
    oldest = db.session.get_one(Ticket, seven[-1])
    tickets.note(oldest, ada, "<p>warehouse</p>", key="n")
    for number in seven[:3]:
        tickets.note(db.session.get_one(Ticket, number), ada, "<p>nothing new</p>", key=f"n{number}")
    assert found(ada, "plate warehouse") == [oldest.id] == found(ada, "warehouse cup")
    assert found(ada, "warehouse red") == []


def test_older_spam_and_what_is_anothers_are_not_found(
    seven: list[int], ada: Agent, grace: Agent, linen: Team
) -> None:
    tickets.mark_spam(db.session.get_one(Ticket, seven[6]), ada)
    tickets.move(db.session.get_one(Ticket, seven[4]), linen, ada)
    assert found(ada, "blue") == [seven[1], seven[4]] and found(again(grace), "blue") == [seven[1]]


def test_a_page_says_that_older_ones_were_not_looked_at(
    seven: list[int], ada: Agent, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets.note(db.session.get_one(Ticket, seven[6]), ada, "<p>not a red one</p>", key="n")
    for number in seven[:2]:
        tickets.note(db.session.get_one(Ticket, number), ada, "<p>nothing new</p>", key=f"n{number}")
    page = client_for(ada)
    assert found(ada, "blue red") == [seven[6]]
    assert "only the newer ones" not in page.get("/search?q=blue+red").text
    monkeypatch.setattr(newest, "CANDIDATES", 1)
    assert search.look(ada, "blue red") == search.Found([], complete=False)
    assert "only the newer ones were looked at" in page.get("/search?q=blue+red").text


def test_a_page_that_as_many_again_should_fill_is_read_on(
    seven: list[int], ada: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_asked: object) -> None:
        raise AssertionError("the index was asked")

    with monkeypatch.context() as patched:
        patched.setattr(newest, "_asked", never)
        assert [ticket.id for ticket in search.find(ada, "red", limit=2)] == [seven[0], seven[2]]
        with pytest.raises(AssertionError):
            search.find(ada, "red", limit=3)
    assert [ticket.id for ticket in search.find(ada, "red", limit=4)] == [seven[n] for n in (0, 2, 3, 5)]


@pytest.mark.parametrize("kind", [newest.SAID, newest.OWN])
@pytest.mark.parametrize("many", [1, 900, 16_000, 20_000, 300_000, 9_000_000])
def test_eras_are_few_and_hold_all_that_is_asked_about(many: int, kind: int) -> None:
    """Each row is in an era of each length, as the migration's index has it."""
    chance = random.Random(many)
    for numbers in (range(first, first + many) for first in (1, 1023, chance.randrange(10**8))):
        asked = {*newest._eras(numbers, kind)}
        assert len(asked) <= newest.MOST_ERAS or many > newest.MOST_ERAS << newest.ERAS[-1]
        for number in (numbers[0], numbers[-1], *chance.choices(numbers, k=50)):
            row = 2 * number + kind
            eras = {
                ((row >> bits + 1) << 3) | (length << 1) | kind for length, bits in enumerate(newest.ERAS)
            }
            assert asked & eras
        longest = 1 << newest.ERAS[-1] + 1
        assert not asked & {
            ((row >> bits + 1) << 3) | (length << 1) | row & 1
            for row in (2 * (numbers[-1] + longest) + kind, 2 * numbers[0] + 1 - kind)
            for length, bits in enumerate(newest.ERAS)
        }


SAID = ("blue", "red", "bluebell", "cup", "plate")


@pytest.mark.parametrize("first, looked_at, part", [(3, 1, 2), (6, 1, 1), (4, 100, 2), (1000, 2, 100)])
def test_the_same_is_found_as_by_reading_everything(
    mail_from: MailFrom,
    ada: Agent,
    grace: Agent,
    linen: Team,
    monkeypatch: pytest.MonkeyPatch,
    first: int,
    looked_at: int,
    part: int,
) -> None:
    """Whatever is looked at in one go or asked of the index, for one who sees all and another."""
    for name, value in {"READ": 2, "FIRST": first, "LOOKED_AT": looked_at, "PART": part}.items():
        monkeypatch.setattr(newest, name, value)
    chance = random.Random(first)
    for number in range(24):
        one = mail_from(subject=" ".join(chance.sample(SAID, 1)), text=" ".join(chance.sample(SAID, 2)))
        if number % 3 == 0:
            tickets.note(one, ada, f"<p>{chance.choice(SAID)}</p>", key=f"n{number}")
        if number % 5 == 0:
            tickets.move(one, linen, ada)
        if number % 7 == 0:
            tickets.mark_spam(one, ada)
    who = ada.id, grace.id
    for agent in (again(db.session.get_one(Agent, number)) for number in who):
        for typed in [*SAID, *(f"{one} {other}" for one in SAID for other in SAID), "plate cup red", "blu"]:
            assert found(agent, typed) == read_through(agent, typed), typed


def read_through(agent: Agent, typed: str) -> list[int]:
    """What is found by reading every conversation from its beginning to its end."""
    *whole, begun = words(typed)
    newest_first = select(Ticket).where(visible_to(agent), Ticket.status != "spam")
    held = []
    for ticket in db.session.scalars(newest_first.order_by(Ticket.active_at.desc(), Ticket.id.desc())):
        texts = db.session.scalars(select(Message.text).where(Message.ticket_id == ticket.id))
        there = {word for said in (ticket.subject, *texts) for word in words(said)}
        if there.issuperset(whole) and any(word.startswith(begun) for word in there):
            held.append(ticket.id)
    return held
