"""Who a header names, however it was written down."""

from __future__ import annotations

import pytest

from inbox.mail import Address
from inbox.mail.addresses import address_list

ADA, BOB = Address("Ada", "ada@x.example"), Address("Bob", "bob@x.example")


@pytest.mark.parametrize(
    "value",
    [
        "Ada <ada@x.example>, Bob <bob@x.example>",
        "Ada <ada@x.example>; Bob <bob@x.example>;",
        ", Ada <ada@x.example>, , Bob <bob@x.example>,",
        "\"Ada\" <ada@x.example>, 'Bob' <bob@x.example>",
        "Ada <ada@x.example> Bob <bob@x.example>",
        "Ada <ada@x.example, Bob <bob@x.example>",
        "ada@x.example (Ada), bob@x.example (Bob)",
        "Ada ada@x.example, bob@x.example Bob",
        "Time: Ada <ada@x.example>, Bob <bob@x.example>;",
        "Ada <@a.example,@b.example:ada@x.example>, Bob <<bob@x.example>>",
        "Ada < ada@x.example >, Bob <bob@ x.example>",
        "Ada <mailto:ada@x.example>, Bob <'bob@x.example'>",
        "Ada <ada(em casa)@x.example.>, Bob <bob@x.(o (novo))example>",
        "=?utf-8?q?Ada?= <ada@x.example>, =?utf-8?b?Qm9i?= <bob@x.example>",
    ],
)
def test_two_people_are_read_in_every_spelling(value: str) -> None:
    assert address_list(value) == (ADA, BOB)


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ('"Souza, Caio" <caio@x.example>', "Souza, Caio", "caio@x.example"),
        ("Souza, Caio <caio@x.example>", "Souza, Caio", "caio@x.example"),
        ("=?utf-8?q?Souza,_Caio?= <caio@x.example>", "Souza, Caio", "caio@x.example"),
        ("=?utf-8?q?Caio =?utf-8?q?_Souza?= <caio@x.example>", "Caio Souza", "caio@x.example"),
        ("RES: nota <caio@x.example>", "RES: nota", "caio@x.example"),
        ("preço < custo <caio@x.example>", "preço custo", "caio@x.example"),
        ('Caio "Zé" Souza <caio@x.example>', "Caio Zé Souza", "caio@x.example"),
        ('"Caio <caio@x.example>', "Caio", "caio@x.example"),
        ("'caio@x.example'", "", "caio@x.example"),
        ("caio@x.example.", "", "caio@x.example"),
        ("caio@[IPv6:2001:db8::1]", "", "caio@[IPv6:2001:db8::1]"),
        ('"caio souza"@x.example', "", '"caio souza"@x.example'),
        ("MAILER-DAEMON <>", "MAILER-DAEMON", ""),
        ("<root>", "root", ""),
        ("root (Cron Daemon)", "root (Cron Daemon)", ""),
        ("ada em x.example (Ada L.)", "ada em x.example (Ada L.)", ""),
        ("Ada <=?utf-8?q?ada=40x.example?=>", "Ada <ada@x.example>", ""),
        ("=?utf-8?q?=22Ada=22_=3Cada=40x.example=3E?=", '"Ada" <ada@x.example>', ""),
        ("Undisclosed <Undisclosed>", "Undisclosed", ""),
        ("'Ada L.' via Lista <lista@x.example>", "'Ada L.' via Lista", "lista@x.example"),
        ("=?utf-8?q?=22Ada=22?= <ada@x.example>", "Ada", "ada@x.example"),
        (f"srs0+{'a' * 90}=y@x.example", "", f"srs0+{'a' * 90}=y@x.example"),
        ("[ ( ] <vitima@x.example> ) <caio@x.example>", "[", "caio@x.example"),
        ('"ajuda@x.example" <caio@evil.example>', "ajuda@x.example", "caio@evil.example"),
        ('"ajuda@x.example"@evil.example', "", '"ajuda@x.example"@evil.example'),
        ("ajuda@x.example@evil.example", "ajuda@x.example@evil.example", ""),
        ('"a\x06"@x.example', '"a "@x.example', ""),
    ],
)
def test_one_person_is_read_and_nobody_else(value: str, name: str, address: str) -> None:
    assert address_list(value) == (Address(name, address),)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " , ;",
        "undisclosed-recipients:;",
        "Undisclosed recipients:",
        "(ninguém)",
        "<Undisclosed-Recipient:;>",
        "<undisclosed-recipients:;@mx.x.example>",
        "<undisclosed-recipients:@mx.x.example;>",
    ],
)
def test_nobody_is_nobody(value: str) -> None:
    assert address_list(value) == ()


def test_addresses_with_only_blanks_between_are_several() -> None:
    assert [person.address for person in address_list("a@x.example\n b@x.example")] == [
        "a@x.example",
        "b@x.example",
    ]
