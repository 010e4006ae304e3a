"""The demo's door and its guided tour; and that no other installation has either."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from inbox import config, db, macros, sockets, tickets, tour, walk_in
from inbox.models import Agent, Event, Identity, Installation, SignIn, Team, Ticket
from inbox.models.agent import ROLES
from inbox.tour.steps import STEPS
from inbox.web import limits
from inbox.web.keys import KEYS
from inbox.web.permissions import needed
from tests import people
from tests.clients import CSRF, Browser, ClientFor, log_in, now_of
from tests.people import MailFrom
from tests.test_access_matrix import IN_THE_DEMO


@pytest.fixture(scope="module")
def demo_app() -> Iterator[Flask]:
    from app import create_app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sockets, "init", lambda *_: None)
        patch.setattr(limits, "_storage", lambda _url: "memory://")
        made = create_app(config.load(demo={"enabled": True}), async_mode="threading")
        made.test_client_class = Browser
        yield made


@pytest.fixture
def door(demo_app: Flask, house: Installation) -> Browser:
    """A browser before the demo's sign-in page."""
    limits.forget()
    return demo_app.test_client()  # type: ignore[return-value]


@pytest.fixture
def inside(door: Browser) -> object:
    """``inside(ada)``: in the demo as she."""

    def enter(agent: Agent) -> Browser:
        assert walk(door, agent).status_code == 303
        return door

    return enter


def walk(browser: Browser, agent: Agent, **more: object) -> object:
    return browser.post(f"/demo/people/{agent.id}/sign-in", **more)


# -------------------------------------------------------------------------------------------- the door


def test_everybody_of_the_sample_is_offered_with_their_role(ada: Agent, grace: Agent, door: Browser) -> None:
    page = door.get("/login").text
    shown = re.findall(r'<span class="guest-who"><b>([^<]+)</b>, ([^<]+)<', page)
    assert shown == [("Ada Prado", "admin"), ("Grace Lima", "agent")]


def test_one_press_and_one_is_in_which_is_written_down(grace: Agent, door: Browser) -> None:
    assert walk(door, grace).headers["Location"] == "/views/open"
    assert "Grace Lima" in door.get("/settings/me").text
    event = db.session.scalars(select(Event).where(Event.kind == "signed_in")).one()
    begun = db.session.scalars(select(SignIn)).one()
    assert event.agent_id == begun.agent_id == now_of(grace).id
    assert event.data["sign_in"] == begun.id


def test_the_house_speaks_the_visitors_language(grace: Agent, door: Browser) -> None:
    door.get("/login?lang=pt-BR")
    walk(door, grace)
    assert '<html lang="pt-BR"' in door.get("/views/open").text
    assert '<html lang="pt-BR"' in door.get("/login").text


def test_somebody_else_is_one_press_away(ada: Agent, grace: Agent, door: Browser) -> None:
    walk(door, ada)
    walk(door, grace)
    assert db.session.scalars(select(SignIn.agent_id)).all() == [grace.id]


def test_a_second_factor_is_asked_for_here_too(
    grace: Agent, door: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox import second_factor

    monkeypatch.setattr(second_factor, "is_on", lambda _agent: True)
    assert walk(door, grace).headers["Location"].startswith("/login/code")
    assert door.get("/views/open").status_code == 303


def test_a_form_of_another_page_opens_nothing(grace: Agent, door: Browser) -> None:
    assert walk(door, grace, csrf=False).status_code == 403
    assert walk(door, grace, headers={"Origin": "https://shop.example"}).status_code == 403
    assert not db.session.scalars(select(SignIn)).all()


def test_where_one_goes_next_is_a_page_of_ours(grace: Agent, door: Browser) -> None:
    assert walk(door, grace, data={"next": "/customers"}).headers["Location"] == "/customers"
    assert walk(door, grace, data={"next": "//shop.example"}).headers["Location"] == "/views/open"


@pytest.mark.parametrize(
    "asked",
    [
        {"base_url": "http://shop.example"},
        {"base_url": "http://192.0.2.7:8000"},
        {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}},
        {"environ_overrides": {"REMOTE_ADDR": ""}},
        {"environ_overrides": {"HTTP_X_FORWARDED_FOR": "192.0.2.9"}},
        {"environ_overrides": {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}},
        {"environ_overrides": {"HTTP_FORWARDED": "for=192.0.2.9"}},
        {"environ_overrides": {"HTTP_VIA": "1.1 proxy"}},
    ],
    ids=[
        "a-name",
        "an-address",
        "elsewhere",
        "nowhere",
        "passed-on",
        "as-from-here",
        "by-another",
        "by-way-of",
    ],
)
def test_only_this_machine_finds_the_door(asked: dict[str, object], grace: Agent, door: Browser) -> None:
    page = door.get("/login", **asked).text
    assert "Grace Lima" not in page
    found = CSRF.search(page)
    assert found
    answer = walk(door, grace, csrf=False, headers={"X-CSRFToken": found[1]}, **asked)
    assert answer.status_code == 404
    assert not db.session.scalars(select(SignIn)).all()


