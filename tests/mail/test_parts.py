"""Which parts are read, which are files, and what they are called, in mails of many programs."""

from __future__ import annotations

import binascii
from base64 import b64encode

import pytest

from inbox.mail.parse import parse
from tests.mail.letters import letter, mixed


def multi(kind: str, boundary: str, *parts: str) -> str:
    joined = "".join(f"\r\n--{boundary}\r\n{part}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n{joined}\r\n--{boundary}--\r\n'


def text(said: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{said}"


def html(said: str) -> str:
    return f"Content-Type: text/html; charset=utf-8\r\n\r\n{said}"


def image(name: str, cid: str = "") -> str:
    more = f"Content-ID: <{cid}>\r\n" if cid else ""
    return f"Content-Type: image/png; name={name}\r\nContent-Disposition: inline\r\n{more}\r\npng"


def test_apple_mail_puts_files_under_the_alternative() -> None:
    rich = multi("mixed", "in", html("<p>antes</p>"), image("foto.png"), html("<p>depois</p>"))
    mail = parse(mixed(multi("alternative", "alt", text("antes\n\ndepois"), rich)))
    assert mail.text == "antes\n\ndepois"
    assert "antes" in mail.reply_html and "depois" in mail.reply_html
    assert [file.filename for file in mail.attachments] == ["foto.png"]


def test_texts_around_pictures_are_all_read() -> None:
    mail = parse(mixed(text("um"), image("a.png"), text("dois"), image("b.png"), text("três")))
    assert mail.text == "um\n\ndois\n\ntrês" and len(mail.attachments) == 2


def test_a_lists_footer_follows_the_letter() -> None:
    mail = parse(
        mixed(multi("alternative", "alt", text("carta"), html("<p>carta</p>")), text("rodapé da lista"))
    )
    assert mail.text == "carta\n\nrodapé da lista"
    assert "rodapé" in mail.reply_html


def test_the_picture_that_html_shows_is_inline_even_when_its_address_is_escaped() -> None:
    page = html('<img src="cid:foto%40x">')
    (file,) = parse(mixed(multi("related", "rel", page, image("foto.png", "foto@x")))).attachments
    assert file.inline


def test_the_root_of_related_parts_need_not_come_first() -> None:
    mail = parse(mixed(multi("related", "rel", image("a.png", "a@x"), html('<p>Oi</p><img src="cid:a@x">'))))
    assert mail.text == "Oi" and mail.attachments[0].inline


def test_a_letter_that_bears_a_file_name_in_an_alternative_is_still_the_letter() -> None:
    named = 'Content-Type: text/html; name="carta.html"\r\n\r\n<p>rico</p>'
    mail = parse(mixed(multi("alternative", "alt", text("simples"), named)))
    assert "rico" in mail.html and not mail.attachments


def test_the_same_again_for_other_programs_is_no_file() -> None:
    amp = "Content-Type: text/x-amp-html\r\n\r\n<html amp4email>"
    mail = parse(mixed(multi("alternative", "alt", text("Oi"), amp, html("<p>Oi</p>"))))
    assert not mail.attachments


def test_a_boundary_nobody_named_is_found() -> None:
    body = "\r\n------=_Part_1\r\nContent-Type: text/plain\r\n\r\ndentro\r\n------=_Part_1--\r\n"
    assert parse(letter("Content-Type: multipart/mixed", body)).text == "dentro"
    assert parse(letter("Content-Type: multipart/mixed; boundary=outro", body)).text == "dentro"


def test_a_part_that_uses_its_parents_boundary_owns_what_follows() -> None:
    body = (
        "\r\n--b\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" + text("Oi")
        + "\r\n--b\r\n" + html("<p>Oi</p>") + "\r\n--b--\r\n--b\r\n" + image("a.png") + "\r\n--b--\r\n"
    )  # fmt: skip
    mail = parse(letter("Content-Type: multipart/mixed; boundary=b", body))
    assert (mail.text, [file.filename for file in mail.attachments]) == ("Oi", ["a.png"])


def test_a_multipart_without_any_part_is_text() -> None:
    assert parse(letter("Content-Type: multipart/mixed; boundary=b", "só texto")).text == "só texto"


@pytest.mark.parametrize(
    ("encoding", "sent", "read"),
    [
        ("base64", b"T2zDoQ", "Olá"),
        ("base64", b"T2zD\r\n*oQ==\r\n", "Olá"),
        ("Base64 (sim)", b"T2zDoQ==", "Olá"),
        ("base64", "Não é base64, é só um texto.".encode(), "Não é base64, é só um texto."),
        ("quoted-printable", b"Ol=C3=A1=\r\n=ZZ a==b", "Olá=ZZ a==b"),
        ("7-bit", "Olá".encode(), "Olá"),
        ("8bit;", "Olá".encode(), "Olá"),
        ("nonsense", "Olá".encode(), "Olá"),
    ],
)
def test_a_body_is_decoded_as_far_as_it_can_be(encoding: str, sent: bytes, read: str) -> None:
    head = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}"
    assert parse(letter(head, sent)).text == read


def test_what_a_list_wrote_below_base64_is_read_as_it_stands() -> None:
    body = b64encode("Olá a todos".encode()).decode() + "\n_____\nLista: http://x.example\n"
    head = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64"
    assert parse(letter(head, body)).text == "Olá a todos\n_____\nLista: http://x.example"


def test_a_stray_delimiter_is_no_part_of_a_file() -> None:
    part = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n--outro--\n"
    (file,) = parse(multi("mixed", "b", text("Oi"), part).encode()).attachments
    assert file.content == b"%PDF-"


def test_an_empty_file_is_empty() -> None:
    part = "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n\n"
    assert [file.size for file in parse(multi("mixed", "b", part).encode()).attachments] == [0]


def test_words_without_a_mark_between_them_are_no_base64() -> None:
    said = "palavras cumpridas demoradas " * 5
    assert parse(letter("Content-Transfer-Encoding: base64", said)).text == said


def test_parts_that_are_encoded_all_together_are_parts() -> None:
    inside = b64encode(b"--b\nContent-Type: text/plain\n\nOi\n--b--\n").decode()
    head = "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64"
    assert parse(letter(head, inside)).text == "Oi"


def test_a_thing_of_no_type_that_has_a_name_is_a_file() -> None:
    (file,) = parse(letter('Content-Type: unknown; name="dados"', "\x01\x02")).attachments
    assert (file.filename, file.content_type) == ("dados", "application/octet-stream")


def uuencoded(data: bytes) -> str:
    lines = (binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45))
    return "".join(lines) + "`\nend\n"


