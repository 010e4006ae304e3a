"""Where a header ends, which of two fields counts, and what its words say."""

from __future__ import annotations

import pytest

from inbox.mail.parameters import parameters
from inbox.mail.parse import parse
from inbox.mail.words import decode_words
from tests.mail.letters import letter, mixed


@pytest.mark.parametrize(
    "before",
    [
        b"\r\n\r\n",
        b"\xef\xbb\xbf",
        b"From ada@x.example Mon Nov  9 10:00:00 2026\n",
        b">From ada\n",
        b" ",
        b"\n \n",
    ],
)
def test_what_got_before_a_mail_on_the_way_is_no_part_of_it(before: bytes) -> None:
    mail = parse(before + letter("", "Texto"))
    assert (mail.from_.address, mail.subject, mail.text) == ("ada@x.example", "Oi", "Texto")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\r\n"])
def test_lines_may_end_in_any_way(end: bytes) -> None:
    mail = parse(mixed("\r\num", "Content-Type: image/png\r\n\r\nx").replace(b"\r\n", end))
    assert (mail.subject, mail.text, len(mail.attachments)) == ("Oi", "um", 1)


def test_a_mail_in_utf_16_is_read() -> None:
    assert parse(letter("", "Olá").decode().encode("utf-16")).text == "Olá"


def test_a_header_broken_without_indenting_goes_on() -> None:
    mail = parse(b"From: ada@x.example\nSubject: um assunto\nque continua\nTo: b@x.example\n\nTexto")
    assert mail.subject == "um assunto que continua"
    assert (mail.to[0].address, mail.text) == ("b@x.example", "Texto")


def test_a_body_without_an_empty_line_before_it_is_not_lost() -> None:
    mail = parse(b"From: ada@x.example\nSubject: Oi\nBoa tarde,\num texto.\n")
    assert (mail.subject, mail.text) == ("Oi", "Boa tarde,\num texto.")


def test_a_delimiter_ends_the_header_of_a_part() -> None:
    inner = "Content-Type: multipart/mixed; boundary=in\r\n--in\r\nContent-Type: text/plain\r\n\r\ndentro"
    assert parse(mixed(inner)).text == "dentro"


def test_of_two_fields_the_first_that_says_something_counts() -> None:
    mail = parse(
        letter("Subject:\nSubject: Segundo\nSubject: Terceiro\nDate:\nDate: 22 Aug 2026 10:00:00 +0000")
    )
    assert mail.subject == "Segundo" and mail.date is not None


def test_nobody_is_lost_when_there_are_two_to_headers() -> None:
    mail = parse(letter("To: b@x.example\nCc: c@x.example\nCc: d@x.example"))
    assert [person.address for person in mail.to] == ["b@x.example", "a@shop.example"]
    assert [person.address for person in mail.cc] == ["c@x.example", "d@x.example"]


@pytest.mark.parametrize(
    ("charset", "subject"),
    [
        ("koi8-r", "Где мой заказ"),
        ("big5", "訂單"),
        ("iso-8859-7", "Παραγγελία"),
        ("windows-1250", "Žádost o reklamaci"),
    ],
)
def test_raw_headers_are_read_in_the_charset_of_the_text(charset: str, subject: str) -> None:
    kind = f"Content-Type: text/plain; charset={charset}"
    raw = letter(kind, subject.encode(charset)).replace(
        b"Subject: Oi", b"Subject: " + subject.encode(charset)
    )
    assert parse(raw).subject == subject


@pytest.mark.parametrize(
    ("charset", "subject", "said"),
    [
        ("koi8-r", "Москва", "Здравствуйте, где мой заказ из Москвы? Он ещё не пришёл."),
        ("big5", "認養偶像：", "嗨，謝謝您的光臨，以下是您輸入的內容，請確認訂單。"),
        ("cp874", "สำหรับคุณ!", "เตรียมตัวกับการเปลี่ยนแปลงครั้งใหญ่ของงานแห่งอนาคต"),
    ],
)
def test_short_raw_headers_are_read_as_the_text_that_names_no_charset(
    charset: str, subject: str, said: str
) -> None:
    raw = letter("Content-Type: text/plain; charset=us-ascii", said.encode(charset)).replace(
        b"Subject: Oi", b"Subject: Re: " + subject.encode(charset)
    )
    mail = parse(raw)
    assert (mail.subject, mail.text) == (f"Re: {subject}", said)


