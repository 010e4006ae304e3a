"""What Outlook wraps in winmail.dat is read as if it were not wrapped."""

from __future__ import annotations

import struct

from inbox.mail.parse import parse
from tests.mail import winmail
from tests.mail.winmail import file, message, prop


def test_files_in_a_winmail_dat_are_the_mails_files() -> None:
    mail = parse(winmail.mail(file("nota.pdf", b"%PDF"), file("foto.jpg", b"jpg"), text="Segue a nota."))
    assert [(item.filename, item.content_type, item.content) for item in mail.attachments] == [
        ("nota.pdf", "application/pdf", b"%PDF"),
        ("foto.jpg", "image/jpeg", b"jpg"),
    ]
    assert mail.text == "Segue a nota."


def test_the_long_name_of_a_file_counts_and_keeps_its_accents() -> None:
    name = prop(winmail.UNICODE, winmail.LONG_NAME, "relatório – março.docx\0".encode("utf-16-le"))
    (item,) = parse(winmail.mail(file("RELAT~1.DOC", b"x", name), text="Oi")).attachments
    assert item.filename == "relatório – março.docx"


def test_the_html_of_a_winmail_dat_is_shown_with_its_pictures() -> None:
    html = prop(winmail.BINARY, winmail.HTML, b'<p>Bom <b>dia</b></p><img src="cid:logo@x">')
    cid = prop(winmail.TEXT, winmail.CONTENT_ID, b"logo@x\0")
    mail = parse(winmail.mail(message(html), file("logo.png", b"png", cid)))
    assert "<b>dia</b>" in mail.reply_html and mail.text == "Bom dia"
    assert mail.attachments[0].inline


def test_html_hidden_in_rich_text_is_found() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}Ol\'e1 \htmlrtf {\f0"
        rb" \htmlrtf0 {\*\htmltag84 <b>}tudo{\*\htmltag92 </b>} bem \u8211?  \{a\}{\*\htmltag72 </p>}}"
    )
    mail = parse(winmail.mail(message(prop(winmail.BINARY, winmail.RTF, winmail.uncompressed(rtf)))))
    assert mail.html == "<p>Olá <b>tudo</b> bem – {a}</p>".replace("– {", "–  {")


def test_rich_text_alone_is_read_as_text() -> None:
    rtf = rb"{\rtf1\ansi{\fonttbl{\f1\fcharset204 A;}}{\*\generator X;}Prezados,\par \f1\'ef\'f0\'e8\par}"
    mail = parse(winmail.mail(message(prop(winmail.BINARY, winmail.RTF, winmail.uncompressed(rtf)))))
    assert mail.text == "Prezados,\nпри"


def test_compressed_rich_text_is_unpacked() -> None:
    # The reference copies `{\rtf1\ansi` (11 bytes) from the words every such stream knows.
    reference = struct.pack(">H", (0 << 4) | (11 - 2))
    payload = b"\x01" + reference + b" Oi" + b"\\pa" + b"r" + b"\x00" + b"}"
    mail = parse(winmail.mail(message(prop(winmail.BINARY, winmail.RTF, winmail.compressed(payload, 19)))))
    assert mail.text == "Oi"


def test_a_message_inside_is_a_mail_of_its_own() -> None:
    inner = (
        winmail.HEAD
        + message(
            prop(winmail.UNICODE, winmail.SUBJECT, "Orçamento/2026\0".encode("utf-16-le")),
            prop(winmail.UNICODE, winmail.BODY, "Segue o orçamento.\0".encode("utf-16-le")),
            prop(winmail.TEXT, winmail.SENDER, b"ada@x.example\0"),
            prop(winmail.TEXT, winmail.SENDER_NAME, b"Ada\0"),
        )
        + file("a.txt", b"dentro")
    )
    raw = winmail.mail(file("", b"", prop(winmail.OBJECT, winmail.DATA, b"\0" * 16 + inner)), text="Veja")
    (item,) = parse(raw).attachments
    assert (item.content_type, parse(raw).attachments) == ("message/rfc822", (item,))
    mail = parse(item.content)
    assert (mail.subject, mail.from_.address, mail.text) == (
        "Orçamento/2026",
        "ada@x.example",
        "Segue o orçamento.",
    )
    assert [(file.filename, file.content) for file in mail.attachments] == [("a.txt", b"dentro")]


def test_a_winmail_dat_that_is_none_stays_a_file() -> None:
    raw = winmail.mail(text="Oi").replace(b"eJ8+I", b"AAAAA")
    assert [item.filename for item in parse(raw).attachments] == ["winmail.dat"]


def test_a_winmail_dat_cut_off_gives_what_it_has() -> None:
    whole = winmail.mail(file("a.txt", b"inteiro"), file("b.txt", b"x" * 500), text="Oi")
    cut = parse(whole[: -len(b"eHh4" * 100)])
    assert cut.attachments[0].content == b"inteiro"


def test_rich_text_that_claims_gigabytes_gives_a_few_megabytes() -> None:
    reference = struct.pack(">H", (200 << 4) | 15)
    bomb = winmail.compressed((b"\xff" + reference * 8) * 300_000, 2**32 - 1)
    assert len(parse(winmail.mail(message(prop(winmail.BINARY, winmail.RTF, bomb)))).text) < 4_000_000
