"""Who works here: what each role may do, inviting, letting go, and who gets what was open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from inbox import access, db, drafts, handover, macros, memos, people, signin, tickets
from inbox.models import (
    Account,
    Agent,
    Draft,
    Event,
    Installation,
    Macro,
    Memo,
    Message,
    Subscription,
    Team,
    Ticket,
)
from inbox.models.agent import ROLES
from inbox.models.team import RIGHTS
from inbox.tickets import scheduled
from inbox.web import permissions
from tests.conftest import Bells
from tests.people import MailFrom, agent, inbound


@pytest.fixture
def lina(linen: Team) -> Agent:
    """A light agent of the linen team."""
    return agent("Lina Reis", role="light", teams=[linen])


@pytest.fixture
def sofia(house: Installation) -> Agent:
    """The supervisor."""
    return agent("Sofia Alves", role="supervisor")


def audited(kind: str) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)))


# ------------------------------------------------------------------------------------------- roles


def test_what_each_role_may() -> None:
    holds = {
        role: [
            name for name in permissions_there_are() if permissions.holds(Agent(role=role, teams=[]), name)
        ]
        for role in ROLES
    }
    rights = [permissions.right(name) for name in RIGHTS]
    assert holds["light"] == ["public", "agent"]
    assert holds["agent"] == ["public", "agent", "writer"]
    assert holds["supervisor"] == ["public", "agent", "writer", "supervisor", *rights]
    assert holds["admin"] == permissions_there_are()


def permissions_there_are() -> list[str]:
    named = [permissions.PUBLIC, permissions.AGENT, permissions.WRITER, permissions.SUPERVISOR]
    return [*named, *map(permissions.right, RIGHTS), permissions.ADMIN]


def test_a_permission_nobody_knows_is_an_admins(sofia: Agent, ada: Agent) -> None:
    assert not permissions.holds(sofia, "captain") and permissions.holds(ada, "captain")
    with pytest.raises(ValueError, match="captain"):
        permissions.right("captain")


def test_a_team_allows_its_agents_more_but_never_its_light_ones(
    grace: Agent, lina: Agent, linus: Agent, linen: Team, pottery: Team, ada: Agent
) -> None:
    people.change_team(linen, "Linen", [linus, lina], ada, ["figures", "captain"])
    assert linen.rights == ["figures"]
    assert linus.may("figures") and not linus.may("export")
    assert not lina.may("figures") and not grace.may("figures")
    people.change_team(pottery, "Pottery", [linus], ada, ["export"])
    assert linus.may("export") and linus.may("figures")


def test_a_supervisor_sees_every_team_and_a_light_agent_their_own(
    sofia: Agent, lina: Agent, mail_from: MailFrom, pottery_mailbox: Account, linen_mailbox: Account
) -> None:
    clay, cloth = mail_from(account=pottery_mailbox), mail_from(account=linen_mailbox)
    seen = {
        who.id: set(db.session.scalars(select(Ticket.id).where(access.visible_to(who))))
        for who in (sofia, lina)
    }
    assert seen == {sofia.id: {clay.id, cloth.id}, lina.id: {cloth.id}}
    assert access.count_rooms(sofia) == {"counts:all"}
    assert access.rooms_for(sofia, "open") == {"open:all"} != access.rooms_for(lina, "open")


# -------------------------------------------------------------------------------------- invitations


def test_an_invitation_goes_by_mail_and_its_link_is_kept_nowhere_else(
    support: Account, ada: Agent, pottery: Team
) -> None:
    rui, token = people.invite(" Rui@Barro.example", "Rui", "light", [pottery], ada)
    [memo] = db.session.scalars(select(Memo))
    assert (memo.address, memo.template, memo.agent_id) == ("rui@barro.example", "invitation", rui.id)
    assert f"http://127.0.0.1:8000/invitations/{token}" in memo.text and "Ada Prado" in memo.subject
    assert token not in str(rui.invite_hash) and rui.is_invited and not rui.can_answer
    assert rui.invited_until and rui.invited_at and rui.invited_until - rui.invited_at >= timedelta(days=6)
    [event] = audited("person_invited")
    assert event.data | {"sign_in": 0} == {
        "agent": rui.id,
        "role": "light",
        "teams": [pottery.id],
        "sign_in": 0,
    }


def test_nobody_is_invited_twice(support: Account, ada: Agent, grace: Agent) -> None:
    with pytest.raises(people.Taken):
        people.invite("GRACE@barro.example", "G", "admin", [], ada)
    people.invite("rui@barro.example", "Rui", "agent", [], ada)
    with pytest.raises(people.Taken):
        people.invite("rui@barro.example", "Rui", "admin", [], ada)


def test_of_two_admins_who_invite_the_same_person_one_is_told(support: Account, ada: Agent) -> None:
    with db.session.no_autoflush:
        db.session.add(Agent(name="Rui", email="rui@barro.example", role="agent", password_hash=""))
        with pytest.raises(people.Taken):
            people.invite("rui@barro.example", "Rui", "agent", [], ada)
    db.session.rollback()


def test_a_new_link_ends_the_one_before_and_the_mail_that_carries_it(support: Account, ada: Agent) -> None:
    rui, first = people.invite("rui@barro.example", "Rui", "agent", [], ada)
    second = people.invite_again(rui, ada)
    assert signin.invited(first) is None and signin.invited(second) is rui
    old, new = db.session.scalars(select(Memo).order_by(Memo.id))
    db.session.refresh(old)
    assert (old.state, old.text) == ("failed", "") and second in new.text


def test_a_withdrawn_invitation_opens_nothing_and_can_be_made_anew(
    support: Account, ada: Agent, pottery: Team
) -> None:
    rui, token = people.invite("rui@barro.example", "Rui", "admin", [], ada)
    people.withdraw_invitation(rui, ada)
    assert signin.invited(token) is None and not rui.active
    assert db.session.scalar(select(Memo.text)) == ""
    again, fresh = people.invite("rui@barro.example", "Rui", "agent", [pottery], ada)
    assert again is rui and rui.active and (rui.role, rui.teams) == ("agent", [pottery])
    assert signin.invited(fresh) is rui
    assert len(audited("invitation_withdrawn")) == 1 and len(audited("person_invited")) == 2


def test_who_forgot_their_password_gets_a_link_of_another_kind(
    support: Account, ada: Agent, grace: Agent
) -> None:
    token = people.invite_again(grace, ada)
    [memo] = db.session.scalars(select(Memo))
    assert memo.template == "password_link" and token in memo.html


# ----------------------------------------------------------------------------------- another role


def test_attack_36_another_role_signs_out_everywhere(
    ada: Agent, grace: Agent, pottery: Team, bells: Bells
) -> None:
    token = signin.begin(grace, "Firefox, Linux", "10.0.0.1")
    sign_in = signin.of(token)
    assert sign_in
    db.session.commit()
    bells.told.clear()
    people.update(grace, "Grace", "admin", [pottery], ada)
    db.session.commit()
    assert signin.of(token) is None
    assert ("signed_out", {}, {f"signin:{sign_in.id}"}) in bells.told
    assert audited("person_changed")[0].data["role"] == ["agent", "admin"]


def test_another_team_settles_sockets_at_once_and_signs_nobody_out(
    ada: Agent, grace: Agent, linen: Team, bells: Bells
) -> None:
    token = signin.begin(grace, "Firefox, Linux", "10.0.0.1")
    people.update(grace, "Grace Lima", "agent", [linen], ada)
    db.session.commit()
    assert signin.of(token) and ("rewatch", {}, {f"agent:{grace.id}"}) in bells.told


def test_another_name_alone_changes_no_right(ada: Agent, grace: Agent, pottery: Team) -> None:
    token = signin.begin(grace, "Firefox, Linux", "10.0.0.1")
    people.update(grace, "Grace L.", "agent", [pottery], ada)
    assert grace.name == "Grace L." and signin.of(token) and not audited("person_changed")


def test_who_becomes_light_hands_back_what_was_open(ada: Agent, grace: Agent, mail_from: MailFrom) -> None:
    ticket = mail_from()
    tickets.assign(ticket, grace, ada)
    people.update(grace, "Grace", "light", [], ada)
    assert ticket.assignee is None and not grace.can_answer


def test_an_installation_keeps_an_admin(ada: Agent, sofia: Agent) -> None:
    for change in (
        lambda: people.update(ada, "Ada", "supervisor", [], ada),
        lambda: people.deactivate(ada, ada),
    ):
        with pytest.raises(people.LastAdmin):
            change()
    invited, _token = people.invite("eva@barro.example", "Eva", "admin", [], ada)
    with pytest.raises(people.LastAdmin):  # who has not come in yet is no admin to rely on
        people.update(ada, "Ada", "light", [], ada)
    invited.password_hash = "x"
    db.session.flush()
    people.update(ada, "Ada", "supervisor", [], ada)
    assert ada.role == "supervisor"


# ------------------------------------------------------------------------------------- letting go


def later(ticket: Ticket, by: Agent, key: str = "later") -> Message:
    return tickets.reply(ticket, by, "<p>Monday</p>", key=key, send_at=db.now() + timedelta(days=2))


def test_what_was_open_goes_to_a_named_colleague_and_every_ticket_says_so(
    ada: Agent, grace: Agent, linus: Agent, mail_from: MailFrom
) -> None:
    open_ones = [mail_from(f"Ana{n} <ana{n}@x.example>") for n in range(3)]
    done = mail_from("Bia <bia@x.example>")
    for ticket in [*open_ones, done]:
        tickets.assign(ticket, grace, ada)
    tickets.resolve(done, grace)
    later(open_ones[0], grace)
    drafts.save(open_ones[1], grace, "reply", "<p>Half a</p>")
    assert handover.load_of(grace) == handover.Load(3, 1, 1)
    people.deactivate(grace, ada, hand_over_to=linus)
    assert [ticket.assignee for ticket in open_ones] == [linus] * 3 and done.assignee is grace
    events = [event for event in audited("assigned") if event.data["to"] == linus.id]
    assert {event.ticket_id for event in events} == {ticket.id for ticket in open_ones}
    assert all(event.agent_id == ada.id and event.data["before"] == grace.id for event in events)
    assert db.session.scalar(select(Draft.agent_id)) == linus.id
    assert handover.load_of(grace) == handover.Load(0, 1, 0) and grace.handover is None
    [event] = audited("person_deactivated")
    assert (event.data["agent"], event.data["to"], event.data["hold"]) == (grace.id, linus.id, False)


def test_without_a_colleague_it_goes_back_to_its_team_unassigned(
    ada: Agent, grace: Agent, mail_from: MailFrom, pottery_mailbox: Account, pottery: Team
) -> None:
    ticket = mail_from(account=pottery_mailbox)
    tickets.assign(ticket, grace, ada)
    drafts.save(ticket, grace, "note", "<p>Mine</p>")
    people.deactivate(grace, ada)
    assert ticket.assignee is None and ticket.team is pottery
    assert db.session.scalar(select(Draft.agent_id)) == grace.id, "it waits for their return"


def test_a_colleague_keeps_their_own_draft_and_sees_what_they_get(
    ada: Agent, grace: Agent, linus: Agent, mail_from: MailFrom, pottery_mailbox: Account
) -> None:
    both, unseen = mail_from(), mail_from(account=pottery_mailbox)
    drafts.save(both, linus, "reply", "<p>Mine</p>")
    drafts.save(both, grace, "reply", "<p>Hers</p>")
    drafts.save(both, grace, "note", "<p>For us</p>")
    drafts.save(unseen, grace, "note", "<p>Of pottery</p>")
    people.deactivate(grace, ada, hand_over_to=linus)
    assert drafts.of(both, linus)["reply"].html == "<p>Mine</p>"  # type: ignore[union-attr]
    assert drafts.of(both, linus)["note"] and drafts.of(unseen, linus)["note"] is None


@pytest.mark.parametrize("hold", [False, True])
def test_scheduled_replies_leave_or_wait_for_a_person(
    hold: bool, ada: Agent, grace: Agent, mail_from: MailFrom
) -> None:
    ticket = mail_from()
    message = later(ticket, grace)
    people.deactivate(grace, ada, hold=hold)
    db.session.refresh(message)
    if hold:
        assert (message.state, message.failure) == ("failed", scheduled.HELD)
        assert audited("reply_stopped")[0].message_id == message.id
    else:
        assert message.state == "queued" and message.is_scheduled


@pytest.mark.parametrize("wrong", ["themself", "light", "inactive", "invited"])
def test_only_who_answers_can_take_over(
    wrong: str, ada: Agent, grace: Agent, lina: Agent, linus: Agent, mail_from: MailFrom
) -> None:
    linus.active = False
    rui, _token = people.invite("rui@barro.example", "Rui", "agent", [], ada)
    to = {"themself": grace, "light": lina, "inactive": linus, "invited": rui}[wrong]
    with pytest.raises(people.NotTheirs):
        people.deactivate(grace, ada, hand_over_to=to)
    assert grace.active


def test_many_are_handed_over_in_batches_and_after_a_crash_by_the_sweep(
    ada: Agent, grace: Agent, linus: Agent, mail_from: MailFrom, bells: Bells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "BATCH", 2)
    every = [mail_from(f"Ana{n} <ana{n}@x.example>") for n in range(5)]
    for ticket in every:
        tickets.assign(ticket, grace, ada)
    people.deactivate(grace, ada, hand_over_to=linus)
    db.session.commit()
    assert handover.load_of(grace).tickets == 3 and ("reactions", "agents_work", grace.id) in bells.rung
    bells.rung.clear()
    handover.sweep()
    assert bells.rung == [("reactions", "agents_work", grace.id)]
    handover.agents_work(grace.id)
    with_linus = select(func.count()).where(Ticket.assignee_id == linus.id)
    assert db.session.scalar(with_linus) == 5
    bells.rung.clear()
    handover.sweep()
    handover.agents_work(grace.id)
    assert not bells.rung and db.session.scalar(with_linus) == 5


def test_who_answers_again_keeps_what_was_not_handed_back_yet(
    ada: Agent, grace: Agent, mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "BATCH", 1)
    for n in range(2):
        tickets.assign(mail_from(f"Ana{n} <ana{n}@x.example>"), grace, ada)
    people.update(grace, "Grace", "light", [], ada)
    people.update(grace, "Grace", "agent", [], ada)
    db.session.commit()
    handover.agents_work(grace.id)
    assert handover.load_of(grace).tickets == 1


def test_a_colleague_who_leaves_meanwhile_gets_nothing_more(
    ada: Agent, grace: Agent, linus: Agent, mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "BATCH", 1)
    for n in range(2):
        tickets.assign(mail_from(f"Ana{n} <ana{n}@x.example>"), grace, ada)
    people.deactivate(grace, ada, hand_over_to=linus)
    people.deactivate(linus, ada)
    db.session.commit()
    handover.agents_work(grace.id)
    handover.agents_work(linus.id)
    assert db.session.scalar(select(func.count()).where(Ticket.assignee_id.is_not(None))) == 0


def test_who_is_let_go_is_gone_everywhere_at_once(
    support: Account, ada: Agent, grace: Agent, bells: Bells
) -> None:
    admin, token = ada.id, signin.begin(grace, "Firefox, Linux", "10.0.0.1")
    sign_in = signin.of(token)
    assert sign_in
    push = Subscription(
        agent=grace,
        sign_in=sign_in,
        endpoint="https://push.example/1",
        endpoint_hash="h",
        p256dh="p",
        auth="a",
    )
    db.session.add(push)
    macros.add(grace, name="Mine", owner_id=grace.id, team_id=None, texts={"en": "<p>Hi</p>"}, actions=[])
    link = people.invite_again(grace, ada)
    db.session.commit()
    people.deactivate(grace, ada)
    db.session.commit()
    db.session.expire_all()
    assert signin.of(token) is None and signin.invited(link) is None
    assert db.session.scalar(select(func.count()).select_from(Subscription)) == 0
    assert any(what == "signed_out" for what, _news, _rooms in bells.told)
    [memo] = db.session.scalars(select(Memo))
    memos.send_now(memo.id)
    assert db.session.get_one(Memo, memo.id).failure in (memos.GONE, memos.WITHDRAWN)
    shown = select(Macro).where(macros.visible_to(db.session.get_one(Agent, admin)))
    assert not db.session.scalars(shown).all()


def test_who_comes_back_is_as_before_and_gets_nothing_back_by_itself(
    ada: Agent, grace: Agent, linus: Agent, pottery: Team, mail_from: MailFrom
) -> None:
    ticket = mail_from()
    tickets.assign(ticket, grace, ada)
    people.deactivate(grace, ada, hand_over_to=linus)
    people.reactivate(grace, ada)
    assert grace.can_answer and grace.teams == [pottery] and ticket.assignee is linus
    people.reactivate(grace, ada)
    assert len(audited("person_reactivated")) == 1


@pytest.mark.parametrize("gone", ["deactivated", "light"])
def test_what_a_customer_reopens_is_nobodys_if_its_agent_is_gone(
    gone: str, ada: Agent, grace: Agent, mail_from: MailFrom, support: Account
) -> None:
    first = mail_from.message()
    tickets.assign(first.ticket, grace, ada)
    tickets.resolve(first.ticket, grace)
    if gone == "light":
        people.update(grace, "Grace", "light", [], ada)
    else:
        people.deactivate(grace, ada)
    assert first.ticket.assignee is grace, "what is done stays as it was"
    again = inbound(refers_to=(first.message_id_header or "",), subject="Re: Cracked cup")
    received = tickets.receive(support, again)
    assert received and received.ticket_id == first.ticket_id
    assert received.ticket.is_open and received.ticket.assignee is None


def test_a_macro_gives_nothing_to_a_light_agent(ada: Agent, lina: Agent, mail_from: MailFrom) -> None:
    ticket = mail_from()
    tickets.perform(ticket, macros.read([{"do": "assign", "to": lina.id}]), ada)
    assert ticket.assignee is None and lina not in people.who_answers()


# ------------------------------------------------------------------------------------------- teams


def test_a_team_is_dissolved_into_another_with_all_it_has(
    ada: Agent,
    grace: Agent,
    pottery: Team,
    linen: Team,
    pottery_mailbox: Account,
    mail_from: MailFrom,
    bells: Bells,
) -> None:
    there, done = mail_from(account=pottery_mailbox), mail_from("Bia <b@x.example>", account=pottery_mailbox)
    tickets.resolve(done, ada)
    facts: dict[str, object] = {"owner_id": None, "texts": {"en": "<p>Hi</p>"}, "actions": []}
    macro = macros.add(ada, name="Clay", team_id=pottery.id, **facts)
    assert people.size_of(pottery) == (1, 2)
    people.remove_team(pottery, linen, ada)
    db.session.commit()
    db.session.expire_all()
    assert [ticket.team_id for ticket in (there, done)] == [linen.id] * 2
    assert (pottery_mailbox.team_id, macro.team_id, grace.teams) == (linen.id, linen.id, [])
    assert people.team_names() == [(linen.id, "Linen")]
    assert audited("team_removed")[0].data["to"] == linen.id and len(audited("moved")) == 2
    assert ("rewatch", {}, {f"agent:{grace.id}"}) in bells.told


def test_many_conversations_move_in_batches_and_the_team_goes_last(
    ada: Agent, pottery: Team, pottery_mailbox: Account, mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "BATCH", 1)
    for n in range(3):
        mail_from(f"Ana{n} <ana{n}@x.example>", account=pottery_mailbox)
    people.remove_team(pottery, None, ada)
    db.session.commit()
    assert pottery.handover and not people.teams() and not people.team_names()
    handover.teams_work(pottery.id)
    assert db.session.scalar(select(func.count()).select_from(Team)) == 0
    assert db.session.scalar(select(func.count()).where(Ticket.team_id.is_(None))) == 3


def test_a_team_that_is_being_dissolved_allows_nothing_any_more(
    ada: Agent, grace: Agent, pottery: Team, mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "BATCH", 1)
    pottery.rights = ["customers"]
    tickets.move(mail_from(), pottery, ada)
    db.session.commit()
    assert grace.may("customers")
    people.remove_team(pottery, None, ada)
    assert pottery.handover and not grace.may("customers")


def test_no_team_goes_into_one_that_is_going(
    ada: Agent, pottery: Team, linen: Team, pottery_mailbox: Account, mail_from: MailFrom,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(handover, "BATCH", 1)
    for n in range(2):
        mail_from(f"Ana{n} <ana{n}@x.example>", account=pottery_mailbox)
    clay = db.session.get_one(Team, pottery.id)
    people.remove_team(clay, linen, ada)
    wrong: list[Callable[[], None]] = [
        lambda: people.remove_team(linen, None, ada),
        lambda: people.remove_team(linen, clay, ada),
        lambda: people.remove_team(clay, None, ada),
    ]
    for change in wrong:
        with pytest.raises(people.NotTheirs):
            change()


def test_a_teams_mail_is_set_from_its_own_page(
    ada: Agent, pottery: Team, linen: Team, support: Account, linen_mailbox: Account
) -> None:
    people.set_mail(pottery, [support.id, linen_mailbox.id], [], ada)
    assert {account.team_id for account in (support, linen_mailbox)} == {pottery.id}
    mail = people.mail_of_teams()
    assert sorted(mail[pottery.id]) == ["linen@barro.example", "support@barro.example"]
    people.set_mail(pottery, [support.id], [], ada)
    assert (support.team_id, linen_mailbox.team_id) == (pottery.id, None)
    people.set_mail(linen, [], [], ada)
    assert support.team_id == pottery.id, "what is another team's stays there"
    changes = sorted(str(event.data["team"]) for event in audited("account_changed"))
    wanted = [[None, pottery.id], [linen.id, pottery.id], [pottery.id, None]]
    assert changes == sorted(map(str, wanted))
