"""Where links lead, and which of them say something else."""

from __future__ import annotations

import pytest

from inbox.mail import clean
from inbox.mail.links import deceives, host_of, marked, readable


def say(host: str) -> str:
    return f"leads to {host}"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://bank.example/login", "https://evil.test/login"),
        ("www.bank.example", "http://bank.example.evil.test/"),
        ("bank.example", "https://evil.test/bank.example"),
        (" \u200bbank.exa\u00admple\n", "https://evil.test/"),
        ("https://bank.example", "https://bank.example@evil.test/"),
        ("https://bank.example", "https:\\\\evil.test\\bank.example"),
        ("https://bank.example", "ht\ntps:evil.test"),
        ("https://bank.example", "https://%65vil.test/"),
        ("https://user@bank.example/x", "https://evil.test/"),
        ("loja.com.br", "https://outra.com.br/"),
        ("me@bank.example", "mailto:other@evil.test"),
        ("me@bank.example", "https://evil.test/"),
        ("our shop", "https://xn--80ak6aa92e.com/"),  # аррӏе in Cyrillic
        ("our shop", "https://p\u0430ypal.com/"),
    ],
)
def test_a_link_that_names_another_place_is_marked(text: str, target: str) -> None:
    assert deceives(text, target)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("our shop", "https://evil.test/"),
        ("Read more…", "https://click.mailer.example/x?u=https://bank.example"),
        ("https://bank.example/login", "https://www.bank.example/other"),
        ("bank.example", "https://click.bank.example/x"),
        ("www.loja.com.br", "https://mail.loja.com.br/"),
        ("relatório.pdf", "https://files.example/x"),
        ("prices.xlsx", "https://files.example/x"),
        ("v1.2", "https://files.example/x"),
        ("me@bank.example", "mailto:Me@bank.example?subject=Hi"),
        ("Bücher.example", "https://xn--bcher-kva.example/"),
        ("пример.рф", "https://xn--e1afmkfd.xn--p1ai/"),
        ("call us: 1.800.555", "tel:+1800555"),
        ("", "https://evil.test/"),
    ],
)
def test_a_link_that_says_nothing_else_is_left_alone(text: str, target: str) -> None:
    assert not deceives(text, target)


def test_every_link_says_where_it_leads_whatever_its_sender_says() -> None:
    html = clean('<a title="https://bank.example/" href="https://shop.example/a?b=1&amp;c=2">Shop</a>')
    shown = marked(html, say)
    assert 'title="shop.example/a?b=1&amp;c=2"' in shown and "bank.example" not in shown
    assert "elsewhere" not in shown


def test_a_link_that_lies_is_followed_by_the_truth() -> None:
    html = clean('<p><a href="https://evil.test/x"><b>https://bank.example</b>/login</a> now</p>')
    assert '</a> <strong class="elsewhere">leads to evil.test</strong> now' in marked(html, say)


def test_a_sender_cannot_write_the_mark_or_break_out_of_it() -> None:
    html = clean(
        '<strong class="elsewhere">safe</strong><a href="https://e.test/&quot;&gt;<i>">bank.example</a>'
    )
    shown = marked(html, say)
    assert shown.count("elsewhere") == 1 and "<i>" not in shown and shown.count("<strong") == 2


def test_a_value_that_looks_like_the_end_of_a_link_is_none() -> None:
    html = clean('<a href="https://evil.test">bank.example<img alt="</a> onerror=x" src="cid:a"></a>')
    shown = marked(html, say)
    assert clean(shown).count("onerror=x") == 1 and clean(shown).count("<img") == 1
    assert 'alt="</a> onerror=x"' in shown.replace("&lt;", "<").replace("&gt;", ">")


def test_letters_that_look_like_others_are_written_as_dns_knows_them() -> None:
    assert host_of("https://p\u0430ypal.com:443/x") == "xn--pypal-4ve.com"
    assert readable("https://p\u0430ypal.com/x") == "xn--pypal-4ve.com/x"
    assert readable("mailto:a%40x.example") == "a@x.example"
    assert len(readable("https://x.example/" + "a" * 5000)) == 200


def test_a_page_of_links_takes_no_longer_than_its_length() -> None:
    marked('<a href="' * 50_000, say)
    marked("<a>" * 100_000 + "x", say)
    marked(f'<a href="https://x.example">{"a." * 100_000}</a>', say)
