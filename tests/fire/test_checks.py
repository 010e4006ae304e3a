"""Each check finds what it is there to find: a true house has no offence, each doctored one its own."""

from __future__ import annotations

import copy
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, select, text

from inbox import db, files
from inbox.models import Event, Message, Survey
from tests.fire import soak
from tests.fire.checks import CHECKS, Evidence, timers
from tests.fire.conftest import World, ask, pushed
from tests.fire.ledger import (
    Delivery,
    Errand,
    Ledger,
    Mishap,
    Refresh,
    incoming,
    outgoing,
    private,
)
from tests.fire.soak import Look


def test_a_house_where_all_went_well_has_no_offence(world: World) -> None:
    assert "\n".join(world.offences()) == ""
    assert [survey.state for survey in db.session.scalars(select(Survey))] == ["sent"]
    assert len(world.ledger.deliveries) > len(world.replies)  # confirmations and the survey as well


# ------------------------------------------------------------------------------------------ doctored


def a_mail_is_lost(world: World) -> None:
    world.ledger.offered(incoming(99), b"x")
    world.ledger.accepted(incoming(99))


def a_mail_is_refused_for_ever(world: World) -> None:
    world.ledger.offered(incoming(99), b"x")


def a_fault_found_nobody(world: World) -> None:
    world.evidence.missed = ["kill-web"]


def a_mail_is_doubled(world: World) -> None:
    first = db.session.scalars(
        select(Message).where(Message.kind == "customer").order_by(Message.id).limit(1)
    ).one()
    values = {
        c.key: getattr(first, c.key) for c in Message.__table__.columns if c.key not in ("id", "external_id")
    }
    db.session.add(Message(**values, external_id="another"))
    db.session.commit()


def a_mail_is_made_up(world: World) -> None:
    world.do(
        "UPDATE message SET text = :text WHERE kind = 'customer' AND text LIKE '%tkin000000x%'",
        text=incoming(98),
    )


def a_byte_changes(world: World) -> None:
    [sha256] = world.ledger.arrivals[incoming(0)].sha256
    path = files.path_of(sha256)
    path.write_bytes(path.read_bytes().replace(b"cup", b"cap", 1))


def a_file_is_gone(world: World) -> None:
    [sha256] = world.ledger.arrivals[incoming(3)].sha256
    files.path_of(sha256).unlink()


def another_ones_bytes(world: World) -> None:
    [first], [other] = (world.ledger.arrivals[incoming(n)].sha256 for n in (0, 9))
    world.do("UPDATE payload SET sha256 = :other WHERE sha256 = :first", other=other, first=first)


def poison_is_thrown_away(world: World) -> None:
    world.do("DELETE FROM payload WHERE state = 'failed'")


def a_good_mail_is_put_aside(world: World) -> None:
    world.do("UPDATE payload SET state = 'failed', reason = 'no' WHERE id = (SELECT min(id) FROM payload)")


def a_reply_never_left(world: World) -> None:
    world.ledger.deliveries[:] = [d for d in world.ledger.deliveries if outgoing(2) not in d.tokens]


def a_reply_is_still_failed(world: World) -> None:
    world.do("UPDATE message SET state = 'failed' WHERE idempotency_key = 'reply-2'")


def a_reply_is_lost(world: World) -> None:
    errand = Errand("reply-50", outgoing(50), "reply", world.tickets[0], time.time(), acknowledged=True)
    world.ledger.asks(errand)


def a_reply_has_two_ids(world: World) -> None:
    world.ledger.delivered("<other@barro.example>", outgoing(0))


def a_reply_left_twice(world: World) -> None:
    world.ledger.delivered(world.replies[0], outgoing(0))


def something_left_that_nobody_wrote(world: World) -> None:
    world.ledger.delivered("<spam@barro.example>", "Buy now")


def a_reply_that_nobody_asked_for(world: World) -> None:
    del world.ledger.errands["reply-2"]


