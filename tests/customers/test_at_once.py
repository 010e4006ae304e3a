"""Two people who say at the same moment who is who."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from inbox import customers, db, migrate
from inbox.channels import Person
from inbox.models import Agent, Customer, Identity, Merge
from tests.test_migrate import url

assert url  # a fixture


@pytest.fixture
def committed(url: str) -> Iterator[None]:
    """A database of its own in which things are really committed: one transaction cannot show it."""
    engine = db.connect(url)
    migrate.upgrade(engine)
    with db.writing() as session:
        session.add(Agent(name="Ada", email="ada@barro.example", role="admin"))
    yield
    db.session.remove()
    engine.dispose()


def people(n: int) -> tuple[list[int], int]:
    with db.writing() as session:
        agent = session.scalars(select(Agent).order_by(Agent.id)).first()
        assert agent
        found = [customers.identify("mail", Person(f"p{i}@x.example", f"P {i}")) for i in range(n)]
        session.flush()
        return [one.customer_id for one in found], agent.id


def at_once(*runs: Callable[[], Any]) -> list[Any]:
    """Start them at one moment; what each returned, or what it raised."""
    start = threading.Barrier(len(runs))
    came: list[Any] = [None] * len(runs)

    def run(at: int) -> None:
        start.wait()
        try:
            came[at] = runs[at]()
        except Exception as problem:
            came[at] = problem

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def merging(kept: int, other: int, by: int) -> Callable[[], int]:
    def run() -> int:
        with db.writing() as session:
            rows = (session.get_one(Customer, kept), session.get_one(Customer, other))
            return customers.merge(*rows, {}, session.get_one(Agent, by)).id

    return run


def test_one_into_the_other_and_the_other_into_the_one(committed: None) -> None:
    (one, two), ada = people(2)
    came = at_once(merging(one, two, ada), merging(two, one, ada))
    assert sorted(type(thing).__name__ for thing in came) == ["Gone", "int"]
    with db.reading():
        ours = select(Identity.customer_id).where(Identity.customer_id.in_([one, two]))
        holders = set(db.session.scalars(ours))
        assert len(holders) == 1 and holders <= {one, two}
        assert db.session.query(Merge).count() == 1


def test_a_circle_of_three_never_closes(committed: None) -> None:
    (one, two, three), ada = people(3)
    at_once(merging(one, two, ada), merging(two, three, ada), merging(three, one, ada))
    with db.reading():
        for customer in db.session.query(Customer):
            assert customers.root(customer).merged_into_id is None
        owners = db.session.execute(
            text("SELECT c.merged_into_id FROM identity i JOIN customer c ON c.id = i.customer_id")
        )
        assert set(owners.scalars()) == {None}


def test_taking_one_merge_back_twice_at_once_is_taking_it_back_once(committed: None) -> None:
    (one, two), ada = people(2)
    number = merging(one, two, ada)()

    def undo() -> int:
        with db.writing() as session:
            return customers.unmerge(session.get_one(Merge, number), session.get_one(Agent, ada)).id

    assert at_once(undo, undo) == [two, two]
    with db.reading():
        undone = text("SELECT count(*) FROM event WHERE kind = 'customers_unmerged'")
        assert db.session.scalar(undone) == 1
