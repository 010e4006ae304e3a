"""One draft in two windows: the newest words stand, and nobody's are lost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from inbox import db, drafts, rivals
from inbox.models import Agent, Draft, Ticket
from inbox.rivals import Writer, digest
from tests.clients import ClientFor, now_of
from tests.people import MailFrom

LAPTOP, PHONE, DESK = "laptop-hand", "phone--hand", "desk---hand"


@pytest.fixture
def ticket(grace: Agent, mail_from: MailFrom) -> Ticket:
    return mail_from()


def save(ticket: Ticket, agent: Agent, words: str, hand: str, base: str = "") -> Draft:
    """From a window that began from these words."""
    writer = Writer(hand, digest(f"<p>{base}</p>") if base else "")
    draft = drafts.save(ticket, agent, "reply", f"<p>{words}</p>" if words else "", writer=writer)
    db.session.commit()
    return draft


def stands(ticket: Ticket, agent: Agent) -> tuple[str, list[str]]:
    """The draft, and what stands apart."""
    draft = drafts.of(now_of(ticket), now_of(agent))["reply"]
    assert draft
    bare = re.compile(r"<[^>]+>")
    return bare.sub("", draft.html), [bare.sub("", one.html) for one in rivals.apart(draft)]


def test_one_window_types_on_and_nothing_stands_apart(ticket: Ticket, grace: Agent) -> None:
    for words in ("H", "He", "Hello"):
        save(ticket, grace, words, LAPTOP)
    assert stands(ticket, grace) == ("Hello", [])
    save(ticket, grace, "Hello there", PHONE, base="Hello")  # opened there, with what was written here
    assert stands(ticket, grace) == ("Hello there", [])
    save(ticket, grace, "Hello there", LAPTOP)  # it came to the same words
    assert stands(ticket, grace) == ("Hello there", [])


def test_what_a_window_has_not_seen_is_put_aside(ticket: Ticket, grace: Agent, bells: Any) -> None:
    save(ticket, grace, "Old", LAPTOP)
    save(ticket, grace, "Newer on the phone", PHONE, base="Old")
    bells.told.clear()
    save(ticket, grace, "Older window types", LAPTOP)
    assert stands(ticket, grace) == ("Older window types", ["Newer on the phone"])
    assert ("draft", {"ticket": ticket.id}, {f"agent:{grace.id}"}) in bells.told


def test_two_that_type_in_turns_keep_one_copy_of_each(ticket: Ticket, grace: Agent) -> None:
    for number in range(4):
        save(ticket, grace, f"Laptop {number}", LAPTOP)
        save(ticket, grace, f"Phone {number}", PHONE)
    assert stands(ticket, grace) == ("Phone 3", ["Laptop 3"])
    save(ticket, grace, "A third", DESK)
    assert stands(ticket, grace) == ("A third", ["Laptop 3", "Phone 3"])


def test_taken_words_change_places_and_the_others_outlive_more_typing(ticket: Ticket, grace: Agent) -> None:
    save(ticket, grace, "Laptop", LAPTOP)
    draft = save(ticket, grace, "Phone", PHONE)
    assert rivals.take(draft, digest("<p>Laptop</p>"))
    assert stands(ticket, grace) == ("Laptop", ["Phone"])
    save(ticket, grace, "Laptop goes on", LAPTOP)
    save(ticket, grace, "Laptop goes on here", PHONE, base="Laptop goes on")
    assert stands(ticket, grace) == ("Laptop goes on here", ["Phone"])
    assert not rivals.take(draft, "0" * 16)
    assert rivals.take(draft, digest(draft.html))  # it is the draft already
    rivals.drop(draft, digest("<p>Phone</p>"))
    assert stands(ticket, grace) == ("Laptop goes on here", [])


def test_throwing_away_takes_only_what_was_seen(ticket: Ticket, grace: Agent) -> None:
    save(ticket, grace, "Old", LAPTOP)
    save(ticket, grace, "Newer", PHONE, base="Old")
    drafts.discard(ticket, grace, "reply", Writer(LAPTOP, ""))
    assert stands(ticket, grace) == ("Newer", [])
    save(ticket, grace, "Mine", LAPTOP)
    drafts.discard(ticket, grace, "reply", Writer(LAPTOP, ""))
    assert stands(ticket, grace) == ("", ["Newer"])
    drafts.discard(ticket, grace, "reply", Writer(PHONE, ""))
    assert stands(ticket, grace) == ("", ["Newer"])  # only by its own button


def test_a_new_conversation_is_as_it_was(grace: Agent) -> None:
    draft = drafts.write(drafts.begin(grace), "<p>One</p>", writer=Writer(LAPTOP, ""))
    drafts.write(draft, "<p>Two</p>", writer=Writer(PHONE, ""))
    assert rivals.apart(draft) == []
    drafts.forget(draft)
    assert db.session.query(Draft).count() == 0


def test_sending_keeps_what_another_window_wrote(ticket: Ticket, grace: Agent, client_for: ClientFor) -> None:
    save(ticket, grace, "Old", LAPTOP)
    save(ticket, grace, "Newer on the phone", PHONE, base="Old")
    client = client_for(grace)
    sent = {"html": "<p>Old, and sent</p>", "key": "k", "hand": LAPTOP, "base": ""}
    assert client.post(f"/tickets/{ticket.id}/replies", data=sent).status_code == 200
    assert stands(ticket, grace) == ("", ["Newer on the phone"])
    page = client.get(f"/tickets/{ticket.id}/_composer").text
    assert "Newer on the phone" in page and "Use these words" in page


def test_over_http_it_is_offered_taken_and_thrown_away(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    client, where = client_for(grace), f"/tickets/{ticket.id}/drafts"
    for hand, words in ((LAPTOP, "Laptop"), (PHONE, "Phone")):
        data = {"html": f"<p>{words}</p>", "hand": hand, "base": ""}
        assert client.put(f"{where}/reply", data=data).status_code == 200
    name = digest("<p>Laptop</p>")
    assert "Laptop" in client.get(f"{where}/_apart").text
    assert client_for(ada).post(f"{where}/reply/apart/{name}").status_code == 404  # their own alone
    assert "Laptop" not in client_for(ada).get(f"{where}/_apart").text
    page = client.post(f"{where}/reply/apart/{name}").text
    assert f'data-base="{name}"' in page and "Phone" in page
    assert client.post(f"{where}/reply/apart/{'0' * 16}").status_code == 404
    assert "Phone" not in client.delete(f"{where}/reply/apart/{digest('<p>Phone</p>')}").text
    assert stands(ticket, grace) == ("Laptop", [])


@pytest.mark.parametrize("hand", ["", "x", "a b c d e f", "x" * 41, "é" * 10])
def test_a_hand_that_is_none_overwrites_as_before(
    hand: str, ticket: Ticket, grace: Agent, client_for: ClientFor
) -> None:
    save(ticket, grace, "Old", LAPTOP)
    data = {"html": "<p>New</p>", "hand": hand, "base": "?" * 500}
    assert client_for(grace).put(f"/tickets/{ticket.id}/drafts/reply", data=data).status_code == 200
    assert stands(ticket, grace) == ("New", [])
