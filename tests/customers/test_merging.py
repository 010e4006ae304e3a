"""Two customers who turn out to be one, and who turn out to be two after all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from inbox import customers, db, search, tickets
from inbox.channels import Person
from inbox.customers import fields, organisations
from inbox.models import Agent, Customer, Event, Identity, Merge, Team, Ticket
from tests.people import MailFrom

ANA = "Ana Souza <ana@home.example>"
WORK = "Ana S. <ana.souza@work.example>"
PHONE = "Aninha <aninha@phone.example>"


def who(ticket: Ticket) -> Customer:
    return ticket.identity.customer


def holder(address: str) -> int:
    return db.session.scalars(select(Identity.customer_id).where(Identity.address == address)).one()


@pytest.fixture
def ana(mail_from: MailFrom) -> Customer:
    return who(mail_from(ANA, subject="Vase"))


@pytest.fixture
def work(mail_from: MailFrom) -> Customer:
    return who(mail_from(WORK, subject="Invoice"))


@pytest.fixture
def phone(mail_from: MailFrom) -> Customer:
    return who(mail_from(PHONE, subject="Hello"))


def test_merging_moves_addresses_and_their_conversations(ana: Customer, work: Customer, ada: Agent) -> None:
    made = customers.merge(ana, work, {}, ada)
    assert [one.address for one in ana.identities] == ["ana@home.example", "ana.souza@work.example"]
    assert {ticket.subject for ticket in db.session.scalars(select(Ticket)) if who(ticket) is ana} == {
        "Vase",
        "Invoice",
    }
    assert customers.root(work) is ana and [one.id for one in customers.merges_of(ana)] == [made.id]
    assert [one.id for one in customers.find(ada, "souza")] == [ana.id]
    assert [row.customer.id for row in customers.page(ada, customers.Asked()).rows] == [ana.id]


def test_mail_that_comes_later_finds_who_it_is(
    ana: Customer, work: Customer, ada: Agent, mail_from: MailFrom
) -> None:
    customers.merge(ana, work, {}, ada)
    assert who(mail_from(WORK, subject="Once more")) is ana


def test_unmerging_sends_addresses_home_with_all_that_came_since(
    ana: Customer, work: Customer, ada: Agent, mail_from: MailFrom
) -> None:
    made = customers.merge(ana, work, {}, ada)
    later = mail_from(WORK, subject="Since then")
    assert customers.unmerge(made, ada) is work
    assert who(later) is work and holder("ana@home.example") == ana.id
    assert customers.root(work) is work and customers.merges_of(ana) == []
    assert {one.id for one in customers.find(ada, "souza")} == {ana.id, work.id}
    assert later.id in [one.id for one in search.find(ada, "since ana")]


def test_merges_of_merges_are_undone_in_any_order(
    ana: Customer, work: Customer, phone: Customer, ada: Agent
) -> None:
    first = customers.merge(work, phone, {}, ada)
    second = customers.merge(ana, work, {}, ada)
    assert holder("aninha@phone.example") == ana.id
    assert {one.id for one in customers.merges_of(ana)} == {first.id, second.id}
    customers.unmerge(first, ada)
    assert holder("aninha@phone.example") == phone.id and holder("ana.souza@work.example") == ana.id
    customers.unmerge(second, ada)
    assert holder("ana.souza@work.example") == work.id
    third = customers.merge(work, phone, {}, ada)
    fourth = customers.merge(ana, work, {}, ada)
    customers.unmerge(fourth, ada)
    assert holder("aninha@phone.example") == work.id
    customers.unmerge(third, ada)
    assert holder("aninha@phone.example") == phone.id


def test_what_is_chosen_wins_and_what_only_one_has_is_kept(ana: Customer, work: Customer, ada: Agent) -> None:
    field = fields.add(ada, "CPF", "text")
    fields.put(work, field.id, "123")
    work.organisation = organisations.add("Work", ada)
    ana.note, work.note, work.tier, ana.language = "Likes clay.", "Pays late.", "vip", "pt"
    customers.merge(ana, work, {"name": "other"}, ada)
    assert (ana.name, ana.tier, ana.language) == ("Ana S.", "vip", "pt")
    assert ana.organisation is work.organisation
    assert ana.note == "Likes clay.\n\nPays late."
    assert customers.own_values(ana) == {f"field-{field.id}": "123"}


def test_unmerging_puts_values_back_unless_somebody_has_changed_them(
    ana: Customer, work: Customer, ada: Agent
) -> None:
    field = fields.add(ada, "CPF", "text")
    fields.put(work, field.id, "123")
    work.tier = "vip"
    made = customers.merge(ana, work, {"name": "other"}, ada)
    assert customers.change(ana, "name", "Ana Maria Souza", "Ana S.", ada) is None
    customers.unmerge(made, ada)
    assert (ana.name, ana.tier, customers.own_values(ana)) == ("Ana Maria Souza", "standard", {})
    assert (work.name, work.tier, customers.own_values(work)) == (
        "Ana S.",
        "vip",
        {f"field-{field.id}": "123"},
    )
    assert made.changed == {}


def test_a_value_that_went_through_two_merges_ends_as_it_began(
    ana: Customer, work: Customer, phone: Customer, ada: Agent
) -> None:
    first = customers.merge(ana, work, {"name": "other"}, ada)
    second = customers.merge(ana, phone, {"name": "other"}, ada)
    customers.unmerge(first, ada)
    assert ana.name == "Aninha"
    customers.unmerge(second, ada)
    assert ana.name == "Ana Souza"


def test_merging_oneself_or_somebody_twice_is_refused(
    ana: Customer, work: Customer, phone: Customer, ada: Agent
) -> None:
    with pytest.raises(customers.Gone):
        customers.merge(ana, ana, {}, ada)
    customers.merge(ana, work, {}, ada)
    with pytest.raises(customers.Gone) as gone:
        customers.merge(phone, work, {}, ada)
    assert gone.value.into is ana
    with pytest.raises(customers.Gone):
        customers.merge(work, ana, {}, ada)


def test_a_preview_that_was_overtaken_is_not_acted_on(ana: Customer, work: Customer, ada: Agent) -> None:
    seen = customers.preview(ana, work)
    customers.change(work, "name", "Ana de Souza", "Ana S.", ada)
    with pytest.raises(customers.Stale):
        customers.merge(ana, work, {}, ada, versions=seen.versions)
    assert work.merged_into_id is None


def test_undoing_twice_is_undoing_once(ana: Customer, work: Customer, ada: Agent) -> None:
    made = customers.merge(ana, work, {}, ada)
    customers.unmerge(made, ada)
    customers.unmerge(made, ada)
    kinds = db.session.scalars(select(Event.kind).where(Event.kind == "customers_unmerged"))
    assert len(kinds.all()) == 1


def test_one_address_is_parted_from_the_rest_and_stays_apart(
    ana: Customer, work: Customer, ada: Agent
) -> None:
    made = customers.merge(ana, work, {}, ada)
    moved = next(one for one in ana.identities if "work" in one.address)
    apart = customers.split(moved, ada)
    assert (apart.name, holder("ana.souza@work.example")) == ("Ana S.", apart.id)
    customers.unmerge(made, ada)
    assert holder("ana.souza@work.example") == apart.id
    with pytest.raises(customers.Gone):
        customers.split(moved, ada)


def test_events_name_who_and_which_and_no_value(ana: Customer, work: Customer, ada: Agent) -> None:
    made = customers.merge(ana, work, {"name": "other"}, ada)
    customers.unmerge(made, ada)
    events = db.session.scalars(select(Event).where(Event.kind.like("customers_%")).order_by(Event.id)).all()
    assert [event.data for event in events] == [
        {"merged": work.id, "merge": made.id, "fields": ["name"]},
        {"restored": work.id, "merge": made.id},
    ]
    assert "Ana" not in str([event.data for event in events])


def test_open_screens_are_told(ana: Customer, work: Customer, ada: Agent, bells: Any) -> None:
    numbers = set(db.session.scalars(select(Ticket.id)))
    bells.told.clear()
    customers.merge(ana, work, {}, ada)
    db.session.commit()
    told = [(news, rooms) for what, news, rooms in bells.told if what == "customer"]
    assert told == [({}, {f"ticket:{number}" for number in numbers})]


def test_who_was_forwarded_can_still_be_made_the_customer(
    ana: Customer, work: Customer, ada: Agent, mail_from: MailFrom
) -> None:
    ticket = mail_from(PHONE)
    customers.merge(ana, work, {}, ada)
    tickets.set_customer(ticket, "ana.souza@work.example", "", ada)
    assert who(ticket) is ana


def test_all_of_a_person_is_seen_by_who_sees_one_ticket_of_theirs(
    ana: Customer, work: Customer, ada: Agent, grace: Agent, linen: Team
) -> None:
    ticket = next(t for t in db.session.scalars(select(Ticket)) if who(t) is work)
    tickets.move(ticket, linen, ada)
    assert [one.id for one in customers.find(grace, "ana")] == [ana.id]
    customers.merge(work, ana, {}, ada)
    assert [one.id for one in customers.find(grace, "ana")] == [work.id]


# ------------------------------------------------------------------------- whatever happens in a row

WHAT = st.sampled_from(["new", "merge", "merge", "merge", "unmerge", "unmerge", "split"])
STEPS = st.lists(st.tuples(WHAT, st.integers(0, 30), st.integers(0, 30)), max_size=20)


class Model:
    """Says where each identity is from the story alone: merges that stand are joined again and again."""

    def __init__(self) -> None:
        self.born: dict[int, int] = {}
        self.standing: dict[int, tuple[int, int]] = {}

    def place(self, identity: int) -> int:
        at = self.born[identity]
        for _step in self.standing:
            at = next((kept for kept, merged in self.standing.values() if merged == at), at)
        return at


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_every_identity_ends_where_the_story_says(
    steps: list[tuple[str, int, int]], ada: Agent, database: object
) -> None:
    before = db.session.begin_nested()
    model, alive, n = Model(), [], 0
    for what, one, two in [("new", 0, 0), ("new", 0, 0), *steps]:
        if what == "new":
            n += 1
            made = customers.identify("mail", Person(f"p{n}@x.example", f"P {n}"))
            db.session.flush()
            model.born[made.id] = made.customer_id
            alive.append(made.customer)
        elif what == "merge":
            kept, other = alive[one % len(alive)], alive[two % len(alive)]
            _merge(model, kept, other, ada)
        elif what == "unmerge" and model.standing:
            number = list(model.standing)[one % len(model.standing)]
            customers.unmerge(db.session.get_one(Merge, number), ada)
            del model.standing[number]
        elif what == "split":
            _split(model, alive, list(model.born)[one % len(model.born)], ada)
        _same(model)
    before.rollback()
    db.session.expire_all()


def _merge(model: Model, kept: Customer, other: Customer, ada: Agent) -> None:
    try:
        made = customers.merge(kept, other, {}, ada)
    except customers.Gone:
        taken = {merged for _kept, merged in model.standing.values()}
        assert kept is other or {kept.id, other.id} & taken
        return
    model.standing[made.id] = (kept.id, other.id)


def _split(model: Model, alive: list[Customer], number: int, ada: Agent) -> None:
    try:
        apart = customers.split(db.session.get_one(Identity, number), ada)
    except customers.Gone:
        return
    model.born[number] = apart.id
    alive.append(apart)


def _same(model: Model) -> None:
    db.session.expire_all()
    found = {one.id: one.customer_id for one in db.session.scalars(select(Identity))}
    assert found == {number: model.place(number) for number in model.born}