def an_undone_reply_left(world: World) -> None:
    world.ledger.delivered("<undone@barro.example>", outgoing(9))


def an_undone_reply_stays(world: World) -> None:
    world.ledger.errands["reply-2"].undone = True


def replies_change_places(world: World) -> None:
    moments = {d.message_id: d for d in world.ledger.deliveries}
    moments[world.replies[1]].at = moments[world.replies[0]].at - 5


def the_history_goes_back(world: World) -> None:
    ticket = world.tickets[0]
    db.session.add(Event(kind="tagged", ticket_id=ticket, version=1, data={}))
    db.session.commit()


def a_version_is_behind_its_history(world: World) -> None:
    world.do("UPDATE ticket SET version = 1, figured = 1 WHERE id = :id", id=world.tickets[0])


def a_reply_left_too_early(world: World) -> None:
    world.ledger.errands["reply-2"].asked_at = world.ledger.deliveries[-1].at
    world.ledger.errands["reply-2"].wait = 3600


def an_event_happens_twice(world: World) -> None:
    sent = db.session.scalars(
        select(Event).where(Event.kind == "reply_sent").order_by(Event.id.desc()).limit(1)
    ).one()
    db.session.add(
        Event(kind=sent.kind, ticket_id=sent.ticket_id, message_id=sent.message_id, version=99, data={})
    )
    db.session.commit()


def a_survey_is_forgotten(world: World) -> None:
    world.do("DELETE FROM survey")


def a_survey_still_waits(world: World) -> None:
    world.do("UPDATE survey SET state = 'waiting', sent_at = NULL")


def a_survey_came_early(world: World) -> None:
    world.do("UPDATE survey SET due_at = :at", at=db.now() + timedelta(minutes=10))


def a_survey_was_not_to_be_asked(world: World) -> None:
    world.do("UPDATE survey SET state = 'skipped', reason = 'cap', sent_at = NULL")


def a_confirmation_twice(world: World) -> None:
    world.do(
        "UPDATE message SET automated = 'acknowledgement' WHERE idempotency_key IN ('reply-0', 'reply-1')"
    )


def a_tally_is_wrong(world: World) -> None:
    world.do("UPDATE tally SET n = n + 1 WHERE state = 'open'")


def a_conversation_counts_wrong(world: World) -> None:
    world.do("UPDATE ticket SET message_count = message_count - 1 WHERE id = :id", id=world.tickets[0])


def a_fact_is_missing(world: World) -> None:
    world.do("DELETE FROM fact WHERE kind = 'replied' AND ticket_id = :id", id=world.tickets[1])


def a_word_is_not_found(world: World) -> None:
    name = "id" if db.dialect() == "postgresql" else "rowid"
    number = ask("SELECT min(id) FROM message WHERE kind = 'customer'")[0][0]
    world.do(f"DELETE FROM ticket_text WHERE {name} = :row", row=2 * number)


def a_word_is_found_elsewhere(world: World) -> None:
    number = ask("SELECT min(id) FROM message WHERE kind = 'customer'")[0][0]
    name = "id" if db.dialect() == "postgresql" else "rowid"
    world.do(f"UPDATE ticket_text SET ticket_id = :t WHERE {name} = :row", t=world.tickets[3], row=2 * number)


def a_note_left(world: World) -> None:
    world.ledger.delivered(world.replies[2], f"{outgoing(2)} {private(7)}")


def a_note_is_lost(world: World) -> None:
    world.do("UPDATE message SET idempotency_key = 'other' WHERE kind = 'note'")


def a_screen_missed_something(world: World) -> None:
    world.evidence.screens[0].rows[world.tickets[0]] = (1, "")


def a_resolution_is_lost(world: World) -> None:
    world.ledger.resolved.append(world.tickets[0])


def a_scheduled_reply_failed_by_itself(world: World) -> None:
    world.ledger.errands["reply-2"].kind = "later"
    world.do("UPDATE message SET state = 'failed', failure = 'refused' WHERE idempotency_key = 'reply-2'")
    token = world.ledger.errands["reply-2"].token
    world.ledger.deliveries[:] = [d for d in world.ledger.deliveries if token not in d.tokens]


