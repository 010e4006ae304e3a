"""Views, their counts, and who sees what in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inbox import access, db, lists, search, tickets, timeline
from inbox.models import Account, Agent
from inbox.models.tally import drift, recount
from tests.conftest import Bells
from tests.people import MailFrom


def test_each_view_holds_what_its_name_says(mail_from: MailFrom, ada: Agent) -> None:
    unassigned, mine, done, spam = mail_from(), mail_from(), mail_from(), mail_from()
    tickets.mark_spam(spam, ada)
    tickets.assign(mine, ada, ada)
    tickets.resolve(done, ada)
    db.session.flush()
    shown = {view: {t.id for t in lists.page(ada, view).tickets} for view in lists.VIEWS}
    assert shown == {
        "mine": {mine.id},
        "unassigned": {unassigned.id},
        "open": {unassigned.id, mine.id},
        "resolved": {done.id},
        "spam": {spam.id},
    }
    assert lists.counts(ada) == {
        "mine": 1, "unassigned": 1, "open": 2, "resolved": 1, "spam": 1, "attention": 0, "notices": 0
    }  # fmt: skip


def test_agents_see_their_team_what_is_nobodys_and_what_is_theirs(
    mail_from: MailFrom,
    pottery_mailbox: Account,
    linen_mailbox: Account,
    ada: Agent,
    grace: Agent,
    linus: Agent,
) -> None:
    everybodys, pots, linens = (
        mail_from(),
        mail_from(account=pottery_mailbox),
        mail_from(account=linen_mailbox),
    )
    handed_over = mail_from(account=linen_mailbox)
    tickets.assign(handed_over, grace, ada)
    seen = {agent.name: {t.id for t in lists.page(agent, "open").tickets} for agent in (ada, grace, linus)}
    assert seen["Ada Prado"] == {everybodys.id, pots.id, linens.id, handed_over.id}
    assert seen["Grace Lima"] == {everybodys.id, pots.id, handed_over.id}
    assert seen["Linus Costa"] == {everybodys.id, linens.id, handed_over.id}
    for agent in (ada, grace, linus):
        assert lists.counts(agent)["open"] == len(seen[agent.name])
        assert access.ticket(agent, pots.id) is (pots if pots.id in seen[agent.name] else None)
    assert [t.id for t in search.find(linus, "cracked")] == [handed_over.id, linens.id, everybodys.id]
    assert timeline.of(pots.customer, linus).total == 3


def test_pages_follow_each_other_without_gap_or_repeat(mail_from: MailFrom, ada: Agent) -> None:
    made = [mail_from().id for _ in range(7)]
    first = lists.page(ada, "open", limit=3)
    second = lists.page(ada, "open", first.next, limit=3)
    third = lists.page(ada, "open", second.next, limit=3)
    ids = [t.id for page in (first, second, third) for t in page.tickets]
    assert ids == made[::-1] and third.next is None


@pytest.fixture(params=[0, access.MOST_PARTS], ids=["in one", "in parts"])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """How the rule of who sees what is asked; statements are made once, and now anew."""
    monkeypatch.setattr(access, "MOST_PARTS", request.param)
    lists._page.cache_clear()
    yield
    lists._page.cache_clear()


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("view", lists.VIEWS)
def test_who_sees_a_part_reads_all_of_it_in_order_page_by_page(
    mail_from: MailFrom,
    pottery_mailbox: Account,
    linen_mailbox: Account,
    ada: Agent,
    grace: Agent,
    linus: Agent,
    view: str,
) -> None:
    assert pottery_mailbox.team and linen_mailbox.team
    linen_mailbox.team.members.append(grace)  # she is in both, he in one
    made = []
    for number in range(24):
        ticket = mail_from(account=(None, pottery_mailbox, linen_mailbox)[number % 3])
        made.append(ticket.id)
        if assignee := (None, grace, linus, None)[number % 4]:
            tickets.assign(ticket, assignee, ada)
        if number % 5 > 2:
            tickets.resolve(ticket, ada)
    db.session.commit()
    for agent in (ada, grace, linus):
        expected = [ticket.id for ticket in lists.rows(agent, view, made)[0]]
        assert expected or view == "spam" or (view == "mine" and agent is ada)
        page = lists.page(agent, view, limit=3)
        found = [ticket.id for ticket in page.tickets]
        while page.next:
            page = lists.page(agent, view, page.next, limit=3)
            found += [ticket.id for ticket in page.tickets]
        assert found == expected


@pytest.mark.parametrize("nonsense", ["", "x", "1_", "_1", "1.2.3_4", "1_2_3", "9" * 40 + "_1"])
def test_a_made_up_cursor_is_the_first_page(mail_from: MailFrom, ada: Agent, nonsense: str) -> None:
    ticket = mail_from()
    assert [t.id for t in lists.page(ada, "open", nonsense).tickets] == [ticket.id]


def test_changed_rows_and_those_that_left(mail_from: MailFrom, ada: Agent) -> None:
    stays, leaves = mail_from(), mail_from()
    tickets.resolve(leaves, ada)
    db.session.flush()
    here, gone = lists.rows(ada, "open", [stays.id, leaves.id, 99999])
    assert [t.id for t in here] == [stays.id] and gone == [leaves.id, 99999]


def test_counts_are_right_after_everything_and_mended_when_they_are_not(
    mail_from: MailFrom, ada: Agent, grace: Agent, pottery: object
) -> None:
    for number in range(4):
        ticket = mail_from()
        tickets.assign(ticket, grace if number % 2 else None, ada)
        tickets.set_status(ticket, "pending", ada)
        tickets.move(ticket, grace.teams[0], ada)
        tickets.resolve(ticket, ada)
        tickets.reopen(ticket, ada)
    assert not drift()
    from sqlalchemy import update

    from inbox.models import Tally

    db.session.execute(update(Tally).values(n=Tally.n + 3))
    assert drift() and recount() and not drift()


def test_a_nudge_goes_to_the_rooms_of_before_and_after(mail_from: MailFrom, ada: Agent, bells: Bells) -> None:
    ticket = mail_from()
    db.session.commit()
    bells.told.clear()
    tickets.assign(ticket, ada, ada)
    db.session.commit()
    [(_, news, rooms)] = [told for told in bells.told if told[0] == "changed"]
    assert news == {"ticket": ticket.id, "version": ticket.version}
    assert {f"mine:{ada.id}", "unassigned:all", "unassigned:team:0", "open:all"} <= rooms
    assert any(what == "counts" for what, _, _ in bells.told)


def test_the_rooms_an_agent_hears_are_those_of_what_they_see(
    mail_from: MailFrom, pottery_mailbox: Account, grace: Agent, linus: Agent, ada: Agent
) -> None:
    from inbox import live

    ticket = mail_from(account=pottery_mailbox)
    about = access.rooms_about(live.where(ticket))
    assert about & access.rooms_for(grace, "open") and about & access.rooms_for(ada, "open")
    assert not about & access.rooms_for(linus, "open")
    assert access.rooms_for(linus, "no such view") == set()
