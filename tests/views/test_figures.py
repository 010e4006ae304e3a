"""The figures page: its numbers, its links, its table for a spreadsheet, and whose numbers one sees."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Connection, func, select

from inbox import db, figures, tickets
from inbox.models import Account, Agent, Event, Fact, Installation, Team, Ticket
from inbox.views.figures.words import duration
from tests import people
from tests.attacks.post import again, answer
from tests.clients import Browser, ClientFor
from tests.people import MailFrom
from tests.views.test_queries import counting

TODAY = datetime(2026, 3, 20, 15, tzinfo=UTC)


@pytest.fixture
def clock(house: Installation) -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(TODAY - timedelta(days=3), tick=False) as now:
        yield now


@pytest.fixture
def week(
    clock: time_machine.Coordinates,
    ada: Agent,
    grace: Agent,
    mail_from: MailFrom,
    pottery_mailbox: Account,
    linen_mailbox: Account,
) -> list[Ticket]:
    """One that Grace answered after two hours and resolved, one of the linen team, and a new one."""
    first = mail_from(account=pottery_mailbox, subject="First")
    other = mail_from(account=linen_mailbox, subject="Second")
    clock.shift(timedelta(hours=2, minutes=5))
    answer(grace, first, then="resolved")
    clock.shift(timedelta(days=1))
    answer(ada, other)
    last = mail_from("Otto <otto@x.example>", account=pottery_mailbox, subject="Third")
    db.session.commit()
    clock.move_to(TODAY)
    counted()
    return [again(first), again(other), again(last)]


def counted() -> None:
    while figures.catch_up():
        pass
    db.session.commit()


def cards(page: str) -> dict[str, str]:
    """The main numbers as they read."""
    found = re.findall(r'data-card="(\w+)".*?figures-now">(?:<[^>]*>)?([^<]*)<', page, re.DOTALL)
    return {name: value.replace("\u00a0", " ") for name, value in found}


def links(page: str, label: str = "/figures/tickets") -> list[tuple[str, str]]:
    found = re.findall(rf'<a href="({label}[^"]*)">([^<]*)</a>', page)
    return [(unescape(href), text) for href, text in found]


def listed(client: Browser, href: str) -> tuple[int, list[int]]:
    page = client.get(href).text
    facts = re.search(r'data-facts="(\d+)"', page)
    assert facts
    return int(facts[1]), [int(number) for number in re.findall(r'data-ticket="(\d+)"', page)]


def test_a_supervisor_sees_everybodys_numbers(week: list[Ticket], ada: Agent, client_for: ClientFor) -> None:
    page = client_for(ada).get("/figures?period=7").text
    assert cards(page) == {
        "opened": "3", "resolved": "1", "backlog": "2", "first_response": "14 h 05 min",
        "resolution": "2 h 05 min", "csat": "–", "replied": "2",
    }  # fmt: skip
    assert "none before" in page and "America/Recife" in page
    assert all(str(metric.says)[:40] in unescape(page) for metric in figures.METRICS.values())


@pytest.mark.slow
def test_every_number_leads_to_exactly_its_conversations(
    week: list[Ticket], ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    seen = 0
    for by in figures.GROUPS:
        for href, text in links(client.get(f"/figures?period=7&by={by}").text):
            facts, found = listed(client, href)
            assert facts == len(found), href
            seen += 1
            if text.isdigit():
                assert int(text) == facts, href
    assert seen > 60


def test_an_agent_sees_their_own_and_a_right_gives_the_teams(
    week: list[Ticket], grace: Agent, pottery: Team, client_for: ClientFor
) -> None:
    own = client_for(grace).get("/figures?period=7").text
    assert cards(own)["replied"] == "1" and "These are your own figures." in own and "Linen" not in own
    pottery = again(pottery)
    pottery.rights = ["figures"]
    db.session.commit()
    client = client_for(again(grace))
    page = client.get("/figures?period=7").text
    assert cards(page)["opened"] == "2" and "Pottery" in page and "Linen" not in page
    assert all(week[1].id not in listed(client, href)[1] for href, _text in links(page))
    assert client.get("/figures?team=2000").status_code == 422


def test_a_conversation_that_went_to_another_team_is_in_no_number_of_who_may_not_open_it(
    week: list[Ticket], grace: Agent, pottery: Team, linen: Team, client_for: ClientFor
) -> None:
    again(pottery).rights = ["figures"]
    tickets.move(again(week[0]), again(linen), None)
    counted()
    client = client_for(again(grace))
    page = client.get("/figures?period=7").text
    assert cards(page)["opened"] == "1" and cards(page)["replied"] == "0"
    assert {number for href, _ in links(page) for number in listed(client, href)[1]} == {week[2].id}


def test_light_agents_have_none(house: Installation, client_for: ClientFor) -> None:
    client = client_for(people.agent("Lua Reis", role="light"))
    for path in ("/figures", "/figures/table.csv", "/figures/tickets?metric=opened"):
        assert client.get(path).status_code == 404


def test_an_address_holds_period_and_filters(
    week: list[Ticket], ada: Agent, grace: Agent, linen: Team, client_for: ClientFor
) -> None:
    client = client_for(ada)
    assert cards(client.get(f"/figures?team={linen.id}").text)["opened"] == "1"
    assert cards(client.get(f"/figures?agent={grace.id}").text)["replied"] == "1"
    page = client.get("/figures?from=2026-03-18&to=2026-03-18").text
    assert cards(page)["opened"] == "1" and "Wednesday" in page
    assert "before: 2 h 05 min" in page.replace("\u00a0", " ") and "50% less" in page
    assert 'aria-current="true">This month' in client.get("/figures?period=month").text
    kept = client.get(f"/figures?period=90&team={linen.id}&by=agent").text
    assert f"period=7&amp;team={linen.id}&amp;by=agent" in kept


def test_who_has_nothing_to_count_is_told_so(ada: Agent, client_for: ClientFor) -> None:
    page = client_for(ada).get("/figures").text
    assert "Nothing to count yet." in page and "figures-data" not in page


def test_what_changed_just_now_is_said_to_be_missing(
    week: list[Ticket], ada: Agent, client_for: ClientFor
) -> None:
    tickets.assign(again(week[0]), again(ada), None)
    db.session.commit()
    client = client_for(ada)
    assert "1 conversation that changed just now is not counted yet" in client.get("/figures").text
    counted()
    assert "not counted yet" not in client.get("/figures").text


def test_the_page_in_portuguese(week: list[Ticket], ada: Agent, client_for: ClientFor) -> None:
    again(ada).language = "pt-BR"
    db.session.commit()
    assert cards(client_for(ada).get("/figures?period=7").text)["first_response"] == "14 h 05 min"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (45, "45 s"), (59.6, "1 min"), (720, "12 min"), (7200, "2 h"), (7500, "2 h 05 min"),
     (86400 * 3 + 3600 * 4 + 59, "3 d 4 h"), (86400 * 2, "2 d")],
)  # fmt: skip
def test_spans_of_time_say_their_two_largest_units(seconds: float, said: str, app: Flask) -> None:
    with app.test_request_context():
        assert duration(seconds).replace("\u00a0", " ") == said


# ------------------------------------------------------------------------------------------------ CSV


def rows(client: Browser, address: str, delimiter: str = ",") -> list[list[str]]:
    answer = client.get(address)
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    text = answer.data.decode("utf-8-sig")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def test_a_table_for_a_spreadsheet_holds_the_same_numbers(
    week: list[Ticket], ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    heading, *days = rows(client, "/figures/table.csv?period=7&by=day")
    assert heading[:3] == ["Day", "Opened", "Customer messages"] and "First response (seconds)" in heading
    assert len(days) == 7 and [day[1] for day in days] == ["0", "0", "0", "2", "1", "0", "0"]
    assert days[3][heading.index("First response (seconds)")] == "7500"
    _heading, *teams = rows(client, "/figures/table.csv?period=7")
    assert [team[:2] for team in teams] == [["Linen", "1"], ["Pottery", "2"]]
    again(ada).language = "pt-BR"
    db.session.commit()
    _heading, *people = rows(client, "/figures/table.csv?period=7&by=agent", ";")
    assert people[0][0] == "Ada Prado" and people[0][-1] == ""


def test_attack_42_a_name_that_is_a_formula_stays_text(
    week: list[Ticket], ada: Agent, pottery: Team, client_for: ClientFor
) -> None:
    again(pottery).name = '=HYPERLINK("https://evil.example","x")'
    db.session.commit()
    teams = rows(client_for(ada), "/figures/table.csv?period=7")
    assert '\'=HYPERLINK("https://evil.example","x")' in [row[0] for row in teams]
    again(pottery).name = "＋1"
    db.session.commit()
    assert "'＋1" in [row[0] for row in rows(client_for(ada), "/figures/table.csv?period=7")]


# --------------------------------------------------------------------------------------------- attacks


WRONG = {
    "period=31": "Choose one of the periods",
    "period=custom&from=2026-02-30": "That is not a day",
    "from=01/03/2026": "That is not a day",
    "from=2026-03-19&to=2026-03-18": "The first day comes after the last one.",
    "from=2027-01-01&to=2027-02-01": "That day is still to come.",
    "from=1066-10-14": "There are no figures of so long ago.",
    "team=99": "There is no such team, person or mailbox.",
    "agent=1 OR 1=1": "There is no such team, person or mailbox.",
    "account=-1": "There is no such team, person or mailbox.",
    "by=subject": "Figures are broken down by team, person or mailbox.",
}


@pytest.mark.parametrize("query", WRONG)
def test_attack_28_what_makes_no_sense_is_refused_with_a_sentence(
    query: str, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    for path in ("/figures", "/figures/table.csv", "/figures/tickets"):
        answer = client.get(f"{path}?metric=opened&{query}")
        assert answer.status_code == 422 and WRONG[query] in unescape(answer.text), path
    assert client.get("/figures/tickets?metric=password_hash").status_code == 422
    assert client.get("/figures/tickets?metric=opened&page=x").status_code == 422


@pytest.mark.slow
def test_attack_28_no_parameter_breaks_the_page(
    week: list[Ticket], ada: Agent, client_for: ClientFor, database: Connection
) -> None:
    dice, client = random.Random(28), client_for(ada)
    odd = ["", "0", "1", "-1", "1e9", "99999999999999999999", "٣", "'", '"><script>', "%", "2026-03-01",
           "9999-12-31", "0000-00-00", "null", "[]", "{}", "custom", "month", "day", "team", "1;DROP",
           "\u202e", "opened", "é" * 300]  # fmt: skip
    for _ in range(120):
        names = dice.sample(["period", "from", "to", "team", "agent", "account", "by", "metric", "page"], 3)
        path = dice.choice(["/figures", "/figures/table.csv", "/figures/tickets"])
        answer = client.get(path, query_string={name: dice.choice(odd) for name in names})
        assert answer.status_code in (200, 422), answer.request.url
        assert "<script>" not in answer.text.replace('<script src="', "").replace("<script type=", "")
    assert db.session.scalar(select(func.count()).select_from(Fact))


def test_attack_30_the_tickets_of_a_number_are_only_those_one_may_open(
    week: list[Ticket], grace: Agent, pottery: Team, linen: Team, client_for: ClientFor
) -> None:
    again(pottery).rights = ["figures"]
    db.session.commit()
    client = client_for(again(grace))
    for metric in figures.METRICS:
        page = client.get(f"/figures/tickets?metric={metric}&period=90").text
        assert "Second" not in page and f'data-ticket="{week[1].id}"' not in page
    assert client.get(f"/figures/tickets?metric=opened&team={linen.id}").status_code == 422


def test_attack_44_a_period_without_end_is_cut_and_says_so(
    week: list[Ticket], ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    page = client.get("/figures?from=2001-01-01&to=2026-03-20").text
    assert "A period has at most 366 days" in page and 'value="2025-03-20"' in page
    assert cards(page)["opened"] == "3"
    assert len(rows(client, "/figures/table.csv?from=2001-01-01&by=day")) == 367


def test_looking_writes_nothing_and_asks_seldom(
    week: list[Ticket], ada: Agent, client_for: ClientFor, database: Connection
) -> None:
    events = db.session.scalar(select(func.count()).select_from(Event))
    client = client_for(ada)
    for path in (
        "/figures",
        "/figures?period=90&by=agent",
        "/figures/table.csv",
        "/figures/tickets?metric=opened",
    ):
        with counting(database) as asked:
            assert client.get(path).status_code == 200
        assert len(asked) <= 12 and not [
            one for one in asked if one.startswith(("INSERT", "UPDATE", "DELETE"))
        ]
    assert db.session.scalar(select(func.count()).select_from(Event)) == events
