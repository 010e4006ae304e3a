"""Who is likely the same person, and who only looks like it."""

from __future__ import annotations

import pytest

from inbox import customers
from inbox.customers import alike
from inbox.customers.alike import Face, likeness
from inbox.customers.free_mail import is_free
from inbox.models import Agent, Team
from tests.people import MailFrom

SAME = [
    ("Ana Souza", "ana@olaria.example", "Ana Souza", "souza@olaria.example", "name"),
    ("Ana Souza", "ana@olaria.example", "SOUZA, Ana", "a.s@olaria.example", "name"),
    ("João da Silva", "joao@loja.example", "Joao da Silva", "js@loja.example", "name"),
    ("Ana", "ana.souza@gmail.com", "A. Souza", "ana.souza@work.example", "address"),
    ("Ana", "anasouza84@gmail.com", "Souza", "anasouza84@hotmail.com", "address"),
    ("Ana", "ana.souza+shop@gmail.com", "Ana S", "ana.souza@gmail.com", "address"),
    ("Bo", "albuquerque@x.example", "B. Albuquerque", "albuquerque@y.example", "address"),
]
OTHERS = [
    ("Ana Souza", "ana1@gmail.com", "Ana Souza", "ana2@gmail.com"),
    ("Ana Souza", "ana@olaria.example", "Ana Souza", "ana@tecido.example"),
    ("Ana", "ana@olaria.example", "Ana", "ana2@olaria.example"),
    ("Ana Souza", "ana@olaria.example", "Rui Souza", "rui@olaria.example"),
    ("Olaria", "contato@olaria.example", "Tecidos", "contato@tecido.example"),
    ("Olaria", "atendimento@olaria.example", "Tecidos", "atendimento@tecido.example"),
    ("Ana", "marina@x.example", "Bia", "marina@y.example"),
    ("", "", "", ""),
]


@pytest.mark.parametrize(("name", "address", "other", "elsewhere", "why"), SAME)
def test_the_same_person_is_proposed_with_the_reason(
    name: str, address: str, other: str, elsewhere: str, why: str
) -> None:
    assert likeness(Face(name, (address,)), Face(other, (elsewhere,))) == why
    assert likeness(Face(other, (elsewhere,)), Face(name, (address,))) == why


@pytest.mark.parametrize(("name", "address", "other", "elsewhere"), OTHERS)
def test_who_only_shares_a_first_name_a_provider_or_an_office_is_not(
    name: str, address: str, other: str, elsewhere: str
) -> None:
    assert likeness(Face(name, (address,)), Face(other, (elsewhere,))) == ""


def test_an_organisation_is_a_place_like_a_domain() -> None:
    assert likeness(Face("Ana Souza", ("a@gmail.com",), 3), Face("Ana Souza", ("b@uol.com.br",), 3)) == "name"


def test_free_mail_is_known_in_capitals_too() -> None:
    assert is_free("GMail.com") and is_free("bol.com.br") and not is_free("olaria.example")


def test_candidates_are_found_among_all_and_only_those_one_may_see(
    mail_from: MailFrom, ada: Agent, grace: Agent, linen: Team
) -> None:
    ana = mail_from("Ana Souza <ana.souza@home.example>").customer
    other = mail_from("A. S. <ana.souza@work.example>")
    mail_from("Ana Lima <ana.lima@home.example>")
    assert [(one.id, why) for one, why in alike.likely(ada, ana)] == [(other.customer.id, "address")]
    other.team = linen
    assert alike.likely(grace, ana) == []


def test_a_forger_is_not_proposed_as_whom_they_pretend_to_be(mail_from: MailFrom, ada: Agent) -> None:
    ana = mail_from("Ana Souza <ana.souza@home.example>").customer
    forged = mail_from("Ana Souza <ana.souza@home.example>", trust="fail")
    assert forged.identity.kind == customers.UNVERIFIED and forged.customer is not ana
    assert alike.likely(ada, ana) == []
