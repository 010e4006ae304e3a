"""Each number is the one that a slow walk over the events finds, and leads to exactly its tickets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from inbox import access, db, figures
from inbox.figures import METRICS, Line, Period, Question
from inbox.models import Account, Agent, Fact, Installation, Team, Ticket
from inbox.models.fact import KINDS
from tests import asked
from tests.attacks.post import again
from tests.figures.naive import Counted, Walk, grouped, percentile
from tests.figures.past import Past

STEPS = 130
HISTORIES = {
    "clocks go forward": (1, "America/New_York", datetime(2026, 3, 1, 9, tzinfo=UTC)),
    "a day without midnight": (2, "America/Sao_Paulo", datetime(2018, 10, 28, 9, tzinfo=UTC)),
}


@pytest.fixture(params=HISTORIES, ids=lambda name: name.replace(" ", "-"))
def past(
    request: pytest.FixtureRequest,
    house: Installation,
    ada: Agent,
    grace: Agent,
    linus: Agent,
    pottery: Team,
    linen: Team,
    support: Account,
    pottery_mailbox: Account,
) -> Past:
    """Some weeks in the life of a shop."""
    seed, house.zone, begin = HISTORIES[request.param]
    pottery.rights = ["figures"]
    asked.want(every_days=0, wait_minutes=60)
    db.session.commit()
    lived = Past(seed, begin, [support, pottery_mailbox], [ada, grace, linus], [pottery, linen])
    lived.live(STEPS)
    while figures.catch_up():
        pass
    db.session.commit()
    return lived


def zone() -> ZoneInfo:
    return ZoneInfo(Installation.current().zone)


def span(past: Past) -> Period:
    """The middle of it: something lies before and after."""
    end = past.now.astimezone(zone()).date()
    return Period(end - timedelta(days=13), end - timedelta(days=1), zone())


def expected(walk: Walk, question: Question) -> dict[str, list[Counted]]:
    """What is counted for this question, single by single."""
    period = question.period
    found = {
        kind: [one for one in walk.count(kind) if period.first <= one.day <= period.last]
        for kind in ("opened", "received", "replied", "first", "resolved", "asked")
    }
    found["open"] = walk.backlog(period.last)
    return {kind: [one for one in counted if may_see(question, one)] for kind, counted in found.items()}


def may_see(question: Question, one: Counted) -> bool:
    viewer = question.viewer
    if any(getattr(one, name) != value for name, value in question.chosen.items()):
        return False
    if viewer.sees_everything:
        return True
    if one.ticket not in visible(viewer):
        return False
    if viewer.may("figures"):
        return one.team in (0, *(team.id for team in viewer.teams))
    return one.agent == viewer.id


def visible(viewer: Agent) -> set[int]:
    """The tickets they may open, asked for once."""
    kept: dict[str, set[int]] = db.session().info.setdefault("visible", {})
    if viewer.name not in kept:
        kept[viewer.name] = set(db.session.scalars(select(Ticket.id).where(access.visible_to(viewer))))
    return kept[viewer.name]


def numbers(of: dict[str, list[Counted]]) -> dict[str, float | None]:
    firsts = [one.value for one in of["first"] if one.value is not None]
    took = [one.value for one in of["resolved"] if one.value is not None]
    scores = [one.value for one in of["asked"] if one.value is not None]
    return {
        "opened": len(of["opened"]),
        "received": len(of["received"]),
        "replied": len(of["replied"]),
        "resolved": len(of["resolved"]),
        "backlog": len(of["open"]),
        "first_response": percentile(firsts, 50),
        "first_response_p90": percentile(firsts, 90),
        "resolution": percentile(took, 50),
        "resolution_p90": percentile(took, 90),
        "csat": len([score for score in scores if score >= 4]) / len(scores) if scores else None,
        "csat_average": sum(scores) / len(scores) if scores else None,
        "csat_rate": len(scores) / len(of["asked"]) if of["asked"] else None,
    }


def said(line: Line) -> dict[str, float | None]:
    return {name: line[name].value for name in METRICS}


def same(found: dict[str, float | None], wanted: dict[str, float | None]) -> None:
    assert found == {name: pytest.approx(value) for name, value in wanted.items()}


def leads_to(question: Question, name: str, wanted: Iterable[Counted], n: int) -> None:
    """The list behind a number holds its tickets, each as often as it counts, and no other."""
    facts, count, rows = figures.tickets(question, METRICS[name], 0, 1000)
    tickets = sorted(one.ticket for one in wanted)
    assert sorted(row.ticket_id for row in rows for _ in range(row.n)) == tickets
    assert (facts, count) == (n, len(set(tickets))) and facts == len(tickets)


def behind(name: str, of: dict[str, list[Counted]]) -> list[Counted]:
    counted = of[METRICS[name].kind]
    return [one for one in counted if one.value is not None] if METRICS[name].needs_value else counted


def questions(past: Past, ada: Agent, grace: Agent, linus: Agent, pottery: Team) -> list[Question]:
    period, account = span(past), past.accounts[0].id
    everything = Question(again(ada), period)
    return [
        everything,
        Question(again(ada), period, team=pottery.id),
        Question(again(ada), period, agent=grace.id, account=account),
        Question(again(ada), period, team=0),
        Question(again(grace), period),
        Question(again(grace), period, account=account),
        Question(again(linus), period),
        Question(again(ada), Period(period.last, period.last, zone())),
    ]


@pytest.mark.slow
def test_every_number_is_what_the_events_say(
    past: Past, ada: Agent, grace: Agent, linus: Agent, pottery: Team
) -> None:
    walk = Walk(zone())
    db.session().info.pop("visible", None)
    has_everything(past, ada)
    if db.dialect() == "postgresql":
        percentiles_are_those_of_postgresql(past, ada)
    for question in questions(past, ada, grace, linus, pottery):
        report = figures.report(question)
        whole = expected(walk, question)
        same(said(report.total), numbers(whole))
        same(said(report.before), numbers(expected(walk, question.of(question.period.before))))
        for day, line in zip(question.period.days, report.days, strict=True):
            same(said(line), numbers(expected(walk, question.of(Period(day, day, zone())))))
        for name in METRICS:
            leads_to(question, name, behind(name, whole), report.total[name].n)
        for by in figures.GROUPS:
            lines = figures.broken_down(question, by)
            parts = {kind: grouped(counted, by) for kind, counted in whole.items()}
            assert set(lines) == {key for part in parts.values() for key in part}
            for key, line in lines.items():
                wanted = {kind: part.get(key, []) for kind, part in parts.items()}
                same(said(line), numbers(wanted))
                if question.chosen.get(by, key) == key:
                    narrow = Question(question.viewer, question.period, **{**question.chosen, by: key})
                    for name in METRICS:
                        leads_to(narrow, name, behind(name, wanted), line[name].n)


def has_everything(past: Past, ada: Agent) -> None:
    """Or it would prove little that the numbers are the same."""
    assert set(db.session.scalars(select(Fact.kind))) == set(KINDS)
    line = figures.report(Question(again(ada), span(past))).total
    assert all(line[name].n > 1 for name in METRICS)


def percentiles_are_those_of_postgresql(past: Past, ada: Agent) -> None:
    period = span(past)
    theirs = db.session.execute(
        text(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY value), "
            "percentile_cont(0.9) WITHIN GROUP (ORDER BY value) "
            "FROM fact WHERE kind = 'first' AND at >= :begins AND at < :ends"
        ),
        {"begins": period.begins, "ends": period.ends},
    ).one()
    line = figures.report(Question(again(ada), period)).total
    assert (line["first_response"].value, line["first_response_p90"].value) == pytest.approx(tuple(theirs))