def test_nobody_real_is_on_offer(ada: Agent, grace: Agent, door: Browser) -> None:
    """Also where the setting stands over data that is not the demo's."""
    grace.email = "grace@barro.com.br"
    db.session.commit()
    assert "Grace Lima" not in door.get("/login").text
    assert walk(door, grace).status_code == 404


def test_whoever_left_or_never_came_in_is_not_on_offer(ada: Agent, grace: Agent, door: Browser) -> None:
    ada.active, grace.password_hash = False, ""
    db.session.commit()
    assert [walk(door, one).status_code for one in (ada, grace)] == [404, 404]


def test_an_ordinary_house_has_no_such_door(
    app: Flask, demo_app: Flask, grace: Agent, visitor: Browser, client_for: ClientFor
) -> None:
    assert walk(visitor, grace).status_code == 404
    page = visitor.get("/login").text
    assert "Grace Lima" not in page and "/demo" not in page
    here = client_for(grace)
    assert [here.get("/demo/tour").status_code, here.post("/demo/tour").status_code] == [404, 404]
    inside = here.get("/views/open").text
    assert not re.search(r"/demo|tour\.[0-9a-f]|demo\.[0-9a-f]|go\.tour", inside)
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    more = {rule.endpoint: needed(demo_app, rule.endpoint) for rule in demo_app.url_map.iter_rules()}
    assert {name: permission for name, permission in more.items() if name not in there} == IN_THE_DEMO


def test_the_tour_is_for_who_is_inside(door: Browser) -> None:
    assert door.get("/demo/tour").headers["Location"] == "/login?next=%2Fdemo%2Ftour"
    answer = door.post("/demo/tour", data={"to": "inbox"})
    assert answer.headers["Location"] == "/login"
    assert "prosa-tour" not in str(answer.headers.getlist("Set-Cookie"))


def test_passwords_still_open_the_demo(known: Agent, door: Browser) -> None:
    assert "With e-mail and password" in door.get("/login").text
    assert log_in(door).status_code == 303


# ------------------------------------------------------------------------------------------ made ready


@pytest.fixture
def sample(database: object) -> list[Agent]:
    """The shop as it was made: nobody has come in, and nobody set it up."""
    made = [Agent(name=f"Ana {n}", email=f"ana{n}@barro.example", language="pt-BR") for n in (1, 2)]
    db.session.add_all(made)
    db.session.commit()
    return made


def test_the_sample_people_come_in_and_no_set_up_is_left(sample: list[Agent]) -> None:
    from inbox.settled import is_settled

    walk_in.open_house()
    ours = Installation.current()
    assert is_settled() and ours.set_up_at and ours.language == "pt-BR"
    assert ours.public_url == config.settings().address
    assert [agent.role for agent in walk_in.people()] == ["admin", "agent"]
    hashes = {agent.password_hash for agent in walk_in.people()}
    assert len(hashes) == 2 and "" not in hashes


def test_made_ready_again_it_stays_as_it_is(sample: list[Agent]) -> None:
    walk_in.open_house()
    before = [(a.role, a.password_hash) for a in walk_in.people()], Installation.current().set_up_at
    db.session.get_one(Installation, 1).company = "Barro"
    db.session.commit()
    walk_in.open_house()
    after = [(a.role, a.password_hash) for a in walk_in.people()], Installation.current().set_up_at
    assert after == before and Installation.current().company == "Barro"


def test_a_real_house_is_not_touched(sample: list[Agent]) -> None:
    for n, agent in enumerate(sample):
        agent.email = f"ana{n}@barro.com.br"
    db.session.commit()
    walk_in.open_house()
    assert {now_of(agent).password_hash for agent in sample} == {""}
    assert db.session.get(Installation, 1) is None