def test_short_raw_headers_are_read_together() -> None:
    raw = letter("", b"").replace(b"Subject: Oi", "Subject: Москва".encode("koi8-r"))
    raw = b"From: " + "Фёдор Михайлович Достоевский".encode("koi8-r") + b" <fm@x.example>\r\n" + raw
    mail = parse(raw)
    assert (mail.subject, mail.from_.name) == ("Москва", "Фёдор Михайлович Достоевский")


def test_japanese_in_seven_bits_needs_no_label() -> None:
    said = "注文①の件ﾃｽﾄ"
    raw = b"\x1b$BCmJ8-!$N7o\x1b(I\x43\x3d\x44\x1b(B"
    mail = parse(letter("", raw).replace(b"Subject: Oi", b"Subject: " + raw))
    assert (mail.subject, mail.text) == (said, said)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("=?utf-8?q?a=C3?= =?utf-8?q?=A9b?=", "aéb"),
        ("=?utf-8?q?com espa=C3=A7o?=", "com espaço"),
        ("=?utf-8?q?quando?_hoje?=", "quando? hoje"),
        ("=?utf-8?B?T2zDoQ?=", "Olá"),
        ("=?utf-8?B?T2zDoQ", "Olá"),
        ("=?utf-8?q?um_=?= dois", "um = dois"),
        ("=?utf-8?q?aberto =?utf-8?q?_e_fechado?=", "aberto e fechado"),
        ("=?utf-8? Q?Ol=C3=A1?=", "Olá"),
        ("=?utf-8*pt-BR?q?Ol=C3=A1?=", "Olá"),
        ("=?nonsense?q?Ol=E1?=", "Olá"),
        ("=?ISO-2022-JP?B?GyRCRUU7?= =?ISO-2022-JP?B?UhsoQg==?=", "電子"),
        ("=?utf-8?q?linha=0D=0ABcc:_x?=", "linha Bcc: x"),
        ("2 =? 3 ?= 4", "2 =? 3 ?= 4"),
    ],
)
def test_encoded_words_are_read_even_when_broken(value: str, read: str) -> None:
    assert decode_words(value) == read


@pytest.mark.parametrize(
    ("value", "main", "name"),
    [
        ("application/pdf; name=nota fiscal.pdf", "application/pdf", "nota fiscal.pdf"),
        ('application/pdf name="nota.pdf"', "application/pdf", "nota.pdf"),
        ('application/pdf;; name="nota', "application/pdf", "nota"),
        ('application/pdf; name="a "b" c.pdf"; x=1', "application/pdf", 'a "b" c.pdf'),
        ('application/pdf; name="a;b.pdf"', "application/pdf", "a;b.pdf"),
        ("application/pdf; name==?utf-8?q?a_b.pdf?=", "application/pdf", "a b.pdf"),
        ("application/pdf; name*=utf-8''%C3%A9.pdf; name=e.pdf", "application/pdf", "é.pdf"),
        ("application/pdf; name*1*=%A9.pdf; name*0*=utf-8''%C3", "application/pdf", "é.pdf"),
        ('application/pdf; name*0="=?utf-8?q?"; name*1="=C3=A9.pdf?="', "application/pdf", "é.pdf"),
        ("application/pdf; name=; name=b.pdf", "application/pdf", "b.pdf"),
        ('name="sem tipo.pdf"', "", "sem tipo.pdf"),
    ],
)
def test_parameters_are_read_however_they_are_written(value: str, main: str, name: str) -> None:
    kind, found = parameters(value)
    assert (kind, found["name"]) == (main, name)


def test_two_parameters_without_a_semicolon_are_two() -> None:
    assert parameters("text/plain; charset=utf-8 format=flowed")[1] == {
        "charset": "utf-8",
        "format": "flowed",
    }