def test_a_file_written_into_the_text_is_a_file() -> None:
    body = "Segue a foto.\n\nbegin 644 minha foto.jpg\n" + uuencoded(b"\xff\xd8" * 200) + "\nAbraço"
    mail = parse(letter("", body))
    assert mail.text.split() == ["Segue", "a", "foto.", "Abraço"]
    (file,) = mail.attachments
    assert (file.filename, file.content_type, file.content) == (
        "minha foto.jpg",
        "image/jpeg",
        b"\xff\xd8" * 200,
    )


def test_words_that_begin_with_begin_are_words() -> None:
    said = "begin 644 days ago\nwe waited.\nend"
    assert parse(letter("", said)).text == said


def test_a_part_encoded_by_uuencode_is_decoded() -> None:
    head = "Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n"
    (file,) = parse(mixed(head + "begin 644 a.zip\r\n" + uuencoded(b"PK" * 50))).attachments
    assert file.content == b"PK" * 50


def test_enriched_text_is_read_without_its_commands() -> None:
    said = "<bold>Oi</bold>, <color><param>red</param>tudo</color>\nbem?\n\n<<sim>"
    assert parse(letter("Content-Type: text/enriched", said)).text == "Oi, tudo bem?\n<sim>"


def test_deleted_blanks_at_flowed_line_ends_join_words() -> None:
    head = "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes"
    assert parse(letter(head, "注文 \n番号\n> 引用 \n> 文")).text == "注文番号\n> 引用文"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (
            "Content-Type: image/jpeg\r\nContent-Location: http://x.example/a/foto.jpg?b=1\r\n\r\nx",
            "foto.jpg",
        ),
        ("Content-Type: application/pdf\r\nContent-Description: nota.pdf\r\n\r\nx", "nota.pdf"),
        ("Content-Type: application/pdf\r\nContent-Description: a nota\r\n\r\nx", "attachment-1.pdf"),
        ("Content-Type: message/rfc822\r\n\r\nSubject: Re: 1/2\r\n\r\nx", "Re_ 1-2.eml"),
        ("Content-Type: message/partial; number=1\r\n\r\nSubject: Parte\r\n\r\nx", "Parte.eml"),
        ("Content-Type: message/external-body; access-type=ftp\r\n\r\nx", "attachment-1.txt"),
        ("Content-Type: text/x-vcard\r\n\r\nx", "contact-1.vcf"),
        ("Content-Type: image/pjpeg\r\n\r\nx", "image-1.jpg"),
        ("Content-Type: message/delivery-status\r\n\r\nx", "delivery-status-1.txt"),
    ],
)
def test_a_part_without_a_name_is_named_sensibly(part: str, name: str) -> None:
    assert parse(mixed(part)).attachments[0].filename == name