# ------------------------------------------------------------------------------------------- the tour


@pytest.fixture
def by_role(house: Installation, pottery: Team) -> dict[str, Agent]:
    names = dict(zip(ROLES, ("Ada Prado", "Vera Luz", "Grace Lima", "Lino Reis"), strict=True))
    return {role: people.agent(name, role, [pottery]) for role, name in names.items()}


@pytest.fixture
def busy(mail_from: MailFrom, by_role: dict[str, Agent]) -> Ticket:
    """Something of everything that the tour shows."""
    vera = by_role["supervisor"]
    first = mail_from()
    mail_from()
    again = mail_from("Marina Queiroz <marina@queiroz.example>", subject="Another one")
    mail_from("Lia Queiroz <marina.queiroz@home.example>")
    mail_from("Lia <marina.queiroz@work.example>")
    tickets.note(first, vera, "<p>Three are in Recife.</p>", key="n")
    texts = {"en": "<p>Thank you</p>"}
    macros.add(vera, name="Thanks", owner_id=None, team_id=None, texts=texts, actions=())
    db.session.commit()
    return again


def names(agent: Agent) -> list[str]:
    return [step.name for step in tour.steps(agent)]


def test_the_steps_depend_on_the_role(by_role: dict[str, Agent]) -> None:
    common = ["inbox", "reply", "macros", "notes", "timeline"]
    over = [*common, "merging", "figures", "low", "attention"]
    assert names(by_role["admin"]) == [*over, "audit"]
    assert names(by_role["supervisor"]) == [*over, "settings"]
    assert names(by_role["agent"]) == [*common, "figures", "ratings", "attention", "settings"]
    assert names(by_role["light"]) == ["inbox", "notes", "timeline", "settings"]


def test_a_right_of_a_team_brings_its_step(grace: Agent, pottery: Team) -> None:
    pottery.rights = ["customers"]
    db.session.commit()
    assert "merging" in names(grace)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("is_busy", [True, False], ids=["busy", "empty"])
def test_every_step_leads_to_a_page_its_reader_may_see(
    role: str, is_busy: bool, by_role: dict[str, Agent], inside: object, request: pytest.FixtureRequest
) -> None:
    if is_busy:
        request.getfixturevalue("busy")
    agent = by_role[role]
    client = inside(agent)  # type: ignore[operator]
    for number, step in enumerate(steps := tour.steps(now_of(agent)), 1):
        answer = client.post("/demo/tour", data={"to": step.name})
        assert answer.status_code == 303 and answer.headers["Location"].endswith("#tour")
        page = client.get(answer.headers["Location"].removesuffix("#tour"))
        assert page.status_code == 200, step.name
        assert f"{number} of {len(steps)}" in page.text
        assert f">{step.title}</p>" in page.text
        assert "<style" not in page.text and " style=" not in page.text


def test_in_a_busy_house_every_step_but_the_low_score_has_an_example(
    busy: Ticket, by_role: dict[str, Agent], demo_app: Flask
) -> None:
    with demo_app.test_request_context():
        admin = now_of(by_role["admin"])
        there = {step.name: tour.place(step, admin).is_there for step in tour.steps(admin)}
    assert [name for name, found in there.items() if not found] == ["low"]


def test_where_an_example_is_missing_it_says_so(by_role: dict[str, Agent], demo_app: Flask) -> None:
    with demo_app.test_request_context(), force_locale("en"):
        admin = now_of(by_role["admin"])
        said = {step.name: tour.place(step, admin) for step in tour.steps(admin)}
    missing = {name for name, place in said.items() if not place.is_there}
    assert missing == {"reply", "macros", "notes", "timeline", "merging", "low"}
    assert all(str(said[name].says) for name in missing)


def test_an_example_is_one_that_its_reader_may_see(
    mail_from: MailFrom, linen_mailbox: object, grace: Agent, demo_app: Flask
) -> None:
    hidden = mail_from(account=linen_mailbox)  # type: ignore[arg-type]
    tickets.note(hidden, grace, "<p>Not for pottery</p>", key="x")
    db.session.commit()
    with demo_app.test_request_context():
        agent = now_of(grace)
        assert not any(
            tour.place(step, agent).is_there for step in STEPS if step.name in ("reply", "notes", "timeline")
        )


