"""After a resolution its customer is asked once, unless there is a reason not to."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from inbox import db, files, quarantine, tickets
from inbox.models import Account, Agent, Customer, Identity, Message, Survey, Ticket
from inbox.reactions import surveys
from tests import asked
from tests.attacks.post import again, answer, react, send_all
from tests.clients import ClientFor
from tests.conftest import Bells
from tests.people import MailFrom, answer_to

PT = "Uma das xícaras que vocês mandaram chegou trincada, o que eu faço agora?"


def test_a_while_after_it_is_resolved_the_customer_is_asked(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada)
    waiting = asked.of(ticket)
    assert waiting.state == "waiting" and waiting.agent_id == ada.id
    [moment] = [event.at for event in asked.events("resolved")]
    assert waiting.due_at - moment == timedelta(hours=1)
    early = asked.due(ticket, timedelta(minutes=59))
    assert early.state == "waiting" and not asked.mails()
    survey = asked.due(ticket)
    [mail] = asked.mails()
    assert (survey.state, survey.message_id, survey.language) == ("sent", mail.id, "en")
    assert mail.recipients == {"to": [{"name": "Marina Queiroz", "address": "marina@queiroz.example"}]}
    assert mail.text.startswith("Hi Marina,") and "Ada answered you" in mail.text
    assert again(ticket).status == "resolved" and mail.state == "queued"


def test_it_is_settable_when(mail_from: MailFrom, ada: Agent) -> None:
    asked.want(wait_minutes=0)
    ticket = asked.resolved(mail_from, ada)
    assert asked.of(ticket).due_at <= db.now() and asked.due(ticket).state == "sent"


def test_it_speaks_the_customers_language(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada, text=PT, subject="Xícara")
    assert asked.due(ticket).language == "pt"
    [mail] = asked.mails()
    assert mail.subject == "Como foi a conversa? “Xícara”" and "Ada respondeu" in mail.text


def test_the_mail_says_what_it_is_and_what_comes_back_reaches_us(mail_from: MailFrom, ada: Agent) -> None:
    survey = asked.sent(mail_from, ada)
    send_all()
    [mail] = asked.mails()
    raw = message_from_bytes(files.get(again(mail).raw_sha256 or ""), policy=policy.default)
    assert raw["Auto-Submitted"] == "auto-generated"  # RFC 3834, 5: it answers nothing
    assert raw["X-Auto-Response-Suppress"] == "All"
    assert mail.references and raw["References"].split() == mail.references
    text, html = (raw.get_body([kind]).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    for score in range(1, 6):
        assert f"/s/{survey.token}?score={score}" in text and f"/s/{survey.token}?score={score}" in html
    assert "<img" not in html and "<script" not in html


def test_its_bounce_is_ours_to_know(mail_from: MailFrom, ada: Agent) -> None:
    from inbox.channels.email.outbound import envelope
    from inbox.outbox import parcel

    asked.sent(mail_from, ada)
    ready = parcel.load(asked.mails()[0].id)
    assert envelope({}, parcel.outbound(ready, [])).sender == "support@barro.example"


def test_who_reads_the_conversation_sees_no_address(
    mail_from: MailFrom, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    survey = asked.sent(mail_from, ada)
    send_all()
    token, message_id, ticket_id = survey.token, survey.message_id, survey.ticket_id
    client = client_for(grace)
    page = client.get(f"/tickets/{ticket_id}/_pane").text
    assert "How was the conversation?" in page and token not in page
    for what in ("raw", "source", "headers"):
        assert client.get(f"/messages/{message_id}/{what}").status_code == 404
    assert token not in client.get(f"/messages/{message_id}/print").text


def test_once_for_every_resolution(mail_from: MailFrom, ada: Agent, support: Account) -> None:
    asked.want(every_days=0)
    ticket = asked.resolved(mail_from, ada)
    survey = asked.due(ticket)
    surveys.ask_now(survey.id)
    assert len(asked.mails()) == 1
    tickets.reopen(again(ticket), again(ada))
    asked.resolve(ticket, ada)
    assert asked.due(ticket).state == "sent" and len(asked.mails()) == 2
    again_survey = Survey(
        event_id=survey.event_id, ticket_id=ticket.id, identity_id=survey.identity_id, due_at=db.now()
    )
    db.session.add(again_survey)
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_of_two_resolutions_before_its_moment_only_the_last_is_asked_about(
    mail_from: MailFrom, ada: Agent
) -> None:
    asked.want(every_days=0)
    ticket = asked.resolved(mail_from, ada)
    first = asked.of(ticket)
    tickets.reopen(again(ticket), again(ada))
    asked.resolve(ticket, ada)
    assert asked.due(ticket).state == "sent"
    with time_machine.travel(first.due_at + timedelta(minutes=1), tick=False):
        surveys.ask_now(first.id)
    first = again(first)
    assert (first.state, first.reason) == ("skipped", "reopened")


def test_one_that_was_reopened_is_not_asked_about(mail_from: MailFrom, ada: Agent, support: Account) -> None:
    ticket = asked.resolved(mail_from, ada)
    ours = db.session.scalars(select(Message).where(Message.author_id == ada.id)).one()
    tickets.receive(support, answer_to(ours, text="It came cracked again."))
    db.session.commit()
    assert again(ticket).status == "open"
    survey = asked.due(ticket)
    assert (survey.state, survey.reason) == ("skipped", "reopened") and not asked.mails()


@pytest.mark.parametrize("sender", ["no-reply@shop.example", "MAILER-DAEMON@x.example"])
def test_a_machines_address_is_not_asked(sender: str, mail_from: MailFrom, ada: Agent) -> None:
    assert asked.due(asked.resolved(mail_from, ada, sender)).reason == "machine"


def test_what_only_a_machine_wrote_is_not_asked_about(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada, automated="auto-replied")
    assert asked.due(ticket).reason == "machine"


def test_who_only_was_written_to_is_not_asked(support: Account, ada: Agent) -> None:
    ours = tickets.start(
        support.addresses[0], ada, "<p>Hello</p>", key="k", to=["rui@x.example"], subject="Hello"
    )
    db.session.commit()
    assert asked.due(asked.resolve(ours.ticket, ada)).reason == "machine"


def test_who_is_not_who_they_say_is_not_asked(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada, trust="fail")
    assert asked.due(ticket).reason in ("not_mail", "machine")


def test_who_was_never_answered_is_not_asked(mail_from: MailFrom, ada: Agent) -> None:
    ticket = mail_from()
    assert asked.due(asked.resolve(ticket, ada)).reason == "unanswered"


def test_a_bouncing_address_is_not_asked(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada)
    db.session.execute(update(Identity).values(bounced_at=db.now()))
    db.session.commit()
    assert asked.due(ticket).reason == "bounced"


def test_nobody_is_asked_beyond_the_cap_at_whatever_address(mail_from: MailFrom, ada: Agent) -> None:
    first = asked.resolved(mail_from, ada)
    assert asked.due(first).state == "sent"
    other = asked.resolved(mail_from, ada, "Marina <marina@home.example>")
    marina = db.session.scalars(select(Customer.id).order_by(Customer.id).limit(1)).one()
    db.session.execute(update(Identity).values(customer_id=marina))
    db.session.commit()
    assert asked.due(other).reason == "cap"
    stranger = asked.resolved(mail_from, ada, "Rui <rui@x.example>")
    assert asked.due(stranger).state == "sent"


def test_where_it_is_turned_off_nobody_is_asked(mail_from: MailFrom, ada: Agent, support: Account) -> None:
    asked.want(on=False)
    ticket = asked.resolved(mail_from, ada)
    assert db.session.scalar(select(func.count()).select_from(Survey)) == 0
    asked.want()
    db.session.execute(update(Account).values(settings={"survey": False}))
    db.session.commit()
    db.session.expire_all()
    tickets.reopen(again(ticket), again(ada))
    asked.resolve(ticket, ada)
    assert db.session.scalar(select(func.count()).select_from(Survey)) == 0


def test_what_is_turned_off_meanwhile_is_not_asked(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada)
    asked.want(on=False)
    assert asked.due(ticket).reason == "off"


def test_spam_is_not_asked(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada)
    tickets.mark_spam(again(ticket), again(ada))
    db.session.commit()
    assert asked.due(ticket).reason == "spam"


def test_the_sweep_finds_what_is_due_also_after_the_house_was_down(
    mail_from: MailFrom, ada: Agent, bells: Bells
) -> None:
    ticket = asked.resolved(mail_from, ada)
    survey = asked.of(ticket)
    bells.rung.clear()
    assert surveys.sweep() == 0
    with time_machine.travel(survey.due_at + timedelta(days=3), tick=False):
        assert surveys.sweep() == 1 and bells.rung == [("reactions", "ask_now", survey.id)]
        surveys.ask_now(survey.id)
        surveys.ask_now(survey.id)
        assert surveys.sweep() == 0
    assert again(survey).state == "sent" and len(asked.mails()) == 1


def test_after_a_long_time_nobody_knows_what_is_meant(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada)
    assert asked.due(ticket, timedelta(days=9)).reason == "late"


def test_a_restored_copy_does_not_ask_what_the_original_asks(mail_from: MailFrom, ada: Agent) -> None:
    ticket = asked.resolved(mail_from, ada)
    quarantine.begin(db.now())
    db.session.commit()
    assert asked.due(ticket).reason == "restored"


def test_what_fails_is_tried_again_and_given_up(
    mail_from: MailFrom, ada: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_survey: Survey) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(tickets, "ask", broken)
    ticket = asked.resolved(mail_from, ada)
    for attempt in range(1, 5):
        survey = asked.due(ticket)
        assert (survey.state, survey.attempts) == ("waiting", attempt)
    survey = asked.due(ticket)
    assert (survey.state, survey.reason) == ("skipped", "failed") and not asked.mails()


def test_whose_answers_are_rated(mail_from: MailFrom, ada: Agent, grace: Agent) -> None:
    ticket = mail_from()
    tickets.assign(ticket, ada, ada)
    answer(grace, ticket)
    assert asked.of(asked.resolve(ticket, ada)).agent_id == grace.id


# --------------------------------------------------------------------------------- what is answered


def test_an_answer_is_told_by_an_event_that_says_nothing_of_its_words(
    mail_from: MailFrom, ada: Agent, bells: Bells
) -> None:
    survey = asked.sent(mail_from, ada)
    before = again(survey.ticket).version
    bells.told.clear()
    said = tickets.rate(survey, 5, ["kind", "slow", "nope"], "Adorei a caneca")
    db.session.commit()
    assert (said.score, said.reasons, survey.state) == (5, ["kind"], "answered")
    [event] = asked.events("rated")
    assert event.data == {"survey": survey.id, "score": 5, "comment": True} and event.agent_id is None
    assert again(survey.ticket).version > before
    assert ("rated", {}, {f"agent:{ada.id}"}) in bells.told
    assert any(what == "changed" and news["ticket"] == survey.ticket_id for what, news, _to in bells.told)


def test_it_can_be_changed_and_both_stay_in_the_history(mail_from: MailFrom, ada: Agent) -> None:
    survey = asked.sent(mail_from, ada)
    tickets.rate(survey, 2)
    tickets.rate(survey, 2)
    first = tickets.rate(survey, 4, comment="Solved after all")
    db.session.commit()
    told = [(event.data["score"], event.data.get("before")) for event in asked.events("rated")]
    assert told == [(2, None), (4, 2)] and first.event_id == asked.events("rated")[-1].id


@pytest.mark.parametrize("score", [0, 6, -1])
def test_the_database_knows_five_faces(score: int, mail_from: MailFrom, ada: Agent) -> None:
    from inbox.models import Answer

    survey = asked.sent(mail_from, ada)
    with pytest.raises(ValueError, match="1 to 5"):
        tickets.rate(survey, score)
    db.session.add(Answer(survey_id=survey.id, score=score))
    with pytest.raises(IntegrityError):
        db.session.flush()
    db.session.rollback()


def rated(survey: Survey, score: int, comment: str = "") -> Ticket:
    tickets.rate(survey, score, comment=comment)
    db.session.commit()
    react()
    return again(survey.ticket)


def test_a_low_score_reopens_it_and_calls_the_supervisors(mail_from: MailFrom, ada: Agent) -> None:
    from inbox import attention, ratings

    ticket = rated(asked.sent(mail_from, ada), 1, "Still cracked")
    assert (ticket.status, ticket.priority) == ("open", "high") and ticket.waiting_since is not None
    [event] = asked.events("low_score")
    assert (event.data["did"], event.data["score"]) == ("reopened", 1) and "Still" not in str(event.data)
    [low] = ratings.low(again(ada))
    assert low.comment == "Still cracked" and attention.count(again(ada)) == 1
    ratings.seen(low, again(ada))
    db.session.commit()
    assert not ratings.low(again(ada)) and attention.count(again(ada)) == 0
    assert [event.agent_id for event in asked.events("low_score_seen")] == [ada.id]


def test_a_good_one_does_nothing_of_the_kind(mail_from: MailFrom, ada: Agent) -> None:
    ticket = rated(asked.sent(mail_from, ada), 3)
    assert ticket.status == "resolved" and not asked.events("low_score")


def test_a_middling_one_of_a_high_tier_is_low(mail_from: MailFrom, ada: Agent) -> None:
    survey = asked.sent(mail_from, ada)
    survey.identity.customer.tier = "vip"
    assert rated(survey, 3).status == "open"


def test_it_calls_once_however_often_it_is_changed(mail_from: MailFrom, ada: Agent) -> None:
    survey = asked.sent(mail_from, ada)
    rated(survey, 5)
    rated(again(survey), 2)
    rated(again(survey), 1)
    assert len(asked.events("low_score")) == 1


def test_what_was_a_slip_of_the_finger_calls_nobody(mail_from: MailFrom, ada: Agent) -> None:
    survey = asked.sent(mail_from, ada)
    tickets.rate(survey, 1)
    tickets.rate(survey, 5)
    assert rated(survey, 5).status == "resolved" and not asked.events("low_score")


def test_what_is_too_old_goes_on_in_a_linked_ticket_that_can_be_answered(
    mail_from: MailFrom, ada: Agent
) -> None:
    survey = asked.sent(mail_from, ada)
    db.session.execute(update(Ticket).values(resolved_at=db.now() - timedelta(days=20)))
    db.session.commit()
    before = rated(survey, 1, "Still cracked")
    assert before.status == "resolved"
    after = db.session.scalars(select(Ticket).where(Ticket.continues_id == before.id)).one()
    assert (after.status, after.priority, after.snippet) == ("new", "high", "Still cracked")
    assert after.identity_id == before.identity_id and after.assignee_id is None
    there = {event.ticket_id: event.data for event in asked.events("low_score")}
    assert there[before.id]["in"] == after.id and there[after.id]["of"] == before.id
    ours = answer(ada, after, "<p>We send a new one.</p>")
    assert ours.recipients["to"][0]["address"] == "marina@queiroz.example" and ours.references


def test_it_may_always_be_a_linked_one(mail_from: MailFrom, ada: Agent) -> None:
    survey = asked.sent(mail_from, ada)
    asked.want(then="follow_up")
    before = rated(survey, 2)
    assert before.status == "resolved"
    assert db.session.scalars(select(Ticket.id).where(Ticket.continues_id == before.id)).one()


def test_it_goes_on_where_it_already_does(mail_from: MailFrom, ada: Agent, support: Account) -> None:
    survey = asked.sent(mail_from, ada)
    db.session.execute(update(Ticket).values(resolved_at=db.now() - timedelta(days=20)))
    db.session.commit()
    ours = db.session.scalars(select(Message).where(Message.author_id == ada.id)).one()
    newer = tickets.receive(support, answer_to(ours, text="Hello? It is cracked."))
    db.session.commit()
    assert newer
    rated(survey, 1)
    assert again(newer.ticket).priority == "high"
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 2


def test_it_may_only_be_told(mail_from: MailFrom, ada: Agent) -> None:
    from inbox import ratings

    survey = asked.sent(mail_from, ada)
    asked.want(then="tell")
    ticket = rated(survey, 1)
    assert (ticket.status, ticket.priority) == ("resolved", "normal") and ratings.low(again(ada))


def test_only_supervisors_are_told(
    mail_from: MailFrom, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    from inbox import ratings
    from inbox.models import Answer

    rated(asked.sent(mail_from, ada), 1)
    answer_id = db.session.scalars(select(Answer.id)).one()
    assert not ratings.low(again(grace))
    assert client_for(grace).post(f"/answers/{answer_id}/seen").status_code == 404
    assert client_for(ada).post("/answers/999/seen").status_code == 404
    assert "Low ratings" in client_for(ada).get("/attention").text
    assert client_for(ada).post(f"/answers/{answer_id}/seen").status_code == 303
    assert "Low ratings" not in client_for(ada).get("/attention").text


def test_who_wants_no_more_is_not_asked_again(mail_from: MailFrom, ada: Agent) -> None:
    asked.want(every_days=0)
    tickets.decline(asked.sent(mail_from, ada))
    db.session.commit()
    other = asked.resolved(mail_from, ada, subject="Another one")
    assert asked.due(other).reason == "declined"