def a_screen_keeps_what_is_resolved(world: World) -> None:
    world.evidence.screens[0].rows[world.tickets[1]] = (1, "")


def a_screen_lacks_a_row(world: World) -> None:
    del world.evidence.screens[0].rows[world.tickets[0]]


def a_push_says_a_word(world: World) -> None:
    pushed(world, words=f"It came cracked. {incoming(0)}")


def a_browser_is_not_told(world: World) -> None:
    world.ledger.pushes.clear()


def a_browser_is_told_twice(world: World) -> None:
    pushed(world)


def one_that_is_gone_is_told(world: World) -> None:
    pushed(world, endpoint="/gone", status=410)
    pushed(world, endpoint="/gone", status=410)


def a_permission_is_lost(world: World) -> None:
    world.ledger.refresh_tokens.clear()


def a_permission_is_withdrawn(world: World) -> None:
    world.do("UPDATE authorisation SET state = 'withdrawn'")


def two_ask_at_once(world: World) -> None:
    world.ledger.refreshes += [Refresh("a", 10.0, 13.0, "ok"), Refresh("a", 12.0, 14.0, "ok")]


def one_asks_in_vain_again(world: World) -> None:
    world.ledger.refreshes += [
        Refresh("a", 10.0, 11.0, "invalid_grant"), Refresh("a", 12.0, 14.0, "invalid_grant")
    ]  # fmt: skip


def something_waits_for_ever(world: World) -> None:
    world.evidence.left = {"mails to be read": 2}


def a_thread_of_ours_fell(world: World) -> None:
    world.evidence.trouble = [AssertionError("550 no")]


LISTS = (
    "arrivals", "errands", "resolved", "deliveries", "mishaps", "jumps", "pushes", "refreshes",
    "refresh_tokens",
)  # fmt: skip

DOCTORED: dict[Callable[[World], None], str] = {
    a_mail_is_lost: "once: tkin000099x",
    a_mail_is_refused_for_ever: "to_the_last: tkin000099x",
    a_fault_found_nobody: "struck: kill-web",
    a_mail_is_doubled: "once: tkin000000x",
    a_mail_is_made_up: "once: tkin000098x is in a message, and nobody sent it",
    a_byte_changes: "with_their_bytes: the bytes",
    a_file_is_gone: "with_their_bytes: the bytes",
    another_ones_bytes: "with_their_bytes: tkin000000x was read from other bytes",
    poison_is_thrown_away: "poison_is_kept: tkin000006x",
    a_good_mail_is_put_aside: "poison_is_kept: a mail that can be read",
    a_reply_never_left: "acknowledged: reply-2 left as nothing",
    a_reply_is_still_failed: "acknowledged: reply-2 was acknowledged and is failed",
    a_reply_is_lost: "acknowledged: reply-50 was acknowledged and is 0 messages",
    a_reply_has_two_ids: "acknowledged: reply-0 left as",
    a_reply_left_twice: "acknowledged: <",
    something_left_that_nobody_wrote: "intended: <spam@barro.example> left",
    a_reply_that_nobody_asked_for: "intended: message",
    an_undone_reply_left: "undone: reply-9",
    an_undone_reply_stays: "undone: reply-2",
    replies_change_places: "replies: ticket",
    the_history_goes_back: "events: ticket",
    a_version_is_behind_its_history: "events: ticket",
    a_reply_left_too_early: "not_early: reply-2",
    an_event_happens_twice: "once: message",
    a_confirmation_twice: "once: ticket",
    a_survey_is_forgotten: "surveys: resolution",
    a_survey_still_waits: "surveys: survey",
    a_survey_came_early: "surveys: survey",
    a_survey_was_not_to_be_asked: "surveys: survey",
    a_tally_is_wrong: "tallies: team",
    a_conversation_counts_wrong: "messages: ticket",
    a_fact_is_missing: "facts: ticket",
    a_word_is_not_found: "words: ",
    a_word_is_found_elsewhere: "words: ",
    a_note_left: "notes: <",
    a_note_is_lost: "notes: note-7",
    a_screen_missed_something: "as_the_database: screen 1",
    a_resolution_is_lost: "resolved: ticket",
    a_scheduled_reply_failed_by_itself: "acknowledged: reply-2 was acknowledged and is failed",
    a_screen_keeps_what_is_resolved: "as_the_database: screen 1 shows ticket",
    a_screen_lacks_a_row: "as_the_database: screen 1",
    a_push_says_a_word: "notices: a push",
    a_browser_is_not_told: "everybody: /browser",
    a_browser_is_told_twice: "once_each: /browser",
    one_that_is_gone_is_told: "nobody_who_is_gone: /gone",
    a_permission_is_lost: "still: the permission",
    a_permission_is_withdrawn: "still: the permission",
    two_ask_at_once: "one_after_another: a token",
    one_asks_in_vain_again: "not_once_withdrawn: a permission",
    something_waits_for_ever: "quiet: 2 mails to be read",
    a_thread_of_ours_fell: "quiet: the run itself failed",
}


