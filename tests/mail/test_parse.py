"""What is read of a mail: people, dates, bodies, files, and why it came."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.mail import Address, Mail, Unreadable
from inbox.mail.parse import parse
from inbox.mail.texts import unflow
from tests.mail import letters, winmail
from tests.mail.letters import letter, mixed


def test_a_reply_from_gmail_is_read_whole() -> None:
    mail = parse(letters.GMAIL_REPLY)
    assert mail.from_ == Address("Beatriz Moura (pedidos)", "bia.moura@gmail.example")
    assert mail.subject == "Re: Seu pedido não chegou"
    assert mail.message_id == "<CAF=bia+1@mail.gmail.example>"
    assert mail.in_reply_to == "<outro@livraria.example>"
    assert mail.references == ("<t42.aaa@livraria.example>", "<outro@livraria.example>")
    assert mail.date == datetime(2026, 11, 10, 12, 12, 31, tzinfo=UTC)
    assert mail.delivered_to == ("ajuda@livraria.example",)
    assert mail.reply_text == "Oi! O pacote chegou hoje, mas faltou um livro."
    assert "seu pedido saiu ontem" in mail.quoted_text
    assert "<b>faltou</b>" in mail.reply_html and "saiu ontem" not in mail.reply_html
    assert "saiu ontem" in mail.quoted_html
    assert (mail.auto_submitted, mail.bounce, mail.notes) == ("", False, ())


def test_a_reply_from_outlook_in_portuguese_is_cut_at_its_header() -> None:
    mail = parse(letters.OUTLOOK_HTML)
    assert mail.from_ == Address("Souza, Caio", "caio@oficina.example")
    assert [person.address for person in mail.to] == ["ajuda@livraria.example", "vendas@livraria.example"]
    assert mail.reply_text.startswith("Bom dia, segue a correção.")
    assert "Prezado Caio" in mail.quoted_text and "Prezado Caio" not in mail.reply_text
    assert "Enviada em" not in mail.reply_html
    (logo,) = mail.attachments
    assert (logo.filename, logo.inline, logo.content_id, logo.size) == ("logo.png", True, "logo@oficina", 8)


def test_a_bounce_says_who_was_not_reached_and_which_mail_it_was() -> None:
    mail = parse(letters.BOUNCE)
    assert mail.bounce and mail.return_path == "" and mail.auto_submitted == "auto-replied"
    assert mail.reported_ids == ("<ours@livraria.example>",)
    (delivery,) = mail.deliveries
    assert (delivery.recipient, delivery.action, delivery.status) == (
        "ninguem@loja.example",
        "failed",
        "5.1.1",
    )
    assert delivery.diagnostic == "550 5.1.1 no such user"


def test_a_delay_warning_is_no_bounce() -> None:
    assert not parse(letters.BOUNCE.replace(b"Action: failed", b"Action: delayed")).bounce


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "auto-replied"),
        ("Auto-Submitted: auto-generated", "auto-generated"),
        ("Auto-Submitted: no", ""),
        ("Precedence: bulk", "bulk"),
        ("Precedence: list", "list"),
        ("List-Id: <news.x.example>", "list"),
        ("List-Unsubscribe: <mailto:x@x.example>", "bulk"),
        ("X-Auto-Response-Suppress: OOF, AutoReply", "auto-generated"),
        ("X-Autoreply: yes", "auto-replied"),
        ("Return-Path: <>", "auto-generated"),
        ("X-Other: 1", ""),
    ],
)
def test_mail_no_person_wrote_is_told_by_its_headers(header: str, why: str) -> None:
    assert parse(letter(header)).auto_submitted == why


def test_an_absence_notice_is_told_by_its_subject() -> None:
    raw = letter().replace(b"Subject: Oi", "Subject: Resposta automática: férias".encode())
    assert parse(raw).auto_submitted == "auto-replied"


def test_a_name_that_looks_like_our_address_is_only_a_name() -> None:
    raw = letter().replace(b"Ada <ada@x.example>", b"ajuda@livraria.example <x@evil.example>")
    assert parse(raw).from_ == Address("ajuda@livraria.example", "x@evil.example")


def test_of_two_senders_the_first_counts_and_it_is_noted() -> None:
    mail = parse(letter("From: Bob <bob@x.example>"))
    assert mail.from_.address == "bob@x.example" and "from_repeated" in mail.notes


def test_an_address_hidden_in_an_encoded_word_is_no_address() -> None:
    raw = letter().replace(b"Ada <ada@x.example>", b"=?utf-8?q?ajuda=40livraria.example?=")
    assert parse(raw).from_ == Address("ajuda@livraria.example", "")
    assert "from_malformed" in parse(raw).notes


def test_a_mail_without_sender_date_and_id_is_still_read() -> None:
    mail = parse(b"Subject: Oi\r\nReply-To: Ada <ada@x.example>\r\n\r\nTexto")
    assert mail.from_ == Address("Ada", "ada@x.example")
    assert (mail.message_id, mail.date, mail.text) == ("", None, "Texto")
    assert "from_missing" in mail.notes


def test_a_body_without_any_header_is_text() -> None:
    assert parse(b"so um texto, nada mais\r\n").text == "so um texto, nada mais"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_raw_8_bit_headers_are_guessed(charset: str) -> None:
    raw = letter().replace(b"Subject: Oi", "Subject: Reclamação: não funciona".encode(charset))
    assert parse(raw).subject == "Reclamação: não funciona"


@pytest.mark.parametrize(
    ("label", "sent", "read"),
    [
        ("iso-8859-1", "Olá, ação".encode("latin-1"), "Olá, ação"),
        ("us-ascii", "Olá, ação".encode(), "Olá, ação"),
        ("iso-8859-1", "Olá, ação".encode(), "Olá, ação"),
        ("utf-8", "Olá, ação, coração".encode("latin-1"), "Olá, ação, coração"),
        ("nonsense", "Olá".encode("latin-1"), "Olá"),
        (
            "utf-8",
            "Atenção: não é só ação. ".encode("latin-1") * 3 + "“Até já”".encode(),
            "Atenção: não é só ação. " * 3 + "“Até já”",
        ),
        ("windows-1250", "Cena: Â€ 5".encode("cp1250"), "Cena: Â€ 5"),
        ("windows-1252", "“Olá” – €5".encode("cp1252"), "“Olá” – €5"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("gb2312", "你好，訂單".encode("gb18030"), "你好，訂單"),
        ("unicode_escape", b"\\x41", "\\x41"),
        ("utf-7", b"Ol+AOE-", "Olá"),
    ],
)
def test_a_body_is_read_by_its_label_or_by_evidence(label: str, sent: bytes, read: str) -> None:
    assert parse(letter(f"Content-Type: text/plain; charset={label}", sent)).text == read


def test_encoded_words_cut_inside_a_character_are_joined() -> None:
    raw = letter().replace(b"Subject: Oi", b"Subject: a =?utf-8?q?=C3?= =?UTF-8?Q?=A3o_b?= =?latin-1?q?=E9?=")
    assert parse(raw).subject == "a ão bé"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=UTF-8''relat%C3%B3rio.pdf", "relatório.pdf"),
        ("attachment; filename*0*=UTF-8''rela; filename*1*=t%C3%B3rio.pdf", "relatório.pdf"),
        ('attachment; filename="=?UTF-8?Q?relat=C3=B3rio.pdf?="', "relatório.pdf"),
        ("attachment; filename=UTF-8''relat%C3%B3rio.pdf", "relatório.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\temp\\\\x.doc"', "x.doc"),
        ('attachment; filename="foto\u202egpj.exe"', "fotogpj.exe"),
        ("attachment", "attachment-1.pdf"),
        ("attachment; filename=" + "a" * 300 + ".pdf", "a" * 196 + ".pdf"),
    ],
)
def test_a_file_gets_a_name_that_is_only_a_name(disposition: str, name: str) -> None:
    part = f"Content-Type: application/pdf\r\nContent-Disposition: {disposition}\r\n\r\n%PDF"
    (file,) = parse(mixed("\r\nOi", part)).attachments
    assert (file.filename, file.content) == (name, b"%PDF")


def test_texts_of_several_parts_are_joined_in_order() -> None:
    mail = parse(mixed("\r\num", "Content-Type: image/png\r\n\r\nx", "Content-Type: text/plain\r\n\r\ndois"))
    assert mail.text == "um\n\ndois"
    assert [file.filename for file in mail.attachments] == ["image-1.png"]


def test_a_mail_inside_a_mail_is_a_file_named_by_its_subject() -> None:
    inner = "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?Ol=C3=A1/1?=\r\n\r\nSegredo"
    mail = parse(mixed("\r\nveja", inner))
    assert mail.text == "veja"
    assert mail.attachments[0].filename == "Olá-1.eml"


def test_invitations_signatures_and_sealed_mail_are_files() -> None:
    mail = parse(
        mixed(
            "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR",
            "Content-Type: application/pkcs7-signature\r\n\r\nx",
            "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
        )
    )
    names = [file.filename for file in mail.attachments]
    assert names == ["invite-1.ics", "smime-2.p7s", "attachment-3.asc"]


def test_html_alone_gives_text_too() -> None:
    mail = parse(letters.html("<style>p{}</style><p>Oi</p><ul><li>um<li>dois</ul><ol><li>a<li>b</ol>"))
    assert mail.text == "Oi\n\n- um\n- dois\n\n1. a\n2. b"


def test_wrapped_lines_flow_and_quotes_keep_their_depth() -> None:
    assert (
        unflow("uma linha \nso\n> cita \n> tudo\n fim\n-- \nAda")
        == "uma linha so\n> cita tudo\nfim\n-- \nAda"
    )


def test_duplicate_headers_count_once_but_are_all_shown() -> None:
    mail = parse(letter("Subject: Primeiro\nX-A: 1\nX-A: 2"))
    assert mail.subject == "Primeiro"
    assert [value for name, value in mail.headers if name == "X-A"] == ["1", "2"]


def test_of_too_many_references_the_root_and_the_newest_stay() -> None:
    mail = parse(letter("References: " + " ".join(f"<{n}@x>" for n in range(300))))
    assert len(mail.references) == 100
    assert (mail.references[0], mail.references[-1]) == ("<0@x>", "<299@x>")


def test_a_part_cut_off_in_the_middle_is_kept() -> None:
    raw = mixed("\r\ninteiro", "Content-Type: text/plain\r\n\r\ncortad").removesuffix(b"\r\n--mix--\r\n")
    assert parse(raw).text == "inteiro\n\ncortad"


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_mail_or_unreadable(raw: bytes) -> None:
    read_or_refuse(raw)


DAMAGED = [
    letters.GMAIL_REPLY,
    letters.OUTLOOK_HTML,
    letters.BOUNCE,
    winmail.mail(
        winmail.file("a.pdf", b"%PDF"), winmail.message(winmail.prop(0x102, winmail.HTML, b"<p>Oi"))
    ),
    mixed("Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:x"),
    letter(
        "Content-Type: application/pkcs7-mime", bytes.fromhex("3080 0609 2a864886f70d010702 a080 3080 020101")
    ),
    letter("Date: 22 de agosto de 2026", "begin 644 a.txt\n#86)C\n`\nend\n"),
]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_mail_is_a_mail_or_unreadable(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(DAMAGED)))
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(raw))


def read_or_refuse(raw: bytes) -> None:
    try:
        mail = parse(raw)
    except Unreadable as error:
        assert error.reason.endswith(".")
        return
    assert isinstance(mail, Mail)
    assert "\0" not in mail.text + mail.subject + mail.html
    (mail.text + mail.subject + mail.reply_html).encode()
