"""What people ask of their data: taken down, approved by somebody else, carried out once, and its clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inbox import customers, db, tickets
from inbox.db import session
from inbox.models import (
    Account,
    Agent,
    Customer,
    Event,
    Hold,
    Identity,
    Memo,
    Message,
    PrivacyRequest,
    Ticket,
)
from inbox.privacy import holds, people, requests, run, shred, tombstones
from inbox.privacy.requests import Refused, due
from tests.conftest import Bells
from tests.people import MailFrom, inbound
from tests.privacy.conftest import ask, carried_out, worked_on

pytestmark = pytest.mark.usefixtures("grown")


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    return mail_from()


def now_of(request: PrivacyRequest) -> PrivacyRequest:
    return session.get_one(PrivacyRequest, request.id, populate_existing=True)


def kinds(customer: Customer) -> list[str]:
    rows = session.query(Event.kind).filter_by(customer_id=customer.id, ticket_id=None).order_by(Event.id)
    return [kind for (kind,) in rows]


@pytest.mark.parametrize(
    ("asked", "law", "until"),
    [
        ((2026, 11, 3), "lgpd", (2026, 11, 18)),
        ((2026, 11, 3), "gdpr", (2026, 12, 3)),
        ((2027, 1, 31), "gdpr", (2027, 2, 28)),
        ((2026, 12, 15), "gdpr", (2027, 1, 15)),
    ],
)
def test_the_clock_is_fifteen_days_or_a_month(asked, law, until) -> None:
    assert due(datetime(*asked, 12, tzinfo=UTC), law) == datetime(*until, 12, tzinfo=UTC)


def test_somebody_else_approves_what_one_took_down(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    asked = ask(ticket.customer, "erasure", ada)
    with pytest.raises(Refused, match="own"):
        requests.approve(asked, ada)
    assert now_of(asked).state == "waiting"
    assert requests.to_approve(supervisor) == 1 and requests.to_approve(ada) == 0
    requests.approve(asked, supervisor)
    assert (asked.state, asked.decided_by_id) == ("approved", supervisor.id)


def test_an_agent_without_the_role_is_nobody_who_could_approve(
    ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    asked = ask(ticket.customer, "export", ada)
    requests.approve(asked, ada)
    assert asked.state == "approved"
    session.flush()
    approved = session.query(Event).filter_by(kind="export_approved").one()
    assert approved.data["alone"] is True


def test_who_could_approve_is_told_by_mail_without_a_name(
    ticket: Ticket, ada: Agent, supervisor: Agent, grace: Agent
) -> None:
    asked = ask(ticket.customer, "export", ada)
    [memo] = session.query(Memo)
    assert memo.agent_id == supervisor.id and f"/settings/privacy/requests/{asked.id}" in memo.text
    assert "Marina" not in memo.text + memo.html + memo.subject
    carried_out(asked, supervisor)
    assert [one.agent_id for one in session.query(Memo).filter_by(template="privacy_ready")] == [ada.id]


def test_two_who_decide_at_once_decide_once(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    asked = ask(ticket.customer, "export", ada)
    requests.approve(asked, supervisor)
    with pytest.raises(Refused, match="decided"):
        requests.refuse(asked, ada)
    assert asked.state == "approved"


def test_one_request_of_a_kind_at_a_time(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    asked = ask(ticket.customer, "export", ada)
    with pytest.raises(Refused, match="there"):
        requests.ask(ticket.customer, "export", supervisor, law="lgpd", proof="called")
    ask(ticket.customer, "erasure", ada)
    requests.refuse(asked, ada)
    assert asked.state == "withdrawn"
    assert ask(ticket.customer, "export", ada).id != asked.id


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"law": "hammurabi"}, "law"),
        ({"proof": "replayed"}, "proof"),
        ({"proof": ""}, "proof"),
        ({"note": "x" * 1001}, "note"),
        ({"asked_at": datetime(2020, 1, 1, tzinfo=UTC)}, "asked_at"),
    ],
)
def test_what_makes_no_sense_is_refused(ticket: Ticket, ada: Agent, values, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        requests.ask(ticket.customer, "export", ada, **{"law": "lgpd", "proof": "answered", **values})


def test_what_stays_of_a_conversation_is_its_numbers(
    ticket: Ticket, ada: Agent, supervisor: Agent, bells: Bells
) -> None:
    tickets.reply(ticket, ada, "<p>We send another.</p>", key="k")
    customer, at = ticket.customer, ticket.created_at
    done = carried_out(ask(customer, "erasure", ada), supervisor)
    assert done.state == "done" and done.finished_at and done.counts["tickets"] == 1
    after = session.get_one(Ticket, ticket.id, populate_existing=True)
    assert (after.status, after.subject, after.snippet, after.created_at) == ("closed", "", "", at)
    assert {(message.text, message.state) for message in session.query(Message)} == {
        ("", "received"),
        ("", "failed"),
    }
    assert people.is_erased(session.get_one(Customer, customer.id))
    assert kinds(customer) == ["erasure_asked", "erasure_approved", "erasure_done"]
    assert any(what == "changed" and news["ticket"] == ticket.id for what, news, _rooms in bells.told)


def test_a_mail_that_comes_meanwhile_is_a_new_persons(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    customer = ticket.customer
    first = session.query(Message).one()
    asked = ask(customer, "erasure", ada)
    requests.approve(asked, supervisor)
    session.commit()
    claim = run._claim(asked.id)
    assert claim and run._step(claim) is None  # it has begun, and the worker was killed
    account = session.get_one(Account, ticket.account_id)
    said = {"text": "Hello again", "refers_to": (first.message_id_header,), "thread": first.thread_id}
    new = mail_from(account=account, **said)
    session.commit()
    assert new.id != ticket.id and new.continues_id is None
    assert new.customer.id != customer.id and new.identity.address == "marina@queiroz.example"
    now_of(asked).leased_until = db.now() - timedelta(seconds=1)
    session.commit()
    assert worked_on(asked).state == "done"
    kept = session.get_one(Ticket, new.id, populate_existing=True)
    assert kept.subject == "Cracked cup" and kept.identity.address == "marina@queiroz.example"
    assert [m.text for m in session.query(Message).filter_by(ticket_id=new.id)] == ["Hello again"]


def test_it_goes_on_after_every_step_at_which_it_was_killed(
    mail_from: MailFrom, ada: Agent, supervisor: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        mail_from(subject=f"Cup {number}")
    customer = session.query(Customer).one()
    asked = ask(customer, "erasure", ada)
    requests.approve(asked, supervisor)
    session.commit()
    monkeypatch.setattr(run, "SECONDS", 0)
    steps = 0
    while now_of(asked).state != "done" and steps < 40:
        steps += 1
        claim = run._claim(asked.id)
        assert claim
        run._step(claim)  # and no more of this worker: its lease runs out
        now_of(asked).leased_until = db.now() - timedelta(seconds=1)
        session.commit()
        shred.sweep()
    done = now_of(asked)
    assert (done.state, done.counts["tickets"], done.counts["messages"]) == ("done", 25, 25)
    assert session.query(Event).filter_by(kind="erasure_done").count() == 1


def test_two_workers_do_it_once(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    asked = ask(ticket.customer, "erasure", ada)
    requests.approve(asked, supervisor)
    session.commit()
    first = run._claim(asked.id)
    assert first and run._claim(asked.id) is None
    now_of(asked).leased_until = db.now() - timedelta(seconds=1)  # it was slow
    session.commit()
    second = run._claim(asked.id)
    assert second and run._step(first) == "" and run._step(second) is None


def test_what_is_leaving_at_this_moment_is_waited_for(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    reply = tickets.reply(ticket, ada, "<p>We send another.</p>", key="k")
    reply.state, reply.leased_until = "sending", db.now() + timedelta(minutes=1)
    session.commit()
    waits = carried_out(ask(ticket.customer, "erasure", ada), supervisor, turns=3)
    assert (waits.state, waits.failure) == ("running", "sending")
    session.get_one(Message, reply.id).state = "sent"
    session.commit()
    assert worked_on(waits).state == "done"


def test_merged_customers_go_together_with_what_the_merge_kept(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    other = mail_from("Marina <marina@work.example>").customer
    kept = ticket.customer
    other.merged_into_id = kept.id
    for identity in other.identities:
        identity.home_id, identity.customer_id = other.id, kept.id
    session.commit()
    asked = ask(other, "erasure", ada)
    assert asked.customer_id == kept.id
    assert carried_out(asked, supervisor).state == "done"
    assert {one.kind for one in session.query(Identity)} == {"erased"}
    assert "Marina" not in {one.name for one in session.query(Customer)}


def test_a_merge_after_the_approval_takes_nobody_else_along(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    asked = ask(ticket.customer, "erasure", ada)
    requests.approve(asked, supervisor)
    otto = mail_from("Otto <otto@bystander.example>").identity
    otto.customer_id = asked.customer_id
    session.commit()
    stopped = worked_on(asked)
    assert (stopped.state, stopped.failure) == ("failed", "changed")
    assert session.get_one(Identity, otto.id, populate_existing=True).address == "otto@bystander.example"
    assert (
        carried_out(ask(session.get_one(Customer, asked.customer_id), "erasure", ada), supervisor).state
        == "done"
    )


def test_a_hold_stops_an_erasure_before_and_in_the_middle(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    hold = holds.put_on(ticket, "The court asked for it.", ada)
    session.commit()
    with pytest.raises(Refused, match="held"):
        ask(ticket.customer, "erasure", ada)
    holds.lift(hold, ada)
    session.commit()
    asked = ask(ticket.customer, "erasure", ada)
    requests.approve(asked, supervisor)
    holds.put_on(ticket.customer, "Another court.", ada)
    session.commit()
    assert (worked_on(asked, 2).state, now_of(asked).failure) == ("running", "held")
    assert session.get_one(Ticket, ticket.id).subject == "Cracked cup"
    for one in session.query(Hold).filter_by(lifted_at=None):
        holds.lift(one, ada)
    session.commit()
    assert worked_on(asked).state == "done"
    assert {one.reason for one in session.query(Hold)} == {""}


def test_a_restored_copy_erases_nothing(ticket: Ticket, ada: Agent, supervisor: Agent) -> None:
    asked = ask(ticket.customer, "erasure", ada)
    requests.approve(asked, supervisor)
    session.add(Event(kind="restored", data={}))
    session.commit()
    assert worked_on(asked, 2).state == "approved"


def test_who_was_erased_before_is_erased_again_after_a_restore(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    otto = mail_from("Otto <otto@bystander.example>").identity.id
    number, identity = ticket.customer.id, ticket.identity.id
    request = carried_out(ask(ticket.customer, "erasure", ada), supervisor)
    _as_in_the_backup(number, identity, request)
    assert tombstones.replay() == 1 and tombstones.replay() == 0
    again = session.query(PrivacyRequest).filter_by(proof="replayed").one()
    assert again.customer_id == number and worked_on(again).state == "done"
    assert session.get_one(Identity, identity, populate_existing=True).kind == "erased"
    assert session.get_one(Identity, otto, populate_existing=True).kind == "mail"


def _as_in_the_backup(number: int, identity: int, request: PrivacyRequest) -> None:
    """The database as it was before the erasure, of which it knows nothing; then restored."""
    session.delete(request)
    customer, back = session.get_one(Customer, number), session.get_one(Identity, identity)
    customer.name, back.kind, back.address = "Marina Queiroz", "mail", "marina@queiroz.example"
    session.add(Event(kind="restored", data={}))
    session.commit()


def test_whoever_was_merged_with_somebody_else_meanwhile_is_parted_from_them(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    otto = mail_from("Otto <otto@bystander.example>").identity
    number, identity = ticket.customer.id, ticket.identity.id
    request = carried_out(ask(ticket.customer, "erasure", ada), supervisor)
    _as_in_the_backup(number, identity, request)
    session.get_one(Identity, otto.id).customer_id = number
    session.commit()
    assert tombstones.replay() == 1
    again = session.query(PrivacyRequest).filter_by(proof="replayed").one()
    assert worked_on(again).state == "done" and again.customer_id != number
    assert session.get_one(Identity, otto.id, populate_existing=True).address == "otto@bystander.example"
    assert session.get_one(Customer, number, populate_existing=True).name == "Marina Queiroz"


def test_an_open_conversation_of_somebody_else_shows_that_a_message_went(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    others = mail_from.message("Otto <otto@bystander.example>", subject="A plate", text="It is fine.")
    tickets.receive(others.ticket.account, inbound(text="Me, too.", thread=others.thread_id))
    session.commit()
    version = others.ticket.version
    assert carried_out(ask(ticket.customer, "erasure", ada), supervisor).state == "done"
    after = session.get_one(Ticket, others.ticket_id, populate_existing=True)
    assert after.version > version and after.is_open and after.emptied_at is None
    assert [m.text for m in session.query(Message).filter_by(ticket_id=after.id)] == ["It is fine.", ""]


# ------------------------------------------------------- merging and parting while it is carried out


@pytest.mark.parametrize("kept", [True, False])
def test_attack_48_who_is_merged_with_them_meanwhile_is_not_erased_and_they_are(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent, kept: bool
) -> None:
    rui = mail_from("Rui <rui@x.example>", subject="Bill")
    asked = begun(ask(ticket.customer, "erasure", ada), supervisor)
    theirs, his = again(ticket).customer, again(rui).customer
    customers.merge(*(theirs, his) if kept else (his, theirs), {}, ada)
    session.commit()
    done = worked_on(asked)
    assert (done.state, done.counts["tickets"], again(ticket).subject) == ("done", 1, "")
    assert (again(rui).subject, again(rui).identity.address) == ("Bill", "rui@x.example")


def test_attack_48_an_address_that_is_parted_from_them_meanwhile_is_erased_too(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    work = mail_from("Marina <marina.queiroz@work.example>", subject="At work")
    customers.merge(ticket.customer, work.customer, {}, ada)
    session.commit()
    asked = begun(ask(ticket.customer, "erasure", ada), supervisor)
    customers.split(again(work).identity, ada)
    session.commit()
    assert worked_on(asked).state == "done"
    assert again(work).subject == again(ticket).subject == ""


def again(ticket: Ticket) -> Ticket:
    return session.get_one(Ticket, ticket.id)


def test_attack_49_who_is_merged_with_them_after_the_approval_is_in_no_copy(
    ticket: Ticket, mail_from: MailFrom, ada: Agent, supervisor: Agent
) -> None:
    rui = mail_from("Rui <rui@x.example>", subject="Bill")
    asked = ask(ticket.customer, "export", ada)
    requests.approve(asked, supervisor)
    customers.merge(ticket.customer, rui.customer, {}, ada)
    session.commit()
    ended = worked_on(asked)
    assert (ended.state, ended.failure, ended.file_sha256) == ("failed", "changed", None)


def begun(asked: PrivacyRequest, by: Agent) -> PrivacyRequest:
    """Approved, and its first step done: nobody is known by these addresses any more."""
    requests.approve(asked, by)
    session.commit()
    claim = run._claim(asked.id)
    assert claim and run._step(claim) is None
    run._give_back(claim, "")
    return asked


def test_what_they_wrote_in_a_conversation_that_is_held_keeps_an_erasure_waiting(
    ticket: Ticket, mail_from: MailFrom, ada: Agent
) -> None:
    rui = mail_from("Rui <rui@x.example>", subject="Bill")
    written = session.query(Message).filter_by(ticket_id=rui.id).one()
    written.identity_id = ticket.identity_id
    holds.put_on(rui, "A lawsuit", ada)
    session.commit()
    with pytest.raises(Refused, match="held"):
        ask(ticket.customer, "erasure", ada)