def test_what_is_wrong_is_found(world: World, database: Connection, tmp_path: Path) -> None:
    """Each alone: afterwards all is as it was."""
    whole, kept = files.root(), tmp_path / "kept"
    shutil.copytree(whole, kept)
    overlooked = {}
    for doctor, wanted in DOCTORED.items():
        db.session.remove()
        before = database.begin_nested()
        other = replace(world, evidence=copied(world.evidence))
        doctor(other)
        found = other.offences()
        db.session.remove()
        before.rollback()
        shutil.copytree(kept, whole, dirs_exist_ok=True)
        if not any(said.startswith(wanted) for said in found):
            overlooked[doctor.__name__] = found
    assert not overlooked
    assert "\n".join(world.offences()) == ""


def copied(evidence: Evidence) -> Evidence:
    lists = {name: copy.deepcopy(getattr(evidence.ledger, name)) for name in LISTS}
    return replace(evidence, ledger=Ledger(**lists), screens=copy.deepcopy(evidence.screens))


def test_an_event_that_was_put_in_is_found(world: World) -> None:
    assert "\n".join(world.offences()) == ""  # all is sealed by now
    gap = ask("SELECT min(id) FROM event")[0][0]
    if db.dialect() == "sqlite":
        names = [
            row[0]
            for row in ask("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'")
        ]
        for name in names:
            db.session.execute(text(f"DROP TRIGGER {name}"))
    else:
        db.session.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
    world.do("UPDATE event SET kind = 'other' WHERE id = :id", id=gap)
    assert any(said.startswith("whole: events") for said in world.offences())


def test_every_check_is_tried() -> None:
    tried = {said.partition(":")[0] for said in DOCTORED.values()} | {"whole"}
    assert {check.__name__ for check in CHECKS} == tried


# ------------------------------------------------------------------------------------- what is no offence


@pytest.mark.parametrize("name", ["memory", "descriptors", "sockets", "log", "processes"])
def test_what_grows_in_a_soak_is_found(name: str) -> None:
    needed = Look(memory=6e8, descriptors=200, sockets=80, processes=12, log=16e6)
    steady = [replace(needed, memory=6e8 + 2e7 * (n % 3), log=16e6 * (n % 2)) for n in range(80)]
    warm = [replace(one, **{name: getattr(one, name) / 9}) for one in steady[:20]] + steady[20:]
    assert soak.grown(steady) == soak.grown(warm) == []
    growing = [replace(one, **{name: getattr(needed, name) * (1 + n / 20)}) for n, one in enumerate(steady)]
    assert [said.partition(":")[0] for said in soak.grown(growing)] == [name]
    assert soak.grown(steady[:8]) == ["looked 8 times only"]


