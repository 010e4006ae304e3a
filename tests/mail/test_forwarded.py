"""Who first wrote what somebody forwards to us."""

from __future__ import annotations

import pytest

from inbox.mail import Address
from inbox.mail.parse import parse

ADA = Address("Ada Lovelace", "ada@x.example")


def sender(subject: str, body: str, kind: str = "text/plain; charset=utf-8") -> Address | None:
    """Whom a mail with this subject and body names as the author of what it forwards."""
    head = f"From: Bob <bob@us.example>\nTo: a@shop.example\nSubject: {subject}\nMIME-Version: 1.0\n"
    return parse(f"{head}Content-Type: {kind}\n\n{body}".encode()).forwarded_from


BLOCKS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Ada Lovelace <ada@x.example>\n"
    "Date: Mon, Nov 9, 2026 at 5:40 PM\nSubject: Order\nTo: <bob@us.example>\n\nHello",
    "Gmail in Portuguese": "---------- Forwarded message ---------\nDe: Ada Lovelace <ada@x.example>\n"
    "Date: seg., 9 de nov. de 2026 17:40\nSubject: Pedido\nTo: <bob@us.example>\n\nOlá",
    "Gmail with a bold name": "---------- Forwarded message ---------\nFrom: *Ada Lovelace* <ada@x.example>\n"
    "Date: Mon, Nov 9\n\nHello",
    "Apple": "Begin forwarded message:\n\n> From: Ada Lovelace <ada@x.example>\n> Subject: Order\n"
    "> Date: 9 November 2026 at 17:40\n> To: bob@us.example\n>\n> Hello",
    "Apple in Portuguese": "Início da mensagem encaminhada:\n\nDe: Ada Lovelace <ada@x.example>\n"
    "Assunto: Pedido\nData: 9 de novembro de 2026\n\nOlá",
    "Thunderbird": "-------- Forwarded Message --------\nSubject: \tOrder\nDate: \tMon, 9 Nov 2026 17:40\n"
    "From: \tAda Lovelace <ada@x.example>\nTo: \tbob@us.example\n\nHello",
    "Thunderbird in French": "-------- Message transféré --------\nSujet : \tCommande\n"
    "De : \tAda Lovelace <ada@x.example>\nPour : \tbob@us.example\n\nBonjour",
    "Thunderbird in German": "-------- Weitergeleitete Nachricht --------\nBetreff: \tX\n"
    "Von: \tAda Lovelace <ada@x.example>\nAn: \tbob@us.example\n\nHallo",
    "Italian": "--- Messaggio inoltrato ---\nDa: Ada Lovelace <ada@x.example>\nData: 9/11\n\nCiao",
    "Dutch": "--- Doorgestuurd bericht ---\nVan: Ada Lovelace <ada@x.example>\nDatum: 9/11\n\nHoi",
    "Spanish": "--- Mensaje reenviado ---\nDe: Ada Lovelace <ada@x.example>\nFecha: 9/11\n\nHola",
}


@pytest.mark.parametrize("program", BLOCKS)
def test_below_a_program_s_mark_the_sender_is_named(program: str) -> None:
    assert sender("Order", f"Podem ver?\n\n{BLOCKS[program]}") == ADA


OUTLOOK = (
    "________________________________\nDe: Ada Lovelace <ada@x.example>\n"
    "Enviado: segunda-feira, 9 de novembro de 2026 17:40\nPara: Bob\nAssunto: Pedido\n\nOlá"
)


@pytest.mark.parametrize(
    "subject",
    [
        "Fwd: Pedido",
        "FW: Order",
        "ENC: Pedido",
        "Enc: RES: Pedido",
        "RV: Pedido",
        "WG: Auftrag",
        "TR: X",
        "I: X",
    ],
)
def test_outlook_leaves_only_a_header_and_the_subject_tells(subject: str) -> None:
    assert sender(subject, OUTLOOK) == ADA
    assert sender(subject, f"Bom dia,\n\nBob\n\n{OUTLOOK}") == ADA


def test_a_word_above_the_header_tells_as_well() -> None:
    assert sender("Pedido", f"FYI\n\n{OUTLOOK}") == ADA
    assert sender("Pedido", f"Segue abaixo.\n\n{OUTLOOK}") == ADA


@pytest.mark.parametrize("subject", ["RES: Pedido", "Re: Order", "Pedido", "Re: Fwd: Pedido"])
def test_the_quoted_header_of_an_answer_names_nobody(subject: str) -> None:
    assert sender(subject, f"Obrigado, resolvido.\n\n{OUTLOOK}") is None


def test_what_is_quoted_in_an_answer_was_not_forwarded_by_it() -> None:
    quoted = "".join(f"> {line}\n" for line in BLOCKS["Gmail"].split("\n"))
    said = f"Ok!\n\nOn Mon, Nov 9, 2026 at 5:40 PM Z <z@z.example> wrote:\n\n{quoted}"
    assert sender("Re: Order", said) is None
    bare = said.replace("> ", "")
    assert sender("Re: Fwd: Order", bare) is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("From: Ada Lovelace [mailto:ada@x.example]", ADA),
        ("From: Ada Lovelace <ada@x.example<mailto:ada@x.example>>", ADA),
        ("From: ada@x.example", Address("", "ada@x.example")),
        ("*From:* Ada Lovelace <ada@x.example>", ADA),
        ("From: Ada Lovelace\n <ada@x.example>", ADA),
        ("From: Ada Lovelace", None),
        ("From: ((((((", None),
    ],
)
def test_the_line_is_read_as_programs_write_it(line: str, found: Address | None) -> None:
    assert (
        sender("Fwd: x", f"{line}\nSent: Monday, 9 November 2026 17:40\nTo: Bob\nSubject: x\n\nHello")
        == found
    )


def attached(*authors: str) -> str:
    parts = "".join(
        f"--b\nContent-Type: message/rfc822\n\nFrom: {author}\nSubject: x\n\nHello\n" for author in authors
    )
    return f"--b\nContent-Type: text/plain\n\nsee\n{parts}--b--\n"


def test_an_attached_mail_names_its_author() -> None:
    mixed = 'multipart/mixed; boundary="b"'
    assert sender("x", attached("Ada Lovelace <ada@x.example>"), mixed) == ADA
    assert sender("x", attached("Ada Lovelace <ada@x.example>", "ADA@x.example"), mixed) is not None
    assert sender("x", attached("Ada <ada@x.example>", "Bia <bia@x.example>"), mixed) is None


def test_a_returned_mail_in_a_report_is_no_forward() -> None:
    body = attached("Ada <ada@x.example>")
    assert sender("x", body, 'multipart/report; report-type=delivery-status; boundary="b"') is None


def test_html_alone_is_read_too() -> None:
    html = (
        '<div>Veja</div><div class="gmail_quote">---------- Forwarded message ---------<br>'
        'De: <strong class="gmail_sendername">Ada Lovelace</strong> <span>&lt;<a href="mailto:ada@x.example">'
        "ada@x.example</a>&gt;</span><br>Date: seg., 9 de nov.<br><br>Olá</div>"
    )
    assert sender("Pedido", html, "text/html; charset=utf-8") == ADA


@pytest.mark.parametrize("text", ["Oi", "", "De: São Paulo\nPara: Recife\nData: 10/11/2026", "Fwd:"])
def test_an_ordinary_mail_forwards_nothing(text: str) -> None:
    assert sender("Fwd: Pedido", text) is None
