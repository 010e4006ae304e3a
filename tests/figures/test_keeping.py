"""Facts follow their tickets: whatever changed is found, whoever looks, and only what differs is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, literal, select, text

from inbox import db, figures, tickets
from inbox.figures import Period
from inbox.figures.days import number
from inbox.figures.metrics import percentile
from inbox.models import Account, Agent, Fact
from inbox.models.fact import FOREVER
from tests.attacks.post import again
from tests.people import MailFrom


def facts(kind: str = "opened") -> list[Fact]:
    return list(db.session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id)))


def test_taking_in_mail_writes_no_fact_and_a_sweep_finds_it(mail_from: MailFrom) -> None:
    ticket = mail_from()
    db.session.commit()
    assert not facts() and figures.still_to_count() == 1
    assert figures.sweep() == 1
    assert (figures.still_to_count(), figures.sweep()) == (0, 0)
    [fact] = facts()
    assert (fact.ticket_id, fact.account_id, fact.value) == (ticket.id, ticket.account_id, None)
    assert [fact.until for fact in facts("open")] == [FOREVER]


def test_only_what_differs_is_written(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    figures.catch_up()
    before = {fact.id for fact in facts()} | {fact.id for fact in facts("received")}
    tickets.tag(ticket, "cup", ada)
    assert figures.catch_up() == 1
    tickets.resolve(ticket, ada)
    assert figures.catch_up() == 1
    after = {fact.id for fact in facts()} | {fact.id for fact in facts("received")}
    assert after == before and len(facts("resolved")) == 1
    assert not [fact for fact in facts("open") if fact.until == FOREVER]


def test_all_can_be_made_anew(mail_from: MailFrom, ada: Agent) -> None:
    for n in range(3):
        tickets.resolve(mail_from(f"g{n}@x.example"), ada)
    figures.catch_up()
    kept = sorted((f.ticket_id, f.kind, f.at, f.until) for f in db.session.scalars(select(Fact)))
    db.session.execute(text("DELETE FROM fact"))
    db.session.execute(text("UPDATE ticket SET figured = 0"))
    db.session.expire_all()
    assert figures.catch_up() == 3
    assert sorted((f.ticket_id, f.kind, f.at, f.until) for f in db.session.scalars(select(Fact))) == kept


def test_spam_is_in_no_number_and_comes_back_with_its_past(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    tickets.resolve(ticket, ada)
    figures.catch_up()
    resolved = facts("resolved")[0].at
    tickets.mark_spam(ticket, ada)
    figures.catch_up()
    assert not db.session.scalar(select(func.count()).select_from(Fact))
    tickets.not_spam(ticket, ada)
    figures.catch_up()
    assert [fact.at for fact in facts("resolved")] == [resolved] and len(facts()) == 1


def test_what_is_taken_back_entirely_is_in_no_number(ada: Agent, support: Account) -> None:
    message = tickets.start(
        support.addresses[0], ada, "<p>Hi</p>", key="k", to=["c@x.example"], subject="Hi", then="pending"
    )
    message.not_before = db.now() + timedelta(minutes=1)
    db.session.commit()
    figures.catch_up()
    assert len(facts()) == 1
    tickets.undo(again(message), again(ada))
    db.session.commit()
    assert not facts() and not figures.still_to_count()


def test_the_index_finds_what_changed(mail_from: MailFrom) -> None:
    mail_from()
    figures.catch_up()
    query = "SELECT id FROM ticket WHERE figured <> version ORDER BY id LIMIT 100"
    if db.dialect() == "sqlite":
        plan = " ".join(str(row) for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    else:
        # how large another test's tables were is not undone with its rows
        db.session.execute(text("ANALYZE ticket"))
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(str(row) for row in db.session.execute(text(f"EXPLAIN {query}")))
    assert "ix_ticket_behind" in plan


def test_what_changed_while_it_was_worked_out_is_found_again(mail_from: MailFrom, ada: Agent) -> None:
    """The version that was seen is written down, not the one that stands there by then."""
    ticket = mail_from()
    figures.catch_up()
    seen = again(ticket).version
    tickets.assign(again(ticket), again(ada), None)
    db.session.flush()
    assert again(ticket).figured == seen and figures.still_to_count() == 1
    assert (figures.catch_up(), figures.catch_up()) == (1, 0)
    assert [(fact.agent_id, fact.until == FOREVER) for fact in facts("open")][-1] == (ada.id, True)


# ---------------------------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [
        ("America/Sao_Paulo", date(2018, 11, 3), [24, 23, 24]),
        ("America/Sao_Paulo", date(2018, 2, 16), [24, 25, 24]),
        ("America/New_York", date(2026, 3, 7), [24, 23, 24]),
        ("America/New_York", date(2026, 10, 31), [24, 25, 24]),
        ("Asia/Kolkata", date(2026, 1, 1), [24, 24, 24]),
        ("America/Havana", date(2025, 11, 1), [24, 25, 24]),
        ("Pacific/Apia", date(2011, 12, 29), [24, 0, 24]),
    ],
)
def test_a_day_is_as_long_as_its_zone_says(zone: str, first: date, hours: list[int]) -> None:
    period = Period(first, first + timedelta(days=2), ZoneInfo(zone))
    assert [(b - a) // 3600 for a, b in zip(period.edges, period.edges[1:], strict=False)] == hours


def test_every_moment_is_in_the_day_its_calendar_says(database: object) -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    period = Period(date(2018, 2, 10), date(2018, 11, 12), zone)
    near = [edge + by for edge in period.edges[1:-1] for by in (-1, 0, 3601)]
    for moment in [*near, *range(period.begins, period.ends, 500_009)]:
        day = db.session.scalar(select(number(literal(moment), period.edges)))
        local = datetime.fromtimestamp(moment, UTC).astimezone(zone).date()
        assert day == (local - period.first).days, moment


@pytest.mark.parametrize(
    ("values", "half", "nine"),
    [
        ([], None, None),
        ([7], 7.0, 7.0),
        ([1, 2], 1.5, 1.9),
        ([3, 1, 2], 2.0, 2.8),
        ([*range(101)], 50.0, 90.0),
    ],
)
def test_a_percentile_lies_on_the_line_between_two_values(
    values: list[int], half: float | None, nine: float | None
) -> None:
    assert percentile(values, 50) == half and percentile(values, 90) == pytest.approx(nine)
