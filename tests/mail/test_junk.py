"""Spam: what a filter wrote, and what the team's verdicts say of the words."""

from __future__ import annotations

from collections import Counter

import pytest

from inbox.mail import junk


@pytest.mark.parametrize(
    ("name", "value", "filter_"),
    [
        ("X-Spam-Flag", "YES", "headers"),
        ("X-Spam-Flag", "NO", ""),
        ("X-Spam-Status", "Yes, score=8.1 required=5.0 tests=BAYES_99", "spamassassin"),
        ("X-Spam-Status", "No, score=-1.9", ""),
        ("X-Rspamd-Action", "add header", "rspamd"),
        ("X-Rspamd-Action", "reject", "rspamd"),
        ("X-Rspamd-Action", "no action", ""),
        ("X-Rspamd-Action", "greylist", ""),
        ("X-Spamd-Result", "default: True [15.20 / 15.00];", "rspamd"),
        ("X-Spam", "Yes", "headers"),
        ("X-MS-Exchange-Organization-SCL", "5", "headers"),
        ("X-MS-Exchange-Organization-SCL", "9", "headers"),
        ("X-MS-Exchange-Organization-SCL", "1", ""),
        ("X-MS-Exchange-Organization-SCL", "-1", ""),
        ("X-Forefront-Antispam-Report", "CIP:192.0.2.1;CTRY:BR;SCL:5;SFV:SPM;H:x", "headers"),
        ("X-Forefront-Antispam-Report", "CIP:192.0.2.1;SFV:NSPM;H:x", ""),
        ("X-SES-Spam-Verdict", "FAIL", "headers"),
        ("Subject", "X-Spam-Flag: YES", ""),
    ],
)
def test_a_filter_on_the_way_says_what_it_thinks(name: str, value: str, filter_: str) -> None:
    assert junk.by_headers([(name, value)]) == filter_
    assert junk.by_headers([("From", "a@x.example"), (name.lower(), value)]) == filter_


def test_a_filter_of_somebody_else_s_server_does_not_count() -> None:
    said = [
        ("X-Spam-Checker-Version", "SpamAssassin 4.0.0 (2022-12-14) on mx.forwarder.example"),
        ("X-Spam-Status", "Yes, score=8.1"),
    ]
    assert junk.by_headers(said, "mx.loja.com.br") == ""
    assert junk.by_headers(said, "mx.forwarder.example") == "spamassassin"
    assert junk.by_headers(said, "imap.forwarder.example") == "spamassassin"
    assert junk.by_headers(said) == "spamassassin"
    assert junk.by_headers([("X-Spam-Flag", "YES")], "mx.loja.com.br") == "headers"


SPAM = [
    (
        "Ganhe dinheiro FÁCIL",
        "Clique aqui e ganhe R$ 5000 por dia em http://oferta.example/x",
        "x@oferta.example",
    ),
    ("Make money fast", "Click here to win a prize, cheap pills at http://pills.example", "y@pills.example"),
    ("Empréstimo aprovado", "Seu empréstimo foi aprovado, clique aqui e ganhe", "z@oferta.example"),
]
GOOD = [
    ("Pedido atrasado", "Meu pedido 4711 não chegou, podem verificar a entrega?", "ada@gmail.example"),
    ("Broken book", "The book arrived broken, can I have a refund for my order?", "bob@gmail.example"),
    ("Nota fiscal", "Preciso da nota fiscal do pedido, obrigada", "bia@gmail.example"),
]


def learned(times: int = 10) -> tuple[dict[str, tuple[int, int]], tuple[int, int]]:
    """Counts as the team's verdicts leave them."""
    spam, good = Counter[str](), Counter[str]()
    for _ in range(times):
        for mail in SPAM:
            spam.update(junk.words(*mail))
        for mail in GOOD:
            good.update(junk.words(*mail))
    words = spam.keys() | good.keys()
    counts = {word: (spam[word], good[word]) for word in words}
    return counts, (times * len(SPAM), times * len(GOOD))


def score(subject: str, text: str, sender: str, times: int = 10) -> float:
    """What the learned words make of a mail."""
    return junk.score(junk.words(subject, text, sender), *learned(times))


def test_what_reads_like_spam_is_spam_and_what_does_not_is_not() -> None:
    assert score("Ganhe agora", "Clique aqui, ganhe dinheiro por dia", "w@oferta.example") >= junk.SPAM_FROM
    assert score("Win money", "Click here, cheap prize fast", "w@pills.example") >= junk.SPAM_FROM
    assert score("Pedido", "Meu pedido não chegou, cadê a nota?", "caio@gmail.example") < 0.1
    assert score("Refund", "My book is broken, refund please", "caio@gmail.example") < 0.1


def test_unknown_words_and_too_few_verdicts_say_nothing() -> None:
    assert score("Zzz", "qwerty asdf", "a@b.example") == 0.5
    assert score("Ganhe", "Clique aqui, ganhe dinheiro", "w@oferta.example", times=1) == 0.5
    assert junk.score([], {}, (0, 0)) == 0.5


def test_a_customer_who_quotes_one_word_of_spam_stays_a_customer() -> None:
    text = "Recebi um e-mail dizendo ganhe dinheiro. Meu pedido 4711 não chegou, podem verificar a entrega?"
    assert score("Pedido atrasado", text, "ada@gmail.example") < junk.SPAM_FROM


def test_counts_that_cannot_be_true_give_a_score_all_the_same() -> None:
    assert 0 <= junk.score(["a", "b"], {"a": (99, 0), "b": (0, 99)}, (10, 10)) <= 1
    assert 0 <= junk.score([str(n) for n in range(500)], {str(n): (10, 0) for n in range(500)}, (10, 10)) <= 1


def test_words_fit_their_column_and_a_huge_mail_has_no_more_than_another() -> None:
    found = junk.words(
        "A" * 5_000, "palavra" * 100 + " http://" + "h" * 200 + ".example " * 50_000, "x@" + "d" * 300
    )
    assert all(0 < len(word) <= 64 for word in found)
    many = junk.words("x", " ".join(f"palavra{n}a" for n in range(100_000)), "a@b.example")
    assert len(many) <= 400
    assert junk.words("Olá AÇÃO", "", "a@LOJA.example") == junk.words("ola acao", "", "b@loja.example")