def test_two_of_one_name_and_house_are_found(
    mail_from: MailFrom, by_role: dict[str, Agent], demo_app: Flask
) -> None:
    mail_from("Nair Alves <nair@alves.example>")
    mail_from("Nair Alves <n.alves@alves.example>")
    db.session.commit()
    first = db.session.scalars(select(Identity).where(Identity.address == "nair@alves.example")).one()
    merging = next(step for step in STEPS if step.name == "merging")
    assert merging.find(now_of(by_role["admin"])) == f"/customers/{first.customer_id}"


def test_it_goes_along_to_other_pages_and_leads_back(
    busy: Ticket, by_role: dict[str, Agent], inside: object
) -> None:
    client = inside(by_role["agent"])  # type: ignore[operator]
    client.post("/demo/tour", data={"to": "figures"})
    page = client.get("/customers").text
    assert "Every number opens what it counts." in page
    assert '<p class="tour-there"><a class="text-link" href="/figures#tour">' in page
    assert '<p class="tour-there" hidden>' in client.get("/figures").text
    assert client.get("/demo/tour").headers["Location"] == "/figures#tour"


def test_closed_it_stays_closed_until_it_is_asked_for(by_role: dict[str, Agent], inside: object) -> None:
    client = inside(by_role["agent"])  # type: ignore[operator]
    answer = client.post("/demo/tour", data={"to": "", "next": "/customers?q=x"})
    assert answer.headers["Location"] == "/customers?q=x"
    assert 'id="tour"' not in client.get("/customers").text
    walk(client, now_of(by_role["agent"]))
    assert 'id="tour"' not in client.get("/customers").text
    assert client.get("/demo/tour").headers["Location"] == "/views/open#tour"
    assert 'id="tour"' in client.get("/views/open").text


def test_closed_by_a_script_nothing_is_loaded_anew(by_role: dict[str, Agent], inside: object) -> None:
    client = inside(by_role["light"])  # type: ignore[operator]
    assert client.post("/demo/tour", data={"to": ""}, headers={"HX-Request": "true"}).status_code == 204
    assert 'id="tour"' not in client.get("/customers").text


def test_each_person_has_a_tour_of_their_own(by_role: dict[str, Agent], inside: object) -> None:
    client = inside(by_role["agent"])  # type: ignore[operator]
    client.post("/demo/tour", data={"to": ""})
    walk(client, by_role["admin"])
    assert "1 of 10" in client.get("/views/open").text


@pytest.mark.parametrize("kept", ["audit", "no-such-step", "\u00e9", "x" * 3000])
def test_a_cookie_that_says_nonsense_begins_anew(
    kept: str, by_role: dict[str, Agent], inside: object
) -> None:
    agent = by_role["agent"]
    client = inside(agent)  # type: ignore[operator]
    client.set_cookie(f"prosa-tour-{now_of(agent).id}", kept)
    assert "1 of 9" in client.get("/views/open").text


def test_a_step_that_is_not_theirs_is_not_gone_to(by_role: dict[str, Agent], inside: object) -> None:
    client = inside(by_role["agent"])  # type: ignore[operator]
    answer = client.post("/demo/tour", data={"to": "audit", "next": "//shop.example"})
    assert answer.headers["Location"] == "/"


def test_fragments_carry_no_card(busy: Ticket, by_role: dict[str, Agent], inside: object) -> None:
    client = inside(by_role["agent"])  # type: ignore[operator]
    for path in ("/views/open/_rows", f"/tickets/{now_of(busy).id}/_pane"):
        assert "tour" not in client.get(path).text


def test_the_keys_it_names_exist() -> None:
    known = {key.id for key in KEYS}
    assert {key for step in STEPS for key in step.keys} <= known


def test_every_sentence_of_it_is_said_in_portuguese(demo_app: Flask) -> None:
    said = [
        sentence
        for step in STEPS
        for sentence in (step.title, step.says, step.without[1], *(label for _typed, label in step.typed))
        if sentence
    ]
    with demo_app.test_request_context():
        with force_locale("en"):
            english = [str(sentence) for sentence in said]
        with force_locale("pt_BR"):
            portuguese = [str(sentence) for sentence in said]
    assert not [one for one, other in zip(english, portuguese, strict=True) if one == other]


def test_what_stands_in_for_a_missing_example_is_said_wherever_one_may_be_missing() -> None:
    from inbox.tour import examples

    asked = {step.name for step in STEPS if step.find.__module__ == examples.__name__}
    assert asked == {step.name for step in STEPS if step.without[1]}
