"""Tags and topics: what a change means for every ticket that has one, in batches, and in the history."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from inbox import db, search, tags, tickets, topics
from inbox.models import Agent, Event, Tag, Ticket, Topic
from inbox.models.tag import tagging
from tests.clients import ClientFor, now_of
from tests.conftest import Bells
from tests.people import MailFrom


@pytest.fixture
def three(grace: Agent, mail_from: MailFrom) -> list[Ticket]:
    """Three tickets: refund; refund and refunds; refunds."""
    made = [mail_from(f"Guest {n} <guest{n}@x.example>", subject=f"Cup {n}") for n in range(3)]
    for ticket, names in zip(made, (["refund"], ["refund", "refunds"], ["refunds"]), strict=True):
        for name in names:
            tickets.tag(ticket, name, grace)
    db.session.commit()
    return made


def tag(name: str) -> Tag:
    return db.session.scalars(select(Tag).where(Tag.name == name)).one()


def work() -> None:
    """What the worker does once the bell rang."""
    db.session.commit()
    for one in db.session.scalars(select(Tag.id).where(Tag.gone_at.is_not(None))).all():
        tags.spread(one)
    for one in db.session.scalars(select(Topic.id).where(Topic.gone_at.is_not(None))).all():
        topics.spread(one)
    db.session.expire_all()


def names(ticket: Ticket) -> list[str]:
    return sorted(one.name for one in now_of(ticket).tags)


def events(*kinds: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.kind.in_(kinds)).order_by(Event.id)))


def test_merging_puts_the_other_on_every_ticket_once(
    ada: Agent, grace: Agent, three: list[Ticket], bells: Bells
) -> None:
    ids = [ticket.id for ticket in three]
    tags.merge([tag("refunds")], tag("refund"), ada)
    db.session.commit()
    assert [use.tag.name for use in tags.every()] == ["refund"]
    assert [(use.tag.name, use.tickets) for use in tags.going()] == [("refunds", 2)]
    assert ("reactions", "spread", tag("refunds").id) in bells.rung
    work()
    for number in ids:
        assert [one.name for one in db.session.get_one(Ticket, number).tags] == ["refund"]
    assert tags.going() == [] and tags.every()[0].tickets == 3
    assert len(search.find(ada, "refund")) == 3 and search.find(ada, "refunds") == []
    [merged] = events("tag_merged")
    assert merged.data["tickets"] == 2, "one event, and not one a ticket"
    tagged = [event.data["tag"] for event in events("tagged")]
    assert {db.session.get_one(Tag, number).name for number in tagged} == {"refund", "refunds"}


def test_whoever_types_an_old_name_gets_the_new_tag(ada: Agent, grace: Agent, three: list[Ticket]) -> None:
    tags.rename(tag("refund"), "  Money Back ", ada)
    assert names(three[0]) == ["money back"]
    tickets.tag(three[2], "refund", grace)
    assert names(three[2]) == ["money back", "refunds"]
    tags.rename(tag("money back"), "refund", ada)
    tickets.tag(three[2], "Money back", grace)
    assert names(three[2]) == ["refund", "refunds"], "its own former name is itself"
    assert [event.data["name"] for event in events("tag_renamed")] == [
        ["refund", "money back"],
        ["money back", "refund"],
    ]


def test_a_renamed_tag_is_found_by_its_new_name(ada: Agent, three: list[Ticket]) -> None:
    number = tag("refund").id
    tags.rename(tag("refund"), "devolução", ada)
    db.session.commit()
    tags.reindex(number)
    assert len(search.find(ada, "devolucao")) == 2


def test_renaming_to_a_name_that_is_there_merges(ada: Agent, three: list[Ticket]) -> None:
    assert tags.rename(tag("refunds"), "refund", ada).name == "refund"
    work()
    assert [names(ticket) for ticket in three] == [["refund"]] * 3
    assert len(events("tag_merged")) == 1 and events("tag_renamed") == []


def test_removing_takes_it_from_every_ticket_and_it_may_come_back(
    ada: Agent, grace: Agent, three: list[Ticket]
) -> None:
    tags.remove(tag("refund"), ada)
    work()
    assert [names(ticket) for ticket in three] == [[], ["refunds"], ["refunds"]]
    assert search.find(ada, "refund") and len(search.find(ada, "refunds")) == 2  # a beginning finds it too
    tickets.tag(now_of(three[0]), "refund", grace)
    assert names(three[0]) == ["refund"] and [use.tickets for use in tags.every()] == [1, 2]


def test_one_that_comes_back_while_it_goes_is_only_where_it_was_put_again(
    ada: Agent, grace: Agent, three: list[Ticket]
) -> None:
    tags.remove(tag("refund"), ada)
    tickets.tag(now_of(three[2]), "refund", grace)
    work()
    assert [names(ticket) for ticket in three] == [[], ["refunds"], ["refund", "refunds"]]


def test_the_sweep_finds_what_no_bell_rang_for(ada: Agent, three: list[Ticket], bells: Bells) -> None:
    tags.remove(tag("refund"), ada)
    db.session.commit()
    bells.rung.clear()
    assert tags.sweep() == 1 and bells.rung == [("reactions", "spread", tag("refund").id)]
    work()
    assert tags.sweep() == 0


def test_many_tickets_are_worked_off_in_batches(
    ada: Agent, three: list[Ticket], bells: Bells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tags, "BATCH", 1)
    monkeypatch.setattr(tags, "MOST_BATCHES", 1)
    tags.remove(tag("refund"), ada)
    db.session.commit()
    bells.rung.clear()
    tags.spread(tag("refund").id)
    left = select(func.count()).select_from(tagging).where(tagging.c.tag_id == tag("refund").id)
    assert db.session.scalar(left) == 1 and len(bells.rung) == 1, "others have their turn in between"
    tags.spread(tag("refund").id)
    assert db.session.scalar(left) == 0 and len(events("tagged")) == 4


@pytest.mark.parametrize(("name", "reason"), [(" ", "empty"), ("x" * 41, "too_long")])
def test_a_name_that_cannot_be_is_refused(name: str, reason: str, ada: Agent, three: list[Ticket]) -> None:
    with pytest.raises(tags.Invalid, match=reason):
        tags.rename(tag("refund"), name, ada)


# -------------------------------------------------------------------------------------------- topics


@pytest.fixture
def returns(ada: Agent) -> Topic:
    topics.add("Invoices", ada)
    return topics.add("Returns", ada)


def test_a_topic_is_chosen_on_a_ticket_and_the_history_says_so(
    grace: Agent, returns: Topic, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from()
    client, number, topic = client_for(grace), ticket.id, returns.id
    menu = client.get(f"/tickets/{number}/_pick/topic").text
    assert menu.index("Invoices") < menu.index("Returns") and "No topic" in menu
    head = client.put(f"/tickets/{number}/topic", data={"topic_id": str(topic)}).text
    assert 'id="pick-topic"' in head and "Returns" in head
    client.put(f"/tickets/{number}/topic", data={"topic_id": str(topic)})
    assert [event.data for event in events("topic_set")] == [{"before": None, "to": topic}]
    assert "set the topic to <b>Returns</b>" in client.get(f"/tickets/{number}/_turns?since=1").text
    assert client.put(f"/tickets/{number}/topic", data={"topic_id": "99999"}).status_code == 422
    gone = client.put(f"/tickets/{number}/topic", data={"topic_id": ""}).text
    assert 'id="pick-topic"' not in gone and now_of(ticket).topic_id is None


def test_an_archived_one_is_kept_and_no_longer_offered(
    ada: Agent, returns: Topic, mail_from: MailFrom
) -> None:
    ticket = mail_from()
    tickets.set_topic(ticket, returns, ada)
    topics.change(returns, "Returns", True, ada)
    assert [topic.name for topic in topics.offered()] == ["Invoices"]
    assert [use.topic.name for use in topics.every()] == ["Invoices", "Returns"]
    assert ticket.topic is returns
    assert events("topic_changed")[0].data["archived"] == [False, True]


def test_the_order_is_ones_own(ada: Agent, returns: Topic) -> None:
    topics.add("Wholesale", ada)
    topics.move(returns, -1, ada)
    topics.move(returns, -1, ada)
    assert [topic.name for topic in topics.offered()] == ["Returns", "Invoices", "Wholesale"]
    assert len(events("topics_ordered")) == 1


def test_one_that_goes_hands_its_tickets_over(
    ada: Agent, returns: Topic, mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "BATCH", 2)
    made = [mail_from(f"Guest {n} <guest{n}@x.example>") for n in range(3)]
    for ticket in made:
        tickets.set_topic(ticket, returns, ada)
    [invoices] = [topic for topic in topics.offered() if topic.name == "Invoices"]
    topics.remove(returns, invoices, ada)
    db.session.commit()
    assert topics.sweep() == 1
    work()
    assert [now_of(ticket).topic.name for ticket in made] == ["Invoices"] * 3
    assert topics.sweep() == 0 and topics.going() == []
    assert [event.data["tickets"] for event in events("topic_merged")] == [3]
    assert [event.data["to"] for event in events("topic_set")] == [returns.id] * 3, "the history stays"
    with pytest.raises(topics.Taken):
        topics.add("Invoices", ada)
    assert topics.add("Returns", ada).id == returns.id, "it comes back under its name"
    assert [now_of(ticket).topic.name for ticket in made] == ["Invoices"] * 3


# ------------------------------------------------------------------------------------------- screens


def test_a_supervisor_looks_after_tags_and_an_agent_does_not(
    ada: Agent, grace: Agent, three: list[Ticket], client_for: ClientFor
) -> None:
    assert client_for(grace).get("/settings/tags").status_code == 404
    now_of(grace).role = "supervisor"
    client, refund, refunds = client_for(grace), tag("refund").id, tag("refunds").id
    page = client.get("/settings/tags").text
    assert "2 conversations" in page and f'id="tag-{refund}"' in page
    wrong = client.post(f"/settings/tags/{refund}", data={"name": " "})
    assert (
        wrong.status_code == 422
        and f'aria-describedby="name-{refund}-hint name-{refund}-problem"' in wrong.text
    )
    nowhere = client.post("/settings/tags/merge", data={"tag": [str(refund)]})
    assert nowhere.status_code == 422 and "Choose the tag that they become." in nowhere.text
    assert f'value="{refund}" checked' in nowhere.text
    merged = client.post("/settings/tags/merge", data={"tag": [refund, refunds], "into": refund})
    assert merged.status_code == 303
    page = client.get("/settings/tags").text
    assert "One tag became “refund”." in page and "still leaves 2 conversations" in page
    assert 'hx-trigger="every 2s"' in client.get("/settings/tags/_going").text
    work()
    assert "hx-trigger" not in client.get("/settings/tags/_going").text
    assert client.post(f"/settings/tags/{refunds}", data={"name": "x"}).status_code == 404
    assert client.post(f"/settings/tags/{refund}", data={"remove": "1"}).status_code == 303
    assert "No conversation has a tag yet." in client.get("/settings/tags").text


def test_an_admin_looks_after_topics(ada: Agent, grace: Agent, client_for: ClientFor) -> None:
    assert client_for(grace).get("/settings/topics").status_code == 404
    client = client_for(ada)
    assert "No topics yet." in client.get("/settings/topics").text
    for name in ("Returns", "Invoices"):
        assert client.post("/settings/topics", data={"name": name}).status_code == 303
    again = client.post("/settings/topics", data={"name": "Returns"})
    assert again.status_code == 422 and "There is a topic with this name." in again.text
    first, second = (use.topic.id for use in topics.every())
    client.post(f"/settings/topics/{second}", data={"move": "up"})
    assert [use.topic.id for use in topics.every()] == [second, first]
    taken = client.post(f"/settings/topics/{first}", data={"name": "Invoices"})
    assert taken.status_code == 422 and f'id="name-{first}-problem"' in taken.text
    client.post(f"/settings/topics/{first}", data={"name": "Sent back", "archived": "y"})
    assert "archived" in client.get("/settings/topics").text
    gone = client.post(f"/settings/topics/{first}", data={"remove": "1", "into": "77777"})
    assert gone.status_code == 422 and "That topic is gone" in gone.text
    assert client.post(f"/settings/topics/{first}", data={"remove": "1", "into": ""}).status_code == 303
    assert [use.topic.name for use in topics.every()] == ["Invoices"]
    assert client.post(f"/settings/topics/{first}", data={"name": "x"}).status_code == 404
