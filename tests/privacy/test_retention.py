"""How long things are kept: nothing ends unless somebody said so, and what ends keeps its numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inbox import customers, db, files, tickets
from inbox.channels import Media
from inbox.db import session
from inbox.models import Account, Agent, Attachment, Event, Merge, Message, Payload, Ticket
from inbox.privacy import holds, people, retention, shred
from tests.conftest import Bells
from tests.people import MailFrom

pytestmark = pytest.mark.usefixtures("grown")
NIGHT, DAY = datetime(2026, 11, 3, 6, tzinfo=UTC), datetime(2026, 11, 3, 15, tzinfo=UTC)
"""Three in the morning and noon in Recife."""


def aged(ticket: Ticket, days: int = 100) -> Ticket:
    ticket.active_at = db.now() - timedelta(days=days)
    for message in session.query(Message).filter_by(ticket_id=ticket.id):
        message.created_at = ticket.active_at
    session.commit()
    return ticket


def settled(mail_from: MailFrom, ada: Agent, **more: object) -> Ticket:
    ticket = mail_from(**more)
    tickets.resolve(ticket, ada)
    return aged(ticket)


def now_of(ticket: Ticket) -> Ticket:
    return session.get_one(Ticket, ticket.id, populate_existing=True)


def keep(ada: Agent, **days: int) -> None:
    retention.set_rules({(kind, None): n for kind, n in days.items()}, ada)
    session.commit()


def test_nothing_ends_unless_somebody_says_so(mail_from: MailFrom, ada: Agent) -> None:
    ticket = settled(mail_from, ada)
    assert retention.rules() == {} and not retention.run_now()
    assert now_of(ticket).subject == "Cracked cup"


def test_what_is_over_its_time_loses_its_words_and_keeps_its_numbers(mail_from: MailFrom, ada: Agent) -> None:
    old, young = settled(mail_from, ada), mail_from(subject="Yesterday")
    tickets.resolve(young, ada)
    keep(ada, done=90)
    [line] = retention.dry({("done", None): 90})
    assert (line.n, list(line.examples)) == (1, [old.id])
    assert now_of(old).subject == "Cracked cup", "a dry run changes nothing"
    assert retention.run_now() == {"done": 1}
    assert (now_of(old).subject, now_of(old).status, now_of(old).message_count) == ("", "resolved", 1)
    assert now_of(young).subject == "Yesterday"
    assert session.query(Event).filter_by(kind="retention_run").one().data == {"counts": {"done": 1}}
    assert not retention.run_now()


def test_what_is_open_or_held_is_never_touched(mail_from: MailFrom, ada: Agent) -> None:
    still_open = aged(mail_from(subject="Open"))
    held = settled(mail_from, ada, subject="Held")
    theirs = settled(mail_from, ada, sender="Otto <otto@x.example>", subject="Of a held customer")
    holds.put_on(held, "A court", ada)
    holds.put_on(theirs.customer, "Another", ada)
    keep(ada, done=1, spam=1, raw=1, files=1)
    assert [line.n for line in retention.dry(retention.rules())] == [0, 0, 0, 0]
    assert not retention.run_now()
    assert {now_of(one).subject for one in (still_open, held, theirs)} == {
        "Open",
        "Held",
        "Of a held customer",
    }


def test_a_mailbox_may_have_rules_of_its_own(
    mail_from: MailFrom, pottery_mailbox: Account, ada: Agent
) -> None:
    general = settled(mail_from, ada)
    own = settled(mail_from, ada, account=pottery_mailbox, subject="Pottery")
    retention.set_rules({("done", None): 10, ("done", pottery_mailbox.id): 1000}, ada)
    session.commit()
    assert retention.run_now() == {"done": 1}
    assert (now_of(general).subject, now_of(own).subject) == ("", "Pottery")


def test_spam_ends_sooner(mail_from: MailFrom, ada: Agent) -> None:
    spam = mail_from(subject="Win")
    tickets.mark_spam(spam, ada)
    aged(spam, 31)
    keep(ada, spam=30)
    assert retention.run_now() == {"spam": 1} and now_of(spam).subject == ""


def test_files_go_and_their_names_stay(mail_from: MailFrom, ada: Agent) -> None:
    photo = Media("cup.png", "image/png", b"a photo that nobody else has")
    settled(mail_from, ada, files=(photo,))
    sha256 = session.query(Attachment).one().sha256
    keep(ada, files=30)
    assert retention.run_now() == {"files": 1}
    left = session.query(Attachment).one()
    assert (left.filename, left.sha256) == ("cup.png", "")
    shred.sweep()
    with pytest.raises(files.Missing):
        files.get(sha256)


def test_raw_mails_go_and_their_text_stays(mail_from: MailFrom, ada: Agent) -> None:
    ticket = settled(mail_from, ada)
    payload = Payload(
        account_id=ticket.account_id, sha256=files.put(b"raw"), size=3, state="parsed", source="INBOX/1/1"
    )
    session.add(payload)
    session.flush()
    session.query(Message).one().payload_id = payload.id
    session.commit()
    keep(ada, raw=30)
    assert retention.run_now() == {"raw": 1} and not retention.run_now()
    [left] = session.query(Payload)
    assert (left.sha256, left.source) == ("", "INBOX/1/1"), "the same place is not fetched once more"
    assert session.query(Message).one().text == "One of the cups came cracked."


def test_what_was_left_out_goes(support: Account, ada: Agent) -> None:
    old = db.now() - timedelta(days=40)
    facts = {"account_id": support.id, "size": 3, "created_at": old}
    session.add_all(
        Payload(sha256=files.put(state.encode()), state=state, **facts) for state in ("ignored", "failed")
    )
    session.commit()
    keep(ada, left_out=30)
    assert retention.run_now() == {"left_out": 1}
    assert {one.state for one in session.query(Payload) if one.sha256} == {"failed"}, "a person looks at it"


@pytest.mark.parametrize(("moment", "rings"), [(NIGHT, 1), (DAY, 0)])
def test_it_runs_at_night_where_the_company_is(
    mail_from: MailFrom,
    ada: Agent,
    bells: Bells,
    monkeypatch: pytest.MonkeyPatch,
    moment: datetime,
    rings: int,
) -> None:
    settled(mail_from, ada)
    keep(ada, done=30)
    bells.rung.clear()
    monkeypatch.setattr(shred, "now", lambda: moment)
    assert retention.sweep() is bool(rings) and len(bells.rung) == rings


def test_a_restored_copy_keeps_still(
    mail_from: MailFrom, ada: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = settled(mail_from, ada)
    keep(ada, done=30)
    session.add(Event(kind="restored", data={}))
    session.commit()
    monkeypatch.setattr(shred, "now", lambda: NIGHT)
    assert not retention.sweep() and not retention.run_now()
    assert now_of(ticket).subject == "Cracked cup"


@pytest.mark.parametrize("days", [0, -1, 36_501])
def test_days_that_make_no_sense_are_refused(ada: Agent, days: int) -> None:
    with pytest.raises(retention.Invalid):
        retention.set_rules({("done", None): days}, ada)


def test_what_changed_is_in_the_audit_trail(ada: Agent) -> None:
    keep(ada, done=30, spam=10)
    keep(ada, done=60)
    last = session.query(Event).filter_by(kind="retention_set").order_by(Event.id.desc()).first()
    assert last and last.data == {"changed": {"done:0": [30, 60], "spam:0": [10, 0]}}


# ------------------------------------------------------------- a legal hold, and who is one with whom


def test_a_hold_stays_on_who_was_merged_and_on_who_is_parted(mail_from: MailFrom, ada: Agent) -> None:
    marina, work = mail_from(), mail_from("Marina <marina.queiroz@work.example>", subject="At work")
    third = mail_from("M. <m.queiroz@third.example>", subject="Third")
    for ticket in (marina, work, third):
        tickets.resolve(ticket, ada)
        aged(ticket)
    holds.put_on(work.customer, "A lawsuit", ada)
    made = customers.merge(marina.customer, work.customer, {}, ada)
    customers.merge(third.customer, marina.customer, {}, ada)
    session.commit()
    keep(ada, done=90)
    assert not retention.run_now() and now_of(work).subject == "At work"
    assert holds.over(now_of(work)) and holds.standing(now_of(third).customer)
    customers.unmerge(session.get_one(Merge, made.id), ada)
    session.commit()
    assert not retention.run_now() and now_of(work).subject == "At work"
    customers.split(now_of(marina).identity, ada)
    session.commit()
    assert not retention.run_now() and now_of(marina).subject == "Cracked cup"


def test_two_who_are_held_are_held_for_both_reasons(mail_from: MailFrom, ada: Agent) -> None:
    marina, work = mail_from(), mail_from("Marina <marina.queiroz@work.example>", subject="At work")
    holds.put_on(marina.customer, "A lawsuit", ada)
    holds.put_on(work.customer, "Taxes", ada)
    made = customers.merge(marina.customer, work.customer, {}, ada)
    [one] = holds.all_standing()
    assert (one.customer_id, one.reason) == (marina.customer.id, "A lawsuit; Taxes")
    parted = customers.unmerge(made, ada)
    assert {hold.customer_id for hold in holds.all_standing()} == {one.customer_id, parted.id}


def test_a_hold_on_the_whole_stays_on_both_when_a_merge_is_taken_back(
    mail_from: MailFrom, ada: Agent
) -> None:
    marina, work = mail_from(), mail_from("Marina <marina.queiroz@work.example>", subject="At work")
    made = customers.merge(marina.customer, work.customer, {}, ada)
    holds.put_on(marina.customer, "A lawsuit", ada)
    customers.unmerge(made, ada)
    session.commit()
    assert holds.standing(marina.customer) and holds.standing(work.customer)
    assert session.query(Event).filter_by(kind="hold_set").count() == 2


def test_a_conversation_that_is_given_to_somebody_else_stays_held(mail_from: MailFrom, ada: Agent) -> None:
    ticket = settled(mail_from, ada)
    holds.put_on(ticket.customer, "A lawsuit", ada)
    tickets.set_customer(ticket, "rui@x.example", "Rui", ada)
    aged(ticket)
    keep(ada, done=90)
    assert not retention.run_now() and now_of(ticket).subject == "Cracked cup"
    assert holds.over_person(people.of(now_of(ticket).customer.id))