def test_the_mails_of_a_digest_are_files() -> None:
    digest = multi("digest", "d", "\r\nSubject: um\r\n\r\nx", "\r\nSubject: dois\r\n\r\ny")
    assert [file.filename for file in parse(mixed(digest)).attachments] == ["um.eml", "dois.eml"]


def test_a_text_that_is_only_called_an_attachment_is_read() -> None:
    assert parse(letter("Content-Type: text/plain\nContent-Disposition: attachment", "Oi")).text == "Oi"


@pytest.mark.parametrize(
    ("charset", "said"),
    [
        ("iso-8859-1", "안녕하세요 주문한 상품이 아직 도착하지 않았습니다".encode("cp949")),
        ("us-ascii", "Здравствуйте, мой заказ ещё не пришёл, где он?".encode("cp1251")),
        ("x-user-defined", "您好，我的订单还没有到，请帮我查一下".encode("gb18030")),
        ("gb2312", "您好，我的订单还没有到".encode()),
        ("utf-16", b"nada disso"),
        ("\"windows-1252\" ;", b"\x80 5"),
        ("iso-8859-8-i", "שלום עולם".encode("iso8859-8")),
        ("win-1251", "Привет".encode("cp1251")),
    ],
)  # fmt: skip
def test_a_wrong_label_does_not_garble_the_text(charset: str, said: bytes) -> None:
    read = {
        "iso-8859-1": "cp949", "us-ascii": "cp1251", "x-user-defined": "gb18030", "gb2312": "utf-8",
        "utf-16": "ascii", "iso-8859-8-i": "iso8859-8", "win-1251": "cp1251",
    }.get(charset, "cp1252")  # fmt: skip
    assert parse(letter(f"Content-Type: text/plain; charset={charset}", said)).text == said.decode(read)


def test_html_tells_its_own_charset_when_the_header_does_not() -> None:
    page = '<meta charset="koi8-r"><p>Привет</p>'.encode("koi8-r")
    assert parse(letter("Content-Type: text/html", page)).text == "Привет"


def test_a_raw_file_name_is_read_in_the_charset_of_the_text() -> None:
    name = "Отчёт за март.doc".encode("koi8-r")
    raw = mixed(
        "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n8A==",
        "Content-Type: application/msword\r\nContent-Disposition: attachment; filename=NAME\r\n\r\nx",
    )
    (file,) = parse(raw.replace(b"NAME", name)).attachments
    assert file.filename == "Отчёт за март.doc"


@pytest.mark.parametrize("kind", ["multipart/*", "multipart", "multipart/mixed*"])
def test_a_malformed_type_is_still_a_multipart(kind: str) -> None:
    raw = mixed(text("Oi"), image("a.png")).replace(b"multipart/mixed", kind.encode())
    mail = parse(raw)
    assert mail.text == "Oi" and [file.filename for file in mail.attachments] == ["a.png"]


@pytest.mark.parametrize(
    ("kind", "read"),
    [("text/html, charset=utf-8", "Oi"), ("text/*", "<b>Oi</b>"), ("text/plain*", "<b>Oi</b>")],
)
def test_a_malformed_type_of_text_is_still_read(kind: str, read: str) -> None:
    mail = parse(letter(f"Content-Type: {kind}", "<b>Oi</b>"))
    assert (mail.text, mail.attachments) == (read, ())


def test_each_choice_of_an_alternative_may_hold_several_texts() -> None:
    inner = multi("alternative", "in", text("dois"), html("<p>DOIS</p>"))
    mail = parse(mixed(multi("alternative", "out", multi("mixed", "mid", text("um"), inner))))
    assert mail.text == "um\n\ndois" and "DOIS" in mail.html


def test_a_missing_last_delimiter_takes_its_line_break_along() -> None:
    file = "Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\num\r\ndois"
    raw = mixed(text("Oi"), file)
    whole = parse(raw).attachments
    assert whole[0].content == b"um\r\ndois"
    assert parse(raw[: raw.rindex(b"--", 0, raw.rstrip().rindex(b"--"))]).attachments == whole


def test_the_checksum_below_openpgps_base64_is_none_of_the_file() -> None:
    file = (
        "Content-Type: text/pgp; name=a.pgp\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment\r\n\r\n"
    )
    (read,) = parse(
        mixed(text("Oi"), f"{file}{b64encode(bytes(range(40))).decode()}\r\n=zH6Q\r\n")
    ).attachments
    assert read.content == bytes(range(40))
