"""What is read with all that hangs on it is what the session's own loading would have found."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, inspect

from inbox import access, conversation, db, tickets, trees
from inbox.db import Base
from inbox.models import Account, AccountAddress, Agent, Customer, Following, Identity, Message, Tag, Ticket
from inbox.models.customer_field import CustomerField, CustomerValue
from inbox.views.found import PANE
from tests.people import MailFrom
from tests.views.test_queries import counting


@pytest.fixture
def rich(mail_from: MailFrom, support: Account, ada: Agent, grace: Agent) -> int:
    """A ticket with several of everything that can be several."""
    ticket = mail_from()
    for address in ("returns@house.example", "help@house.example"):
        db.session.add(AccountAddress(account_id=support.id, address=address, name=""))
    for number, address in enumerate(("marina@work.example", "marina@home.example")):
        home = ticket.customer.id if number == 0 else None  # who was merged stands behind one's own
        db.session.add(Identity(kind="email", address=address, customer_id=ticket.customer.id, home_id=home))
    for name in ("Size", "Birthday", "Likes"):
        field = CustomerField(name=name)
        db.session.add(field)
        db.session.flush()
        db.session.add(CustomerValue(customer_id=ticket.customer.id, field_id=field.id, value=name.upper()))
    for follower in (ada, grace):
        db.session.add(Following(ticket_id=ticket.id, agent_id=follower.id))
    tickets.assign(ticket, grace, ada)
    for tag in ("gift", "cup", "broken"):
        tickets.tag(ticket, tag, ada)
    db.session.flush()
    return ticket.id


def anew(ada: Agent, ticket_id: int, *paths: trees.Path) -> Ticket:
    """Read by a session that knows nothing yet."""
    db.session.expunge_all()
    ticket = access.ticket(ada, ticket_id, *paths)
    assert ticket is not None
    return ticket


def told(thing: Base | None) -> Any:
    """What its row says."""
    return thing and {
        attribute.key: getattr(thing, attribute.key) for attribute in inspect(type(thing)).column_attrs
    }


def beside(ticket: Ticket) -> dict[str, Any]:
    customer = ticket.customer
    return {
        "ticket": told(ticket),
        "customer": told(customer),
        "identities": [told(one) for one in customer.identities],
        "values": sorted((value.field.name, value.value) for value in customer.values),
        "organisation": told(customer.organisation),
        "holds": [told(ticket.hold), told(customer.hold)],
        "addresses": [told(one) for one in ticket.account.addresses],
        "assignee": told(ticket.assignee),
        "team": told(ticket.team),
        "followers": sorted(one.agent_id for one in ticket.following),
    }


def test_a_ticket_and_all_beside_it_in_one_statement(rich: int, ada: Agent, database: Connection) -> None:
    by_itself = beside(anew(ada, rich))  # each link asks for itself
    with counting(database) as asked:
        ticket = anew(ada, rich, *PANE)
    assert len(asked) == 1
    with counting(database) as asked:
        found = beside(ticket)
    assert found == by_itself and asked == []
    assert [one["address"] for one in found["addresses"]][1:] == [
        "returns@house.example",
        "help@house.example",
    ]
    assert [one["address"] for one in found["identities"]] == [
        "marina@queiroz.example", "marina@home.example", "marina@work.example"
    ]  # fmt: skip
    assert len(found["values"]) == 3 and len(found["followers"]) == 2 and found["organisation"] is None


def test_what_a_session_holds_stays_as_it_is(rich: int, ada: Agent, grace: Agent) -> None:
    ticket = anew(ada, rich)
    ticket.subject = "Two cups"
    ticket.account.addresses.pop()
    with db.session.no_autoflush:
        again = access.ticket(ada, rich, *PANE)
    assert again is ticket and ticket.subject == "Two cups" and len(ticket.account.addresses) == 2
    db.session.rollback()


def test_what_waits_to_be_written_is_written_first(mail_from: MailFrom, grace: Agent, ada: Agent) -> None:
    ticket = mail_from()
    ticket.assignee_id = grace.id
    assert access.ticket(ada, ticket.id, Ticket.assignee) is ticket
    db.session.expunge_all()
    found = access.ticket(ada, ticket.id, Ticket.assignee)
    assert found and found.assignee and found.assignee.name == grace.name


def test_a_ticket_that_one_may_not_see_is_not_there(rich: int, linus: Agent, ada: Agent) -> None:
    assert access.ticket(ada, 4711, *PANE) is None
    assert access.ticket(linus, rich, *PANE)  # of no team
    ticket = anew(ada, rich)
    ticket.team = grace_team = ticket.assignee.teams[0] if ticket.assignee else None
    assert grace_team is not None
    db.session.flush()
    assert access.ticket(linus, rich, *PANE) is None


def test_lists_of_several_each_their_own_in_order(mail_from: MailFrom, rich: int, ada: Agent) -> None:
    plain = mail_from("Rui <rui@x.example>").id
    db.session.expunge_all()
    both = [db.session.get_one(Ticket, number) for number in (rich, plain)]
    trees.gather(both, Ticket.tags)
    assert [[tag.name for tag in vars(ticket)["tags"]] for ticket in both] == [["broken", "cup", "gift"], []]
    both[1].tags = []
    trees.gather([], Ticket.tags)


def test_messages_come_with_who_wrote_them(mail_from: MailFrom, grace: Agent) -> None:
    ticket = mail_from()
    tickets.reply(ticket, grace, "<p>On its way.</p>", key="1")
    db.session.flush()
    number = ticket.id
    db.session.expunge_all()
    first, answer, *_rest = (
        one
        for one in conversation.newest(db.session.get_one(Ticket, number)).entries
        if isinstance(one, Message)
    )
    held = [vars(first), vars(answer)]
    assert held[0]["author"] is None and isinstance(held[0]["identity"].customer, Customer)
    assert held[1]["author"].name == grace.name and held[1]["attachments"] == []


@pytest.mark.parametrize("many", [1, 2, 3, 5])
def test_things_by_their_numbers(rich: int, database: Connection, many: int) -> None:
    tags = [Tag(name=f"word {number}") for number in range(many)]
    db.session.add_all(tags)
    db.session.flush()
    names = {tag.id: tag.name for tag in tags}
    db.session.expunge_all()
    held = db.session.get_one(Tag, next(iter(names)))
    with counting(database) as asked:
        found = trees.numbered(Tag, [*names, 4711])
    assert {number: tag.name for number, tag in found.items()} == names and len(asked) == 1
    assert found[held.id] is held
    with counting(database) as asked:
        assert trees.numbered(Tag, names) == found and trees.numbered(Tag, []) == {}
    assert asked == []


def test_what_was_read_is_the_sessions_as_if_it_had_loaded_it(rich: int, ada: Agent) -> None:
    ticket = anew(ada, rich, Ticket.account)
    state = inspect(ticket)
    assert state.persistent and not state.modified and ticket in db.session
    assert db.session.get(Ticket, rich) is ticket and inspect(ticket.account).persistent
    ticket.subject = "Three cups"
    assert state.modified and ticket in db.session.dirty
    db.session.flush()
    assert anew(ada, rich).subject == "Three cups"
    db.session.expire_all()
    assert db.session.get_one(Ticket, rich).subject == "Three cups"


def test_a_rollback_forgets_what_was_read(rich: int, ada: Agent) -> None:
    ticket = anew(ada, rich)
    with db.session.begin_nested() as undone:
        ticket.subject = "Three cups"
        db.session.flush()
        undone.rollback()
    assert ticket.subject != "Three cups"
