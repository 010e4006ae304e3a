"""Customers and organisations on the screen: the list, the page, merging, and where people belong."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from inbox import customers, db, tickets
from inbox.customers import fields, organisations
from inbox.models import (
    Account,
    Agent,
    Customer,
    CustomerField,
    Event,
    Identity,
    Merge,
    Organisation,
    Team,
    Ticket,
)
from tests import people
from tests.clients import Browser, ClientFor, now_of
from tests.people import MailFrom

HTMX = {"HX-Request": "true"}


@pytest.fixture
def marina(mail_from: MailFrom) -> Customer:
    return mail_from("Marina Queiroz <marina.queiroz@home.example>", subject="Cracked cup").customer


@pytest.fixture
def other(mail_from: MailFrom) -> Customer:
    return mail_from("Marina Queiroz <marina.queiroz@work.example>", subject="Invoice").customer


@pytest.fixture
def keeper(grace: Agent, pottery: Team) -> Agent:
    """Grace, whose team looks after customers."""
    pottery.rights = ["customers"]
    db.session.commit()
    return grace


def put(
    client: Browser, customer: Customer, fact: str, value: str, was: str = "", **more: str
) -> tuple[int, str]:
    data = {"value": value, "was": was, **more}
    answer = client.put(f"/customers/{customer.id}/facts/{fact}", data=data, headers=HTMX)
    return answer.status_code, answer.text


def names(page: str) -> list[str]:
    return re.findall(r'<span class="person-name"><bdi class="cut">([^<]*)', page)


# ------------------------------------------------------------------------------------------- the list


def test_the_list_shows_who_wrote_last_first_with_what_stands_open(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    mail_from("João Silva <joao@x.example>")
    tickets.resolve(mail_from("Rui <rui@x.example>"), ada)
    page = client_for(ada).get("/customers").text
    assert names(page) == ["Rui", "João Silva"]
    assert page.count("1 open") == 1


@pytest.mark.parametrize("by_index, read", [(0, 2), (0, 100), (100, 100)])
def test_whoever_is_found_stands_in_one_order_whichever_way_they_are_looked_for(
    mail_from: MailFrom, ada: Agent, monkeypatch: pytest.MonkeyPatch, by_index: int, read: int
) -> None:
    monkeypatch.setattr(customers.directory, "isqrt", lambda _n: by_index)
    monkeypatch.setattr(customers.directory, "READ", read)
    named = [f"{first} {last}" for first in ("Ana", "Anabela", "Rui") for last in ("Lima", "Souza")]
    for n, name in enumerate(named):
        mail_from(f"{name} <{n}@x.example>")
    newest = named[::-1]
    for q in ("ana", "lima", "ana lima", "rui ana", "x", "lima souza"):
        wanted = [name for name in newest if all(q_ in f"{name} x".lower() for q_ in q.split())]
        for limit in (1, 3, 8):
            assert [one.name for one in customers.find(ada, q, limit)] == wanted[:limit], (q, limit)


def test_somebody_is_found_by_name_address_or_organisation_without_accents(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    joao = mail_from("João Silva <jsilva@x.example>").customer
    mail_from("Rui <rui@y.example>")
    joao.organisation = organisations.add("Olaria São Bento", ada)
    client = client_for(ada)
    for q in ("joao", "JOÃO sil", "jsilva@x", "sao bento", "olar joao"):
        assert names(client.get("/customers/_rows", query_string={"q": q}).text) == ["João Silva"], q
    assert names(client.get("/customers/_rows?q=nobody").text) == []
    assert "Nobody by that name." in client.get("/customers?q=nobody").text


def test_the_list_goes_on_page_by_page_and_repeats_nobody(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        mail_from(f"Guest {number} <guest{number}@x.example>")
    monkeypatch.setattr(customers.directory.page, "__defaults__", (None, 2))
    client, path, seen = client_for(ada), "/customers/_rows", []
    while path:
        rows = client.get(path).text
        seen += names(rows)
        more = re.search(r'hx-get="([^"]+)"', rows)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == [f"Guest {number}" for number in (4, 3, 2, 1, 0)]


def test_only_vips_and_only_of_an_organisation(
    marina: Customer, other: Customer, ada: Agent, client_for: ClientFor
) -> None:
    marina.tier, other.organisation = "vip", organisations.add("Work", ada)
    client = client_for(ada)
    assert f"customer-{marina.id}" in client.get("/customers?tier=vip").text
    assert f"customer-{other.id}" not in client.get("/customers?tier=vip").text
    only = client.get(f"/customers?organisation={other.organisation_id}").text
    assert f"customer-{other.id}" in only and f"customer-{marina.id}" not in only


@pytest.mark.parametrize("tier", ["gold", "vip'--", "vip OR 1=1", "[]"])
@pytest.mark.parametrize("number", ["x", "1;DROP", "-1", "1e9", "99999999999"])
def test_attack_28_what_no_filter_means_is_refused(
    tier: str, number: str, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    for query in ({"tier": tier}, {"organisation": number}, {"tier": tier, "organisation": number}):
        assert client.get("/customers", query_string=query).status_code in (404, 422), query
        assert client.get("/customers/_rows", query_string=query).status_code in (404, 422), query


@pytest.mark.parametrize(
    "q", ["'", '"*', "%", "\\", "(" * 300, "a OR b", "x' UNION SELECT 1--", "🙂", "\u202e", "é" * 500]
)
def test_attack_28_a_search_is_words_and_nothing_else(
    q: str, marina: Customer, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    for path in ("/customers", "/customers/_rows", "/organisations", f"/customers/{marina.id}/merges/_pick"):
        answer = client.get(path, query_string={"q": q, "before": q, "after": q})
        assert answer.status_code == 200, path
    assert client.get("/organisations/_names", query_string={"value": q}).status_code == 200
    assert client.get(f"/customers/{marina.id}/_history", query_string={"before": q}).status_code == 200


# ------------------------------------------------------------------------------------- who may see whom


def test_attack_30_who_sees_none_of_their_conversations_does_not_see_them(
    mail_from: MailFrom, linen_mailbox: Account, grace: Agent, linus: Agent, ada: Agent, client_for: ClientFor
) -> None:
    ticket = mail_from("Nair Secreta <nair@x.example>", account=linen_mailbox, subject="Towels")
    nair = ticket.customer
    nair.organisation = organisations.add("Casa Secreta", ada)
    client, paths = client_for(grace), [f"/customers/{nair.id}", f"/organisations/{nair.organisation_id}"]
    for path in paths:
        assert client.get(path).status_code == 404
    for path in (
        "/customers?q=nair",
        "/organisations",
        "/organisations/_names?value=casa",
        "/palette/_results?q=nair",
    ):
        assert "Secreta" not in client.get(path).text
    assert put(client, nair, "name", "Mine", "Nair Secreta")[0] == 404
    theirs = client_for(linus)
    for path in (*paths, "/customers?q=nair", "/palette/_results?q=nair"):
        assert "Secreta" in theirs.get(path).text, path


def test_attack_30_a_page_shows_only_conversations_one_may_see(
    mail_from: MailFrom, linen_mailbox: Account, grace: Agent, client_for: ClientFor
) -> None:
    mine = mail_from("Nair <nair@x.example>", subject="For everybody")
    mail_from("Nair <nair@x.example>", account=linen_mailbox, subject="Towels in secret")
    client = client_for(grace)
    for path in ("", "/_history"):
        page = client.get(f"/customers/{mine.customer.id}{path}").text
        assert "For everybody" in page and "secret" not in page
    assert "1 conversation<" in client.get(f"/customers/{mine.customer.id}").text
    assert "1 open" in client.get("/customers").text


def test_attack_30_who_looks_after_customers_sees_them_all_and_not_what_was_said(
    mail_from: MailFrom, linen_mailbox: Account, keeper: Agent, client_for: ClientFor
) -> None:
    nair = mail_from("Nair <nair@x.example>", account=linen_mailbox, subject="Towels in secret").customer
    page = client_for(keeper).get(f"/customers/{nair.id}")
    assert page.status_code == 200 and "secret" not in page.text


def test_attack_30_without_the_right_nothing_is_merged_served_or_parted(
    marina: Customer, other: Customer, grace: Agent, ada: Agent, client_for: ClientFor
) -> None:
    made = customers.merge(marina, other, {}, ada)
    work = organisations.add("Work", ada)
    number = marina.identities[0].id
    client = client_for(grace)
    for path in (
        f"/customers/{marina.id}/merges",
        f"/customers/{marina.id}/merges/{made.id}",
        f"/customers/{marina.id}/identities/{number}/customer",
        f"/organisations/{work.id}",
        f"/organisations/{work.id}/domains",
        f"/organisations/{work.id}/members",
        f"/organisations/{work.id}/merges",
        "/organisations",
        "/settings/fields",
    ):
        assert client.post(path, data={"other": other.id, "remove": "1", "name": "X"}).status_code == 404, (
            path
        )
    assert put(client, marina, "tier", "vip", "standard")[0] == 404
    assert put(client, marina, "organisation", "Work")[0] == 404
    assert client.get(f"/customers/{marina.id}/merges/new").status_code == 404
    after = now_of(marina)
    assert (after.tier, after.organisation_id, now_of(made).undone_at) == ("standard", None, None)


def test_a_light_agent_reads_and_changes_nothing(
    marina: Customer, house: object, client_for: ClientFor
) -> None:
    lena = people.agent("Lena Luz", role="light")
    client = client_for(lena)
    page = client.get(f"/customers/{marina.id}").text
    assert "Marina Queiroz" in page and "hx-put" not in page
    assert put(client, marina, "name", "Mine", "Marina Queiroz")[0] == 404


# ------------------------------------------------------------------------------------------- facts


def test_a_fact_saves_itself(marina: Customer, grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    code, said = put(client, marina, "name", "  Marina   de Queiroz ", "Marina Queiroz")
    assert code == 200 and "Saved." in said and 'value="Marina de Queiroz"' in said
    assert put(client, marina, "language", "pt")[0] == 200
    assert put(client, marina, "note", "Likes\r\nclay. ")[0] == 200
    after = now_of(marina)
    assert (after.name, after.language, after.note) == ("Marina de Queiroz", "pt", "Likes\nclay.")
    page = client.get(f"/tickets/{_ticket(marina)}/_customer").text
    assert "Marina de Queiroz" in page and "clay." in page
    assert "Cracked cup" in client.get("/search?q=de+queiroz+cracked").text
    changes = db.session.scalars(select(Event.data).where(Event.kind == "customer_changed")).all()
    assert [data["fields"] for data in changes] == [["name"], ["language"], ["note"]]


def _ticket(customer: Customer) -> int:
    query = select(Ticket.id).join(Identity, Identity.id == Ticket.identity_id)
    return db.session.scalars(query.where(Identity.customer_id == customer.id)).first() or 0


def test_the_second_of_two_sees_what_changed_and_can_insist(
    marina: Customer, grace: Agent, ada: Agent, client_for: ClientFor
) -> None:
    put(client_for(grace), marina, "name", "Marina Q.", "Marina Queiroz")
    client = client_for(ada)
    code, said = put(client, marina, "name", "Dona Marina", "Marina Queiroz")
    assert code == 200 and "Grace changed this meanwhile" in said and "Dona Marina" in said
    assert 'value="Marina Q."' in said and now_of(marina).name == "Marina Q."
    put(client, marina, "name", "Dona Marina", "Marina Q.")
    assert now_of(marina).name == "Dona Marina"


def test_two_who_change_different_facts_never_meet(
    marina: Customer, grace: Agent, ada: Agent, client_for: ClientFor
) -> None:
    put(client_for(grace), marina, "name", "Marina Q.", "Marina Queiroz")
    code, said = put(client_for(ada), marina, "tier", "vip", "standard")
    assert code == 200 and "meanwhile" not in said
    assert (now_of(marina).name, now_of(marina).tier) == ("Marina Q.", "vip")


@pytest.mark.parametrize(
    ("fact", "value"),
    [("name", " "), ("name", "x" * 256), ("tier", "gold"), ("language", "klingon-xx"), ("note", "x" * 4001)],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    fact: str, value: str, marina: Customer, ada: Agent, client_for: ClientFor
) -> None:
    code, said = put(client_for(ada), marina, fact, value, customers.shown(marina, fact))
    assert code == 422 and 'aria-invalid="true"' in said and 'role="alert"' in said


@pytest.mark.parametrize(
    "fact", ["id", "version", "merged_into_id", "active_at", "field-0", "field-x", "__class__"]
)
def test_attack_29_only_facts_can_be_changed(
    fact: str, marina: Customer, ada: Agent, client_for: ClientFor
) -> None:
    before = (marina.version, marina.merged_into_id, marina.active_at)
    assert put(client_for(ada), marina, fact, "7")[0] == 404
    more = {"tier": "vip", "organisation_id": "1", "verified": "1", "merged_into_id": "1"}
    put(client_for(ada), marina, "name", "M", "Marina Queiroz", **more)
    after = now_of(marina)
    assert (after.tier, after.organisation_id, after.merged_into_id) == ("standard", None, before[1])
    assert not after.identities[0].verified


def test_an_organisation_is_typed_and_made_if_there_is_none(
    marina: Customer, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    code, said = put(client, marina, "organisation", "Olaria")
    assert code == 422 and "Make it" in said and now_of(marina).organisation is None
    assert put(client, marina, "organisation", "Olaria", make="1")[0] == 200
    assert put(client, marina, "organisation", "OLÁRIA", "Olaria", make="1")[0] == 200
    assert db.session.scalars(select(Organisation.name)).all() == ["Olaria"]
    assert put(client, marina, "organisation", "", "Olaria")[0] == 200
    assert now_of(marina).organisation_id is None


def test_attack_42_names_that_turn_the_writing_round_stay_in_their_place(
    mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    evil = mail_from("\u202egro.knab\u202c Bank <x@x.example>").customer
    client = client_for(ada)
    for path in ("/customers", f"/customers/{evil.id}", f"/tickets/{_ticket(evil)}/_customer"):
        page = client.get(path).text
        assert re.search(r"<bdi[^>]*>[^<]*knab", page), path


def test_attack_32_a_note_about_a_customer_never_leaves(
    marina: Customer, ada: Agent, client_for: ClientFor
) -> None:
    put(client_for(ada), marina, "note", "Pays late, be careful")
    ticket = db.session.get_one(Ticket, _ticket(marina))
    reply = tickets.reply(ticket, ada, "<p>Hi {{customer.note|}}</p>", key="k")
    assert "careful" not in f"{reply.text}{reply.html}"
    assert "careful" not in client_for(ada).get(f"/tickets/{ticket.id}/print").text
    assert "careful" not in str(db.session.scalars(select(Event.data)).all())


# -------------------------------------------------------------------------------------- fields of one's own


def test_an_admin_makes_fields_and_agents_fill_them_in(
    marina: Customer, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    admin = client_for(ada)
    admin.post("/settings/fields", data={"name": "CPF", "kind": "text"})
    admin.post("/settings/fields", data={"name": "Clay", "kind": "choice", "choices": "Red\nWhite\n"})
    cpf, clay = (field.id for field in fields.every())
    client = client_for(grace)
    assert put(client, marina, f"field-{cpf}", "123.456")[0] == 200
    assert put(client, marina, f"field-{clay}", "Blue")[0] == 422
    assert put(client, marina, f"field-{clay}", "white")[0] == 200
    panel = client.get(f"/tickets/{_ticket(marina)}/_customer").text
    assert "123.456" in panel and "White" in panel
    admin.post(f"/settings/fields/{clay}", data={"down": "1"})
    admin.post(f"/settings/fields/{clay}", data={"up": "1"})
    assert [field.name for field in fields.every()] == ["Clay", "CPF"]
    admin.post(f"/settings/fields/{cpf}", data={"away": "1"})
    page = client.get(f"/customers/{marina.id}").text
    assert "123.456" in page and "No longer asked" in page
    assert "123" not in str(db.session.scalars(select(Event.data)).all())


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": "", "kind": "text"}, "Give it a name"),
        ({"name": "x" * 61, "kind": "text"}, "Give it a name"),
        ({"name": "A", "kind": "sql"}, "Choose what is kept in it."),
        ({"name": "A", "kind": "choice", "choices": "one"}, "two to fifty choices"),
        ({"name": "Cpf", "kind": "text"}, "There is a field with this name."),
    ],
)
def test_a_field_that_cannot_be_is_refused_with_the_reason(
    form: dict[str, str], said: str, ada: Agent, client_for: ClientFor
) -> None:
    fields.add(ada, "CPF", "text")
    answer = client_for(ada).post("/settings/fields", data=form)
    assert answer.status_code == 422 and said in answer.text and 'aria-invalid="true"' in answer.text
    assert len(db.session.scalars(select(CustomerField)).all()) == 1


# ------------------------------------------------------------------------------------------ merging


def test_two_are_merged_with_a_preview_and_taken_apart_again(
    marina: Customer, other: Customer, keeper: Agent, client_for: ClientFor
) -> None:
    client = client_for(keeper)
    one, two = marina.id, other.id
    other.name = "Marina Q."
    assert f"with={two}" in client.get(f"/customers/{one}/_alike").text
    assert f"with={two}" in client.get(f"/customers/{one}/merges/_pick?q=work").text
    shown = client.get(f"/customers/{one}/merges/new?with={two}").text
    versions = re.search(r'name="versions" value="([^"]+)"', shown)[1]
    form = {"other": two, "versions": versions, "take-name": "other"}
    assert client.post(f"/customers/{one}/merges", data=form).status_code == 303
    assert client.post(f"/customers/{one}/merges", data=form).status_code == 303  # pressed twice
    page = client.get(f"/customers/{one}").text
    assert "Invoice" in page and "Cracked cup" in page and "Marina Q." in page
    moved = client.get(f"/customers/{two}")
    assert (moved.status_code, moved.location) == (302, f"/customers/{one}")
    made = db.session.scalars(select(Merge)).one()
    assert client.post(f"/customers/{one}/merges/{made.id}").status_code == 303
    assert "Invoice" in client.get(f"/customers/{two}").text
    assert db.session.get_one(Customer, one).name == "Marina Queiroz"


def test_a_merge_that_was_overtaken_shows_how_it_looks_now(
    marina: Customer, other: Customer, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    put(client, other, "name", "Somebody Else", "Marina Queiroz")
    answer = client.post(f"/customers/{marina.id}/merges", data={"other": other.id, "versions": "0.0"})
    assert answer.status_code == 409 and "Somebody Else" in answer.text and "meanwhile" in answer.text
    assert now_of(other).merged_into_id is None


def test_who_comes_second_is_told_where_they_are(
    marina: Customer, other: Customer, mail_from: MailFrom, ada: Agent, client_for: ClientFor
) -> None:
    rui = mail_from("Rui <rui@x.example>").customer
    client = client_for(ada)
    client.post(f"/customers/{marina.id}/merges", data={"other": other.id})
    answer = client.post(f"/customers/{rui.id}/merges", data={"other": other.id})
    assert answer.status_code == 409 and "part of Marina Queiroz" in answer.text
    assert client.post(f"/customers/{rui.id}/merges", data={"other": rui.id}).status_code == 409
    assert client.post(f"/customers/{rui.id}/merges", data={"other": "x"}).status_code == 404


def test_one_address_is_made_a_customer_of_its_own(
    marina: Customer, other: Customer, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    client.post(f"/customers/{marina.id}/merges", data={"other": other.id})
    number = next(one.id for one in now_of(marina).identities if "work" in one.address)
    apart = client.post(f"/customers/{marina.id}/identities/{number}/customer")
    assert apart.status_code == 303 and "Invoice" in client.get(apart.location).text
    assert client.post(f"{apart.location}/identities/{number}/customer").status_code == 422


# ------------------------------------------------------------------------------------- organisations


def test_a_domain_brings_new_customers_and_takes_old_ones_along(
    mail_from: MailFrom, keeper: Agent, client_for: ClientFor
) -> None:
    mail_from("Old <old@olaria.example>")
    client = client_for(keeper)
    made = client.post("/organisations", data={"name": "Olaria"})
    client.put(f"{made.location}/facts/tier", data={"value": "vip", "was": ""})
    assert (
        client.post(f"{made.location}/domains", data={"domain": "https://www.Olaria.example/x"}).status_code
        == 303
    )
    assert "1 customer writes from these domains" in client.get(made.location).text
    client.post(f"{made.location}/members")
    new = mail_from("New <new@olaria.example>").customer
    page = client.get(made.location).text
    assert names(page) == ["New", "Old"] and "olaria.example" in page
    assert new.tier == "vip" and new.organisation.name == "Olaria"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("gmail.com", "Anybody can have an address there"),
        ("somebody@UOL.com.br", "Anybody can have an address there"),
        ("com.br", "Write a domain"),
        ("not a domain", "Write a domain"),
        ("", "Write a domain"),
        ("taken.example", "is a domain of Other"),
    ],
)
def test_a_domain_that_says_nothing_is_refused_with_the_reason(
    typed: str, said: str, ada: Agent, client_for: ClientFor
) -> None:
    organisations.add_domain(organisations.add("Other", ada), "taken.example", ada)
    mine = organisations.add("Mine", ada)
    answer = client_for(ada).post(f"/organisations/{mine.id}/domains", data={"domain": typed})
    assert answer.status_code == 422 and said in answer.text


def test_organisations_become_one_or_end_and_their_people_stay(
    marina: Customer, ada: Agent, client_for: ClientFor
) -> None:
    kept, gone = organisations.add("Kept", ada), organisations.add("Gone", ada)
    organisations.add_domain(gone, "gone.example", ada)
    marina.organisation = gone
    number = kept.id
    client = client_for(ada)
    assert client.post(f"/organisations/{number}/merges", data={"value": "Nobody"}).status_code == 422
    assert client.post(f"/organisations/{number}/merges", data={"value": "kept"}).status_code == 422
    assert client.post(f"/organisations/{number}/merges", data={"value": "gone"}).status_code == 303
    page = client.get(f"/organisations/{number}").text
    assert "gone.example" in page and "Marina Queiroz" in page
    assert [one.id for one in customers.find(ada, "kept marina")] == [marina.id]
    assert client.post(f"/organisations/{number}", data={"remove": "1"}).status_code == 303
    assert client.get(f"/organisations/{number}").status_code == 404
    assert now_of(marina).organisation_id is None
    assert customers.find(ada, "kept") == []


def test_two_organisations_are_not_called_the_same(ada: Agent, client_for: ClientFor) -> None:
    organisations.add("Olaria", ada)
    answer = client_for(ada).post("/organisations", data={"name": "OLÁRIA"})
    assert answer.status_code == 422 and "There is one with this name already." in answer.text


def test_what_is_known_in_a_field_that_was_put_away_can_be_taken_away(
    marina: Customer, ada: Agent, client_for: ClientFor
) -> None:
    field = fields.add(ada, "Plan", "text")
    customers.change(marina, f"field-{field.id}", "Gold", "", ada)
    fields.archive(field, ada)
    db.session.commit()
    status, said = put(client_for(ada), marina, f"field-{field.id}", "", "Gold")
    assert status == 200 and "Saved." in said
    assert fields.value_of(now_of(marina), field.id) == ""
