"""Who is told what, once, and who is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import Connection, func, select
from sqlalchemy import event as sa_event

from inbox import db, quarantine, reactions, tickets
from inbox.channels import SendError
from inbox.models import Account, Agent, Digest, Event, Following, Memo, Message, Notice, Team
from inbox.models.event import INTERESTED
from inbox.notices import centre, choices, digest, following
from inbox.notices.bell import bell
from inbox.outbox import outcome
from inbox.outbox.claims import Claim
from inbox.reactions import notices as deciding
from inbox.tickets.changing import changing
from tests import told
from tests.attacks.post import again
from tests.conftest import Bells
from tests.people import MailFrom, inbound
from tests.people import agent as somebody
from tests.views.test_queries import counting

EARLY = datetime(2026, 10, 2, 9, 0, tzinfo=UTC)  # 06:00 in Recife, where everybody is


# ------------------------------------------------------------------------------------ what one is told


def test_what_is_given_to_me_i_am_told_and_what_i_take_i_am_not(
    mail_from: MailFrom, ada: Agent, grace: Agent, bells: Bells
) -> None:
    ticket = mail_from()
    told.give(ticket, grace, by=ada)
    [notice] = told.of(grace)
    assert (notice.kind, notice.ticket_id, notice.actor_id) == ("assigned", ticket.id, ada.id)
    assert ("noticed", {}, {f"agent:{grace.id}"}) in bells.told
    told.give(ticket, ada, by=ada)
    assert "assigned" not in told.kinds(ada)


def test_a_colleague_who_left_hands_over(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    ticket = mail_from()
    with changing(ticket, ada) as change:
        ticket.assignee, ticket.assignee_id = grace, grace.id
        change.record("assigned", before=None, to=grace.id, handed_over=True)
    told.happen()
    assert told.kinds(grace) == ["handed_over"]


def test_more_messages_of_one_ticket_count_up_until_they_are_read(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    first = mail_from.message()
    told.give(first.ticket, grace, by=ada)
    centre.opened(again(grace), again(first.ticket))
    for _ in range(3):
        tickets.receive(
            again(mail_from.account), inbound(thread=first.thread_id, refers_to=(first.message_id_header,))
        )
        told.happen()
    newest, *_ = told.of(grace)
    assert (newest.kind, newest.count) == ("message", 3)
    theirs = (Message.kind == "customer", Message.id > first.id)
    second = db.session.scalars(select(Message.id).where(*theirs).order_by(Message.id)).first()
    assert newest.message_id == second  # where reading begins
    assert bell(again(grace)).unread == 1
    assert centre.opened(again(grace), again(first.ticket)) == 1 and bell(again(grace)).unread == 0
    tickets.receive(
        again(mail_from.account), inbound(thread=first.thread_id, refers_to=(first.message_id_header,))
    )
    told.happen()
    assert [notice.count for notice in told.of(grace) if notice.kind == "message"] == [1, 3]


def test_a_new_conversation_is_the_teams_until_somebody_takes_it(
    mail_from: MailFrom, pottery_mailbox: object, grace: Agent, linus: Agent, ada: Agent, pottery: Team
) -> None:
    joan = somebody("Joan Reis", teams=[pottery])
    ticket = mail_from(account=pottery_mailbox)  # type: ignore[arg-type]
    told.happen()
    assert told.kinds(grace) == told.kinds(joan) == ["unassigned"] and told.kinds(linus) == []
    assert told.kinds(ada) == []  # she is in no team, and this one belongs to one
    told.give(ticket, grace, by=grace)
    assert all(notice.read_at for notice in (*told.of(joan), *told.of(grace)))


def test_what_belongs_to_everybody_is_told_to_those_in_no_team(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    mail_from()
    told.happen()
    assert told.kinds(ada) == ["unassigned"] and told.kinds(grace) == []


def test_a_mention_is_told_as_a_mention_and_whoever_wrote_here_hears_of_the_note(
    mail_from: MailFrom, ada: Agent, grace: Agent, linus: Agent
) -> None:
    ticket = mail_from()
    told.note(ticket, linus)
    made = told.note(ticket, ada, told.mention(grace))
    assert told.kinds(grace) == ["mention"] and told.kinds(linus) == ["note"]
    assert "mention" not in told.kinds(ada) and "note" not in told.kinds(ada)
    assert f'<data value="{grace.id}">@Grace Lima</data>' in (again(made).html or "")
    event = db.session.scalars(
        select(Event).where(Event.kind == "note_written").order_by(Event.id.desc())
    ).first()
    assert event and event.data == {"mentions": [grace.id]}  # numbers, never words


def test_whoever_may_not_see_the_ticket_stays_a_word(
    mail_from: MailFrom, pottery: Team, ada: Agent, grace: Agent, linus: Agent
) -> None:
    ticket = mail_from()
    tickets.move(ticket, pottery, ada)
    told.happen()
    made = told.note(ticket, grace, told.mention(linus))
    assert (
        told.of(linus) == [] and "<data" not in (again(made).html or "") and "@x" in (again(made).html or "")
    )


def test_in_a_reply_nobody_is_mentioned(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    ticket = mail_from()
    sent = tickets.reply(ticket, ada, told.mention(grace), key="r")
    told.happen()
    assert "<data" not in (sent.html or "") and "mention" not in told.kinds(grace)


def test_an_answer_that_fails_is_told_to_who_wrote_it(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    ticket = mail_from()
    sent = tickets.reply(ticket, grace, "<p>Hi</p>", key="r")
    sent.state, sent.lease = "sending", "mine"
    db.session.commit()
    claim = Claim(sent.id, sent.account_id, "mine", 8, {})
    outcome.not_sent(claim, SendError("no", permanent=True))
    told.happen()
    assert told.kinds(grace) == ["failed"]
    centre.opened(again(grace), again(ticket))
    message = again(sent)
    message.state = "sent"
    message.recipients = {"to": [{"name": "", "address": "marina@queiroz.example"}]}
    tickets.bounced(message, [], None)
    told.happen()
    assert told.kinds(grace) == ["failed", "failed"]


def test_a_scheduled_answer_that_is_stopped_is_told_to_who_wrote_it(
    mail_from: MailFrom, grace: Agent
) -> None:
    message = mail_from.message()
    tickets.reply(message.ticket, grace, "<p>Later</p>", key="s", send_at=db.now() + timedelta(hours=3))
    told.happen()
    tickets.receive(
        again(mail_from.account), inbound(thread=message.thread_id, refers_to=(message.message_id_header,))
    )
    told.happen()
    assert "stopped" in told.kinds(grace)


def test_a_low_rating_is_told_to_supervisors_once(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    boss = somebody("Mary Sá", role="supervisor")
    ticket = mail_from()
    with changing(ticket) as change:
        change.record("low_score", None, score=1, answer=1, did="told")
    with changing(ticket) as change:
        change.record("low_score", None, score=1, answer=1, did="followed", **{"in": ticket.id})
    told.happen()
    assert [notice.count for notice in told.of(boss) if notice.kind == "rating"] == [1]
    assert "rating" in told.kinds(ada) and "rating" not in told.kinds(grace)


def test_who_follows_hears_of_it_until_they_no_longer_do(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    ticket = mail_from()
    following.follow(ticket, grace)
    following.follow(ticket, grace)
    told.note(ticket, ada)
    assert told.kinds(grace) == ["note"]
    centre.read_all(again(grace))
    following.unfollow(again(ticket), again(grace))
    told.note(ticket, ada)
    assert told.kinds(grace) == ["note"] and not db.session.scalars(select(Following)).all()


# ------------------------------------------------------------------------------------ and when one is not


def test_twice_the_same_event_is_told_once(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    ticket = mail_from()
    told.give(ticket, grace, by=ada)
    event = db.session.scalars(select(Event.id).where(Event.kind == "assigned")).one()
    reactions.run(event)
    assert [notice.count for notice in told.of(grace)] == [1]


def test_whoever_has_it_before_them_is_not_told(
    mail_from: MailFrom, ada: Agent, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = mail_from()
    told.looks_at(monkeypatch, ticket, grace)
    told.give(ticket, grace, by=ada)
    assert told.of(grace) == []


@pytest.mark.parametrize("how", ["spam", "imported", "restored"])
def test_some_mail_is_no_news(
    how: str, mail_from: MailFrom, ada: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "restored":
        quarantine.begin(db.now())
    message = mail_from.message()
    if how == "spam":
        tickets.mark_spam(message.ticket, ada)
    message.imported = how == "imported"
    told.happen()
    assert told.of(ada) == []


def test_a_machine_that_answers_is_no_news(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    message = mail_from.message()
    told.give(message.ticket, grace, by=ada)
    tickets.receive(
        again(mail_from.account),
        inbound(thread=message.thread_id, refers_to=(message.message_id_header,), automated="auto-replied"),
    )
    told.happen()
    assert told.kinds(grace) == ["assigned"]


def test_who_no_longer_works_here_or_wants_nothing_has_no_row(
    mail_from: MailFrom, ada: Agent, grace: Agent, linus: Agent
) -> None:
    ticket = mail_from()
    told.choose(linus, ways={"mention": ()})
    grace.active = False
    db.session.commit()
    told.note(ticket, ada, told.mention(grace, linus))
    assert told.of(grace) == [] and told.of(linus) == []


def test_attack_30_what_one_may_no_longer_see_is_in_no_list_and_no_count(
    mail_from: MailFrom, ada: Agent, grace: Agent, linus: Agent, linen: Team
) -> None:
    ticket = mail_from()
    told.note(ticket, ada, told.mention(grace, linus))
    tickets.move(again(ticket), linen, ada)
    told.happen()
    [notice] = told.of(grace)
    assert centre.page(again(grace)).notices == [] and bell(again(grace)).unread == 0
    assert centre.one(again(grace), notice.id) is None
    assert told.kinds(linus) == ["unassigned", "mention"] and bell(again(linus)).unread == 2
    assert centre.one(again(linus), notice.id) is None  # another's


def test_attack_32_nothing_that_is_kept_or_told_repeats_a_note(
    mail_from: MailFrom, ada: Agent, grace: Agent, bells: Bells
) -> None:
    ticket = mail_from(subject="Toalha-Carmesim")
    told.note(ticket, ada, told.mention(grace).replace("look", "Toalha-Carmesim"))
    rows = [str(vars(notice)) for notice in told.of(grace)]
    assert rows and "Toalha" not in "".join(rows)
    heard = [(what, news) for what, news, _rooms in bells.told if what == "noticed"]
    assert heard and all(news == {} for _what, news in heard)


def test_attack_44_ten_thousand_notices_are_one_short_question(
    mail_from: MailFrom, ada: Agent, database: object
) -> None:
    ticket = mail_from()
    db.session.commit()
    read = db.now()
    db.session.execute(
        Notice.__table__.insert(),  # type: ignore[attr-defined]
        [
            {"agent_id": ada.id, "kind": "note", "ticket_id": ticket.id, "count": 1, "shown": True,
             "mailed": False, "at": read - timedelta(seconds=n), "read_at": read if n else None}
            for n in range(10_000)
        ],
    )  # fmt: skip
    asked: list[str] = []
    sa_event.listen(database, "before_cursor_execute", lambda *given: asked.append(given[2]))
    found = bell(ada)
    assert found.unread == 1 and len(asked) == 1
    first = centre.page(ada)
    assert len(first.notices) == centre.PAGE
    second = centre.page(ada, before=first.before)
    assert not {one.id for one in first.notices} & {one.id for one in second.notices}
    assert len(centre.page(ada, before="nonsense").notices) == centre.PAGE


def test_old_ones_are_forgotten(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    for days in (1, 89, 91, 200):
        db.session.add(
            Notice(agent_id=ada.id, kind="note", ticket_id=ticket.id, count=1, read_at=db.now(),
                   at=db.now() - timedelta(days=days))
        )  # fmt: skip
    db.session.commit()
    assert centre.prune() == 2 and len(told.of(ada)) == 2


def test_done_is_read_and_gone_and_comes_back(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    told.give(mail_from(), grace, by=ada)
    [notice] = told.of(grace)
    centre.put_away(notice)
    assert centre.page(again(grace)).notices == [] and bell(again(grace)).unread == 0
    centre.put_back(notice)
    assert [one.id for one in centre.page(again(grace)).notices] == [notice.id]


def test_filters_are_what_they_say(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    ticket = mail_from()
    told.give(ticket, grace, by=ada)
    centre.read_all(again(grace))
    told.note(ticket, ada, told.mention(grace))
    told.note(ticket, ada)
    found = {which: [n.kind for n in centre.page(again(grace), which).notices] for which in centre.FILTERS}
    assert found == {
        "all": ["note", "mention", "assigned"], "unread": ["note", "mention"], "mentions": ["mention"]
    }  # fmt: skip


def test_every_event_that_tells_is_looked_at() -> None:
    wanted = {kind for kind, names in INTERESTED.items() if "notices" in names}
    assert wanted == set(deciding.WHOM) | set(deciding.SETTLES)


# ------------------------------------------------------------------------------------------ quiet hours


@pytest.mark.parametrize(
    ("begins", "ends", "at", "quiet"),
    [(22, 6, "2026-10-02T02:00Z", True), (22, 6, "2026-10-02T12:00Z", False),
     (9, 17, "2026-10-02T12:00Z", True), (9, 17, "2026-10-02T20:00Z", False),
     (8, 8, "2026-10-02T11:00Z", False)],
)  # fmt: skip
def test_quiet_is_by_the_clock_on_ones_own_wall(
    begins: int, ends: int, at: str, quiet: bool, grace: Agent
) -> None:
    choice = choices.Choice(quiet="times", quiet_from=begins * 60, quiet_until=ends * 60)
    assert choices.is_quiet(grace, choice, datetime.fromisoformat(at)) is quiet


def test_outside_working_hours_is_quiet_and_who_named_none_is_never_off(grace: Agent) -> None:
    choice = choices.Choice(quiet="work")
    assert not choices.is_quiet(grace, choice, EARLY)
    grace.hours = {"fri": [["09:00", "18:00"]]}
    assert choices.is_quiet(grace, choice, EARLY)
    assert not choices.is_quiet(grace, choice, EARLY + timedelta(hours=5))


@pytest.mark.parametrize(
    "wrong", [{"quiet": "always"}, {"digest": "weekly"}, {"digest_hour": 24}, {"quiet_from": -1}]
)
def test_what_stands_on_no_list_cannot_be_chosen(wrong: dict[str, object], grace: Agent) -> None:
    with pytest.raises(choices.Invalid):
        choices.choose(grace, choices.Choice(**wrong))  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------- digest


def digests(agent: Agent) -> list[Memo]:
    query = select(Memo).where(Memo.agent_id == agent.id, Memo.template == "digest").order_by(Memo.id)
    return list(db.session.scalars(query))


def test_a_days_digest_says_what_was_not_seen_and_no_words_of_it(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    told.choose(grace, digest="daily", digest_hour=8)
    ticket = mail_from("Marina Carmesim <marina@queiroz.example>", subject="Toalha-Carmesim", text="Toalha")
    told.give(ticket, grace, by=ada)
    told.note(ticket, ada, told.mention(grace).replace("look", "Toalha"))
    with time_machine.travel(EARLY, tick=False):
        assert digest.sweep() == 0  # six in the morning
    with time_machine.travel(EARLY + timedelta(hours=2), tick=False):
        assert digest.sweep() == 1
    with time_machine.travel(EARLY + timedelta(hours=3), tick=False):
        assert digest.sweep() == 0
    [memo] = digests(grace)
    whole = memo.subject + memo.text + memo.html
    assert (
        f"#{ticket.id}" in whole and "You were mentioned" in whole and "A conversation is yours now" in whole
    )
    assert "Toalha" not in whole and "Carmesim" not in whole and "Marina" not in whole
    assert memo.subject == "2 things you have not seen at Barro & Linho"
    assert f"/tickets/{ticket.id}" in memo.text and "/settings/notices" in memo.text
    assert memo.unsubscribe == f"http://127.0.0.1:8000/digests/{digest.token(again(grace))}"


def test_what_was_read_or_pushed_or_mailed_is_in_no_digest(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    told.choose(grace, digest="hourly")
    for number in range(4):
        told.give(mail_from(f"a{number}@x.example", subject=f"{number}"), grace, by=ada)
    first, second, third, _fourth = told.of(grace)
    first.read_at, second.pushed_at, third.digest_at = db.now(), db.now(), db.now() + timedelta(seconds=1)
    db.session.commit()
    assert [notice.id for notice in digest.unseen(again(grace))] == [_fourth.id]


def test_two_timetables_write_one_digest(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    told.choose(grace, digest="hourly")
    told.give(mail_from(), grace, by=ada)
    with time_machine.travel(EARLY, tick=False):
        period = digest.due(again(grace), choices.of(again(grace)), db.now())
        assert period == "2026-10-02T09Z"
        assert [digest.write(grace.id), digest.write(grace.id)] == [True, False]
        with db.writing():
            assert not digest._write(grace.id, period)  # one that had looked before the other wrote
    assert len(digests(grace)) == 1


def test_a_day_with_nothing_new_has_no_mail_and_is_over(grace: Agent) -> None:
    told.choose(grace, digest="daily", digest_hour=3)
    with time_machine.travel(EARLY, tick=False):
        assert digest.sweep() == 0
    assert digests(grace) == [] and db.session.scalar(select(func.count()).select_from(Digest)) == 1


def test_the_hour_is_the_one_on_the_wall_also_when_clocks_change(grace: Agent) -> None:
    grace.zone = "America/New_York"
    choice = choices.Choice(digest="daily", digest_hour=2)
    spring = datetime(2026, 3, 8, 6, 59, tzinfo=UTC)  # 01:59; at two it is three
    assert digest.due(grace, choice, spring) is None
    assert digest.due(grace, choice, spring + timedelta(minutes=2)) == "2026-03-08"
    autumn = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30 the first time
    at_one = choices.Choice(digest="daily", digest_hour=1)
    assert (
        digest.due(grace, at_one, autumn)
        == digest.due(grace, at_one, autumn + timedelta(hours=1))
        == "2026-11-01"
    )


def test_after_a_long_sleep_a_digest_is_not_caught_up(grace: Agent) -> None:
    choice = choices.Choice(digest="daily", digest_hour=0)
    assert digest.due(grace, choice, EARLY + timedelta(hours=5)) == "2026-10-02"
    assert digest.due(grace, choice, EARLY + timedelta(hours=14)) is None


def test_quiet_hours_have_no_hourly_digest_and_a_restored_copy_none_at_all(
    mail_from: MailFrom, ada: Agent, grace: Agent
) -> None:
    told.choose(grace, digest="hourly", quiet="times", quiet_from=0, quiet_until=12 * 60)
    told.give(mail_from(), grace, by=ada)
    with time_machine.travel(EARLY, tick=False):
        assert digest.sweep() == 0
    quarantine.begin(EARLY)
    db.session.commit()
    with time_machine.travel(EARLY + timedelta(hours=9), tick=False):
        assert digest.sweep() == 0


def test_only_our_own_link_stops_a_digest(grace: Agent) -> None:
    good = digest.token(grace)
    assert digest.whose(good) is not None
    other = f"{grace.id + 1:x}-{good.split('-')[1]}"
    for bad in ("", "x", "1-", good[:-1], good + "a", good.replace("-", "-A"), other, "-5-x", "zz-é", "9-x"):
        assert digest.whose(bad) is None
    grace.active = False
    db.session.commit()
    assert digest.whose(good) is None


def test_telling_a_large_team_asks_no_more_than_telling_a_small_one(
    mail_from: MailFrom, pottery: Team, pottery_mailbox: Account, database: Connection
) -> None:
    """A new conversation of fifty people's team must not keep everybody else from writing."""
    asked = []
    for size in (3, 30):
        for number in range(size):
            somebody(f"Member{size}x{number} Sá", teams=[again(pottery)])
        mail_from(account=pottery_mailbox)
        db.session.commit()
        with counting(database) as statements:
            told.happen()
        asked.append(sum(not one.startswith("INSERT") for one in statements))  # SQLite takes each row alone
    assert db.session.scalar(select(func.count()).select_from(Notice)) >= 36
    assert asked[1] <= asked[0], asked
