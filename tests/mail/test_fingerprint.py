"""One mail has one name, however often and by whatever way it comes."""

from __future__ import annotations

from inbox.mail import external_id
from inbox.mail.parse import parse
from tests.mail import letters


def name(raw: bytes) -> str:
    return external_id(raw, parse(raw))


def test_another_way_here_makes_no_other_mail() -> None:
    hop = (
        b"Received: from relay.example by mx.example; Tue, 10 Nov 2026 09:12:44 -0300\r\nX-Spam-Score: 1\r\n"
    )
    again = hop + letters.GMAIL_REPLY.replace(
        b"Return-Path: <bia.moura@gmail.example>", b"Return-Path: <srs@relay.example>"
    )
    assert name(again) == name(letters.GMAIL_REPLY)
    assert name(letters.GMAIL_REPLY.replace(b"\r\n", b"\n")) == name(letters.GMAIL_REPLY)


def test_a_stolen_message_id_is_another_mail() -> None:
    stolen = letters.GMAIL_REPLY.replace(b"faltou um livro", b"sobrou um livro")
    assert name(stolen) != name(letters.GMAIL_REPLY)
    assert name(stolen).split("#")[0] == name(letters.GMAIL_REPLY).split("#")[0]
    assert name(letters.GMAIL_REPLY.replace(b"bia.moura@", b"eve.moura@")) != name(letters.GMAIL_REPLY)


def test_a_mail_without_an_id_has_a_name_too() -> None:
    raw = b"From: a@x.example\r\nSubject: Oi\r\n\r\n"
    assert name(raw + b"um") != name(raw + b"dois")
    assert name(raw + b"um") == name(raw + b"um")


def test_a_name_fits_its_column() -> None:
    assert len(name(b"Message-ID: <" + b"a" * 5_000 + b"@x>\r\n\r\nOi")) <= 255