def test_a_line_that_broke_excuses_its_own_repeat(world: World) -> None:
    first = next(d for d in world.ledger.deliveries if d.message_id == world.replies[0])
    first.ambiguous = True
    a_reply_left_twice(world)
    assert "\n".join(world.offences()) == ""


def test_a_sender_that_died_excuses_one_repeat_and_not_two(world: World) -> None:
    moment = next(d.at for d in world.ledger.deliveries if d.message_id == world.replies[0])
    world.ledger.mishaps.append(Mishap("kill-outbox", moment + 0.2, moment + 0.3))
    a_reply_left_twice(world)
    assert "\n".join(world.offences()) == ""
    world.ledger.deliveries.append(Delivery(world.replies[0], frozenset({outgoing(0)}), moment + 1))
    assert any("left again" in said for said in world.offences())


def test_many_mails_do_not_leave_twice_because_of_mishaps(world: World) -> None:
    moment = next(d.at for d in world.ledger.deliveries if d.message_id == world.replies[0])
    world.ledger.mishaps += [Mishap("kill-outbox", moment + 0.1, moment + 0.2) for _ in range(9)]
    again = Delivery(world.replies[0], frozenset({outgoing(0)}), moment)
    world.ledger.deliveries += [again] * 4
    assert "\n".join(world.offences()) == ""
    world.ledger.deliveries.append(again)
    assert any("5 mails left again" in said for said in world.offences())


def test_a_pusher_that_died_excuses_one_repeat_and_not_two(world: World) -> None:
    moment = world.ledger.pushes[0].at
    world.ledger.mishaps.append(Mishap("kill-push", moment + 0.2, moment + 0.3))
    a_browser_is_told_twice(world)
    assert "\n".join(world.offences()) == ""
    pushed(world)
    assert any("was told" in said for said in world.offences())


def test_a_clock_that_was_put_forward_makes_nothing_early() -> None:
    ledger = Ledger()
    ledger.jumps = [(100.0, 3600.0), (105.0, 0.0)]
    assert ledger.latest(90.0, 103.0) == 3703.0
    assert ledger.latest(90.0, 110.0) == 3705.0
    assert (ledger.latest(90.0, 110.0, 3.0), ledger.latest(90.0, 106.0, 3.0)) == (3708.0, 3706.0)
    assert ledger.latest(106.0, 110.0) == 110.0
    assert (ledger.offsets(90.0, 110.0), ledger.offsets(101.0, 102.0)) == ([0.0, 3600.0, 0.0], [3600.0])
    assert (ledger.house_time(99.0), ledger.house_time(101.0), ledger.house_time(106.0)) == (
        99.0,
        3701.0,
        106.0,
    )


def test_an_hour_that_came_twice_is_read_both_ways() -> None:
    """A notice of that hour may be older than a browser that was let in after it."""
    ledger = Ledger()
    ledger.jumps = [(1_000.0, 3600.0), (1_010.0, 0.0)]
    assert ledger.true_times(900.0, 3.0) == [900.0]
    assert ledger.true_times(4_605.0, 3.0) == [1_005.0, 4_605.0]
    assert ledger.true_times(4_612.0, 3.0) == [1_012.0, 4_612.0]
    assert ledger.true_times(4_620.0, 3.0) == [4_620.0]


@pytest.mark.parametrize(("after", "early"), [(3.1, False), (2.5, True)])
def test_a_window_that_begins_anew_is_no_shorter_than_it_was(after: float, early: bool) -> None:
    """Written while the clock was an hour ahead, a second before it was put right."""
    ledger = Ledger()
    ledger.jumps = [(1_000.0, 3600.0), (1_021.0, 0.0)]
    ledger.asks(Errand("reply-1", "token", "reply", 1, 1_020.0, 3.0, answered_at=1_020.1))
    ledger.deliveries.append(Delivery("<1@x>", frozenset({"token"}), 1_020.0 + after))
    found = timers.not_early(SimpleNamespace(ledger=ledger))  # type: ignore[arg-type]
    assert bool(found) is early
