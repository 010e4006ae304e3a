"""Macros: what they say, what they do when the reply is sent, and how it is taken back."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from inbox import db, drafts, macros, people, tickets
from inbox.macros import Action, Pending
from inbox.models import Agent, Macro, MacroText, Team, Ticket
from inbox.tickets import placeholders
from tests.people import MailFrom

VALUES = {
    "customer.first_name": "Marina",
    "customer.name": "",
    "ticket.number": "42",
    "company.name": "A & B",
}


def make(by: Agent, name: str = "Refund", **facts: object) -> Macro:
    given = {"owner_id": None, "team_id": None, "texts": {"en": "<p>Hi</p>"}, "actions": []}
    return macros.add(by, name=name, **(given | facts))


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    return mail_from()


# ------------------------------------------------------------------------------------ placeholders


@pytest.mark.parametrize(
    ("html", "filled"),
    [
        ("<p>Hi {{customer.first_name|there}}</p>", "<p>Hi Marina</p>"),
        ("<p>Hi {{ customer.first_name }}</p>", "<p>Hi Marina</p>"),
        ("<p>Hi {{customer.name|you &amp; yours}}</p>", "<p>Hi you &amp; yours</p>"),
        ("<p>Hi {{customer.name|}}!</p>", "<p>Hi !</p>"),
        ("<p>{{company.name}}</p>", "<p>A &amp; B</p>"),
        (
            '<a href="https://x.example/?n={{company.name}}">x</a>',
            '<a href="https://x.example/?n=A%20%26%20B">x</a>',
        ),
    ],
)
def test_a_placeholder_says_its_value_or_what_stands_in_for_it(html: str, filled: str) -> None:
    assert placeholders.fill(html, VALUES) == filled
    assert placeholders.left(filled) == []


def test_one_without_a_value_stays_and_is_found() -> None:
    html = placeholders.fill("<p>{{customer.name}}, {{ticket.subject}}: {{customer.name}}</p>", VALUES)
    assert placeholders.left(html) == ["{{customer.name}}", "{{ticket.subject}}"]
    assert placeholders.left("<p>{{customer.<b>email</b>}}</p>") == ["{{customer.email}}"]


def test_what_is_no_placeholder_is_said_to_be_none() -> None:
    html = "<p>{{customer.nmae}} {{7*7}} {{customer.name|x}}</p>"
    assert placeholders.unknown(html) == ["{{customer.nmae}}", "{{7*7}}"]
    assert placeholders.may_be_missing("{{customer.name}} {{customer.email|x}} {{ticket.number}}") == [
        "{{customer.name}}"
    ]


def test_who_signs_with_an_address_has_no_name(mail_from: MailFrom, grace: Agent) -> None:
    values = placeholders.values(mail_from("marina@queiroz.example"), grace)
    assert (values["customer.name"], values["customer.first_name"]) == ("", "")
    assert values["customer.email"] == "marina@queiroz.example"
    assert values["agent.first_name"] == "Grace"


def test_a_gap_stops_a_reply_and_says_which(ticket: Ticket, grace: Agent) -> None:
    with pytest.raises(tickets.Refused) as refused:
        tickets.reply(ticket, grace, "<p>Hi {{customer.first_name}}</p>", key="k")
    assert (refused.value.reason, refused.value.detail) == ("gaps", "{{customer.first_name}}")
    assert tickets.note(ticket, grace, "<p>We say {{customer.first_name}}</p>", key="n").kind == "note"


# ------------------------------------------------------------------------------------------ whose


def test_the_database_refuses_what_cannot_be(database: object, grace: Agent, pottery: Team) -> None:
    for wrong in (
        Macro(name="", actions=[]),
        Macro(name="x", owner_id=grace.id, team_id=pottery.id, actions=[]),
        Macro(name="x", use_count=-1, actions=[]),
        Macro(
            name="x", actions=[], texts=[MacroText(language="en", html=""), MacroText(language="en", html="")]
        ),
        Macro(name="x", actions=[], texts=[MacroText(language="xx", html="")]),
    ):
        with pytest.raises(IntegrityError), db.session.begin_nested():
            db.session.add(wrong)
    db.session.expunge_all()


def test_one_sees_what_is_shared_and_ones_own(ada: Agent, grace: Agent, linus: Agent, linen: Team) -> None:
    everybodys = make(ada, "Everybody’s")
    linens = make(ada, "Linen’s", team_id=linen.id)
    own = make(linus, "Linus’s", owner_id=linus.id)
    seen = {agent: {one.id for one in macros.every(agent)} for agent in (ada, grace, linus)}
    assert seen == {
        ada: {everybodys.id, linens.id},
        grace: {everybodys.id},
        linus: {everybodys.id, linens.id, own.id},
    }
    assert macros.one(grace, linens.id) is None and macros.one(ada, own.id) is None
    assert [macros.may_change(everybodys, agent) for agent in (ada, grace)] == [True, False]
    assert [macros.may_change(own, agent) for agent in (ada, linus)] == [False, True]


def test_the_customers_language_then_the_agents_then_any(ada: Agent) -> None:
    both = make(ada, texts={"en": "<p>Hello</p>", "pt": "<p>Olá</p>"})
    assert macros.text_of(both, "pt", "en").html == "<p>Olá</p>"
    assert macros.text_of(both, "fr", None, "pt-BR").html == "<p>Olá</p>"
    assert macros.text_of(both, "fr", "de").html == "<p>Hello</p>"
    assert macros.text_of(make(ada, texts={}, actions=[Action("tag", "x")]), "en") is None


def test_a_macro_says_or_does_something(ada: Agent) -> None:
    for reason, facts in {
        "empty": {"texts": {"en": "<p> </p>"}},
        "name": {"name": "x" * 81},
        "too_long": {"texts": {"en": "x" * 100_001}},
        "actions": {"actions": [Action("tag", "x")] * 21},
    }.items():
        with pytest.raises(macros.Invalid) as wrong:
            make(ada, **facts)
        assert wrong.value.reason == reason
    html = '<p onclick="x()">Hi<img src="/files/x/inline"><script>1</script></p><p><br></p>'
    clean = make(ada, texts={"en": html})
    assert clean.texts[0].html == "<p>Hi</p>"


def test_a_language_that_is_emptied_goes_and_the_others_stay(ada: Agent) -> None:
    macro = make(ada, texts={"en": "<p>Hello</p>", "pt": "<p>Olá</p>"})
    facts = {"name": "New", "owner_id": None, "team_id": None, "actions": []}
    macros.change(macro, **facts, texts={"en": "", "pt": "<p>Oi</p>", "fr": "<p>Salut</p>"})
    db.session.refresh(macro)
    assert {text.language: text.html for text in macro.texts} == {"pt": "<p>Oi</p>", "fr": "<p>Salut</p>"}


def test_a_removed_macro_takes_its_texts_and_files_along(ada: Agent) -> None:
    macro = make(ada)
    macros.attach(macro, "form.pdf", "application/pdf", b"%PDF")
    macros.remove(macro)
    assert not db.session.query(MacroText).count() and not db.session.query(Macro).count()


# ---------------------------------------------------------------------------------------- actions


def test_it_does_all_it_says_and_is_taken_back(ticket: Ticket, ada: Agent, grace: Agent, linen: Team) -> None:
    tickets.tag(ticket, "old", grace)
    tickets.set_status(ticket, "open", grace)
    does = [
        Action("status", "on_hold"),
        Action("priority", "urgent"),
        Action("assign", "me"),
        Action("team", linen.id),
        Action("tag", "refund"),
        Action("tag", "old"),
        Action("untag", "old"),
    ]
    macro = make(ada, texts={}, actions=does)
    back = tickets.run(macro, ticket, ada)
    assert facts(ticket) == ("on_hold", "urgent", ada.id, linen.id, {"refund"})
    db.session.refresh(macro)
    assert macro.use_count == 1 and macro.last_used_at is not None
    tickets.perform(ticket, back, ada)
    assert facts(ticket) == ("open", "normal", None, None, {"old"})


def test_who_is_gone_is_left_out(ticket: Ticket, ada: Agent, grace: Agent, linus: Agent) -> None:
    people.deactivate(linus, ada)
    does = [Action("assign", linus.id), Action("team", 99999), Action("tag", "refund")]
    assert tickets.perform(ticket, does, grace) == [Action("untag", "refund")]
    assert ticket.assignee_id is None


def test_a_reply_does_it_when_it_is_sent_and_undo_takes_all_back(
    ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    macro = make(ada)
    does = (Action("status", "pending"), Action("tag", "refund"), Action("assign", "me"))
    waiting = Pending((macro.id,), does)
    message = tickets.reply(ticket, grace, "<p>Hi</p>", key="k", macros=waiting)
    assert facts(ticket) == ("pending", "normal", grace.id, None, {"refund"})
    again = tickets.reply(ticket, grace, "<p>Hi</p>", key="k", macros=waiting)
    db.session.refresh(macro)
    assert (again.id, macro.use_count) == (message.id, 1)  # posted twice, done once
    draft = tickets.undo(message, grace)
    assert facts(ticket) == ("new", "normal", None, None, set())
    assert macros.pending(draft.recipients["macros"]) == waiting
    db.session.refresh(macro)
    assert macro.use_count == 0


def test_a_status_that_was_chosen_with_send_goes_before_the_macros(ticket: Ticket, grace: Agent) -> None:
    waiting = Pending((), (Action("status", "pending"),))
    tickets.reply(ticket, grace, "<p>Hi</p>", key="k", then="resolved", macros=waiting)
    assert ticket.status == "resolved"


def test_a_reply_that_is_stopped_does_nothing(mail_from: MailFrom, ticket: Ticket, grace: Agent) -> None:
    waiting = Pending((), (Action("tag", "refund"),))
    with pytest.raises(tickets.Newer):
        tickets.reply(ticket, grace, "<p>Hi</p>", key="k", last_seen=0, macros=waiting)
    assert ticket.tags == []


def test_only_what_one_may_use_is_counted(ada: Agent, grace: Agent, linus: Agent) -> None:
    macro = make(linus, owner_id=linus.id)
    macros.used(grace, [macro.id])
    db.session.refresh(macro)
    assert macro.use_count == 0


def test_a_reply_gets_copies_of_the_files(ticket: Ticket, ada: Agent, grace: Agent) -> None:
    macro = make(ada)
    kept = macros.attach(macro, "form.pdf", "application/pdf", b"%PDF")
    draft = drafts.save(ticket, grace, "reply", "<p>Hi</p>")
    (copy,) = drafts.bring(draft, macro.files)
    assert (copy.sha256, copy.filename, copy.token != kept.token) == (kept.sha256, "form.pdf", True)
    macros.remove(macro)
    db.session.refresh(draft)
    assert draft.files == [copy]


def facts(ticket: Ticket) -> tuple[object, ...]:
    db.session.refresh(ticket)
    return (
        ticket.status,
        ticket.priority,
        ticket.assignee_id,
        ticket.team_id,
        {tag.name for tag in ticket.tags},
    )
