"""Whether the sender is who the From says: only what our own server wrote about it counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.mail.authentication import verdict
from inbox.mail.domains import aligned, organisation
from inbox.mail.parse import parse

OURS = "mx.loja.example"
AR = "Authentication-Results"
GOOD = (
    f"{OURS}; spf=pass smtp.mailfrom=x.example; dkim=pass header.d=x.example; "
    "dmarc=pass header.from=x.example"
)
BAD = f"{OURS}; spf=fail smtp.mailfrom=x.example; dmarc=fail (p=REJECT) header.from=x.example"


def trust(*fields: tuple[str, str] | str, ours: str = OURS, domain: str = "x.example") -> str:
    """The verdict; a bare string is an Authentication-Results field."""
    headers = [(AR, field) if isinstance(field, str) else field for field in fields]
    return verdict(headers, ours, domain)[0]


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ("dmarc=pass header.from=x.example", "pass"),
        ("dmarc=fail header.from=x.example; dkim=pass header.d=x.example", "fail"),
        ("dkim=pass header.d=x.example", "pass"),
        ("dkim=pass header.i=@mail.x.example", "pass"),
        ("dkim=pass header.d=evil.example", ""),
        ("dkim=pass header.d=evil.example; dkim=pass header.d=news.x.example", "pass"),
        ("spf=pass smtp.mailfrom=bounce@news.x.example", "pass"),
        ("spf=pass smtp.mailfrom=evil.example; dkim=fail header.d=x.example", ""),
        ("spf=pass smtp.helo=mail.x.example", "pass"),
        ("spf=fail smtp.mailfrom=x.example; dkim=fail header.d=x.example", "fail"),
        ("spf=softfail smtp.mailfrom=x.example; dkim=fail", "fail"),
        ("spf=fail; dkim=none", ""),
        ("dmarc=none; spf=pass smtp.mailfrom=x.example", "pass"),
        ("dmarc=temperror; spf=neutral", ""),
        ("none", ""),
        ("", ""),
    ],
)
def test_dmarc_decides_then_what_is_aligned(results: str, expected: str) -> None:
    assert trust(f"{OURS}; {results}") == expected


@pytest.mark.parametrize(
    "field",
    [
        f"{OURS} 1; dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=x.example",
        f"{OURS};dmarc=pass header.from=x.example",
        f"  {OURS.upper()} ;\tDMARC = pass  policy.dmarc=none\r\n header.from = x.example",
        f'(a (nested) comment) {OURS} (1); dmarc/1=pass reason="fine; dkim=fail" header.from=x.example;',
        f'{OURS}; spf=none smtp.mailfrom="a; dmarc=fail"@y.example; dmarc=pass header.from=x.example',
    ],
)
def test_versions_comments_quotes_and_folds_are_read_over(field: str) -> None:
    assert trust(field) == "pass"


def test_what_was_checked_is_told_with_who_checked_it() -> None:
    said, checks = verdict([(AR, GOOD)], OURS, "x.example")
    assert said == "pass"
    assert checks == {"spf": "pass", "dkim": "pass", "dmarc": "pass", "by": OURS}
    assert verdict([(AR, GOOD)], "", "x.example") == ("", {})


RECEIVED = ("Received", f"from evil.example by {OURS}; Mon, 9 Nov 2026 17:40:00 -0300")


@pytest.mark.parametrize(
    "fields",
    [
        (GOOD.replace(OURS, "mx.evil.example"),),
        (BAD, GOOD),  # below ours, in the same place
        (RECEIVED, BAD, GOOD),
        (RECEIVED, f"{OURS}; dkim=none", GOOD),  # ours says less than the forged one below it
        (BAD, RECEIVED, GOOD),
        (f"{OURS}; dkim=none", RECEIVED, GOOD),
        (("From", "a@x.example"), GOOD),
        (("Subject", "x"), GOOD),
        (("ARC-Authentication-Results", f"i=1; {GOOD}"),),
        (("X-Authentication-Results", GOOD),),
        (f"{OURS}.evil.example; dmarc=pass header.from=x.example",),
        (f"evil.example ({OURS}); dmarc=pass header.from=x.example",),
        (f'"{OURS} x"; dmarc=pass header.from=x.example',),
        (f"{OURS}; spf=pass (dmarc=pass header.from=x.example) smtp.mailfrom=evil.example",),
        (f"{OURS}; spf=none smtp.mailfrom=a dmarc=pass header.from=x.example",),
        (f"{OURS}; dmarc=pass header.from=other.example",),  # it read another From than we did
    ],
)
def test_attack_10_forged_results_never_make_a_sender_trusted(
    fields: tuple[tuple[str, str] | str, ...],
) -> None:
    assert trust(*fields) != "pass"


def test_filters_above_the_first_received_field_may_write_one_each() -> None:
    assert trust(f"{OURS}; spf=none", f"{OURS}; dmarc=pass header.from=x.example", RECEIVED) == "pass"


def test_a_filter_below_our_received_field_is_ours_too() -> None:
    assert trust(("Return-Path", "<a@x.example>"), RECEIVED, ("Received-SPF", "pass"), GOOD) == "pass"


MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=pass (signature was verified) "
    "header.d=x.example;dmarc=pass action=none header.from=x.example;compauth=pass reason=100"
)


@pytest.mark.parametrize(
    "ours", ["mx.microsoft.com", "protection.outlook.com", "mx.google.com, mx.microsoft.com"]
)
def test_microsoft_leaves_its_name_out(ours: str) -> None:
    assert trust(RECEIVED, MICROSOFT, ours=ours) == "pass"
    assert trust(RECEIVED, MICROSOFT.replace("dmarc=pass", "dmarc=fail"), MICROSOFT, ours=ours) == "fail"


def test_a_nameless_field_is_nobody_s_elsewhere() -> None:
    assert trust(RECEIVED, MICROSOFT) == ""


def test_several_names_of_our_server_may_be_configured() -> None:
    assert trust(GOOD, ours=f"old.loja.example, {OURS}") == "pass"


def test_without_a_sender_s_domain_nobody_is_trusted() -> None:
    assert trust(f"{OURS}; dmarc=pass", domain="") == ""


def test_it_reads_the_headers_of_a_mail() -> None:
    mail = parse(f"{AR}: {GOOD.replace('; ', ';{}'.format(chr(10) + ' '))}\nFrom: a@x.example\n\nOi".encode())
    assert verdict(mail.headers, OURS, "x.example")[0] == "pass"


@given(st.text(alphabet='ab=;:()"\\/. \tdmarcpass', max_size=200))
@settings(max_examples=300, deadline=None)
def test_whatever_a_stranger_writes_is_read_without_an_error(value: str) -> None:
    assert trust(f"mx.evil.example {value}") in ("", "pass", "fail")
    assert verdict([(AR, value)], OURS, "x.example")[0] in ("", "pass", "fail")


@pytest.mark.parametrize("piece", ["(", '"', ";", "dkim=pass ", "= ", "\\", "a.b=c "])
def test_a_huge_field_is_cut_before_it_is_read(piece: str) -> None:
    assert trust(f"{OURS}; " + piece * 1_000_000) in ("", "fail")


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("mail.loja.com.br", "loja.com.br"),
        ("loja.com.br", "loja.com.br"),
        ("com.br", ""),
        ("a.b.c.example", "c.example"),
        ("shop.co.uk", "shop.co.uk"),
        ("x.shop.co.uk", "shop.co.uk"),
        ("ada.github.io", "ada.github.io"),
        ("hp.de", "hp.de"),
        ("mail.hp.de", "hp.de"),
        ("USP.br.", "usp.br"),
        ("localhost", ""),
        ("a..b", ""),
        ("", ""),
    ],
)
def test_the_organisation_behind_a_domain(domain: str, owner: str) -> None:
    assert organisation(domain) == owner


def test_strangers_under_one_suffix_are_not_aligned() -> None:
    assert not aligned("a.com.br", "b.com.br") and not aligned("com.br", "com.br")
    assert not aligned("ada.github.io", "bob.github.io")
    assert aligned("news.loja.com.br", "loja.com.br")
