"""What we send: whole, standard, and nothing in it that nobody wrote."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.mail import Address, Enclosure, Letter, compose
from inbox.mail.parse import parse

ANSWER = Letter(
    from_=Address("Livraria Aurora — Ajuda", "ajuda@livraria.example"),
    to=(Address("Souza, Caio", "caio@oficina.example"), Address("", "ana@oficina.example")),
    cc=(Address("João", "joao@oficina.example"),),
    bcc=(Address("", "segredo@livraria.example"),),
    reply_to=(Address("", "ajuda+t42.abc@livraria.example"),),
    subject="Re: Atenção: correção da nota ✓",
    text="Olá!\n\nEstá corrigida.\n.\nFrom agora\n",
    html="<p>Olá!</p><img src='cid:logo'>",
    attachments=(
        Enclosure("relatório €.pdf", "application/pdf", b"%PDF\x00\xff"),
        Enclosure("logo.png", "image/png", b"\x89PNG", inline=True, content_id="logo"),
    ),
    message_id="<t42.abcdefghijklmnop.abcdefghijklmnopqr@livraria.example>",
    in_reply_to="<a@oficina.example>",
    references=("<root@oficina.example>", "<" + "a" * 200 + "@oficina.example>", "<a@oficina.example>"),
    date=datetime(2026, 11, 10, 12, 0, tzinfo=UTC),
    auto_submitted="auto-replied",
    headers={"X-Prosa-Loop": "livraria.example"},
)


def test_a_letter_is_read_as_it_was_written() -> None:
    raw = compose(ANSWER)
    mail = parse(raw)
    assert mail.from_ == ANSWER.from_ and mail.to == ANSWER.to and mail.cc == ANSWER.cc
    assert mail.reply_to == ANSWER.reply_to and mail.subject == ANSWER.subject and mail.date == ANSWER.date
    assert mail.message_id == ANSWER.message_id and mail.references == ANSWER.references
    assert mail.in_reply_to == ANSWER.in_reply_to and mail.auto_submitted == "auto-replied"
    assert mail.text.split() == ANSWER.text.split()
    assert [(f.filename, f.content, f.inline) for f in mail.attachments] == [
        ("logo.png", b"\x89PNG", True),
        ("relatório €.pdf", b"%PDF\x00\xff", False),
    ]


def test_hidden_recipients_stay_hidden() -> None:
    assert b"segredo" not in compose(ANSWER) and b"Bcc" not in compose(ANSWER)


def test_the_parts_nest_as_programs_expect() -> None:
    message = email.message_from_bytes(compose(ANSWER), policy=email.policy.default)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related",
        "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip


def test_lines_end_with_crlf_and_are_short() -> None:
    raw = compose(replace(ANSWER, text="palavra " * 1000, html=None))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_text_alone_is_one_part() -> None:
    raw = compose(replace(ANSWER, html=None, attachments=()))
    assert email.message_from_bytes(raw).get_content_type() == "text/plain"


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\0", "\r\n\r\n"])
@pytest.mark.parametrize(
    "changed",
    [
        lambda bad: {"subject": f"Oi{bad}Bcc: evil@x.example"},
        lambda bad: {"from_": Address(f"Oi{bad}Bcc: evil@x.example", "a@x.example")},
        lambda bad: {"to": (Address("", f"a@x.example{bad}Bcc: evil@x.example"),)},
        lambda bad: {"reply_to": (Address("Oi", f"a{bad}@x.example"),)},
        lambda bad: {"message_id": f"<a{bad}@x.example>"},
        lambda bad: {"in_reply_to": f"<a@x.example>{bad}Bcc: evil@x.example"},
        lambda bad: {"references": (f"<a@x.example>{bad}Bcc: evil@x.example",)},
        lambda bad: {"auto_submitted": f"auto-replied{bad}Bcc: evil@x.example"},
        lambda bad: {"headers": {"X-A": f"1{bad}Bcc: evil@x.example"}},
        lambda bad: {"headers": {f"X-A: 1{bad}Bcc": "evil@x.example"}},
        lambda bad: {"headers": {"Bcc": "evil@x.example"}},
    ],
)
def test_a_line_break_in_a_header_stops_the_mail(changed: Any, break_: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compose(replace(ANSWER, **changed(break_)))


@pytest.mark.parametrize(
    "name", ['a"\r\nBcc: evil@x.example\r\n.pdf', "a\0b.pdf", "../../x.pdf", "\u202egpj.exe", ""]
)
def test_a_hostile_file_name_is_made_harmless(name: str) -> None:
    raw = compose(replace(ANSWER, attachments=(Enclosure(name, "application/pdf\r\nX: 1", b"x"),)))
    assert b"\r\nBcc" not in raw
    (file,) = parse(raw).attachments
    assert (
        "/" not in file.filename
        and "\r" not in file.filename
        and file.content_type == "application/octet-stream"
    )


def test_an_encoded_line_break_stays_text() -> None:
    said = "=?utf-8?q?Oi=0D=0ABcc:_evil?="
    mail = parse(compose(replace(ANSWER, subject=said, to=(Address(said, "a@x.example"),))))
    assert all(name.lower() != "bcc" for name, _ in mail.headers)
    assert mail.subject == said and mail.to == (Address(said, "a@x.example"),)


@given(st.text(max_size=120), st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_subject_and_name_come_back_or_are_refused(subject: str, name: str) -> None:
    try:
        raw = compose(replace(ANSWER, subject=subject, from_=Address(name, "a@x.example"), html=None))
    except ValueError:
        return
    mail = parse(raw)
    assert mail.subject == " ".join(subject.split()) and mail.from_.address == "a@x.example"
    assert b"\r\nbcc" not in raw.lower()


def test_international_domains_are_written_in_ascii() -> None:
    raw = compose(replace(ANSWER, to=(Address("", "a@café.example"),)))
    assert b"a@xn--caf-dma.example" in raw


@pytest.mark.parametrize("address", ["a b@x.example", "nobody", "a@x@y", ""])
def test_an_address_that_cannot_be_written_to_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        compose(replace(ANSWER, to=(Address("", address),)))


def test_an_address_with_letters_beyond_ascii_is_written_as_it_is() -> None:
    raw = compose(replace(ANSWER, cc=(Address("José", "josé@café.example"),)))
    assert "josé@xn--caf-dma.example".encode() in raw
    assert parse(raw).cc == (Address("José", "josé@xn--caf-dma.example"),)


def test_a_picture_nobody_sees_in_the_text_is_a_file() -> None:
    raw = compose(replace(ANSWER, html="<p>Olá!</p>"))
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert [part.get_filename() for part in message.iter_attachments()] == ["relatório €.pdf", "logo.png"]


def test_a_mail_to_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="recipient"):
        compose(replace(ANSWER, to=(), cc=(), bcc=()))


def test_a_subject_of_one_endless_word_is_folded() -> None:
    subject = "x" * 998
    assert parse(compose(replace(ANSWER, subject=subject))).subject == subject
