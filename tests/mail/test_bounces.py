"""Reports of mail systems: whom our mail did not reach, why, and which mail it was."""

from __future__ import annotations

import pytest

from inbox.mail import Mail
from inbox.mail.parse import parse

OURS = "<t42.k1.mac@livraria.example>"
RETURNED = f"From: ajuda@livraria.example\nTo: ada@x.example\nSubject: Re: Pedido\nMessage-ID: {OURS}\n\nOi\n"


def report(body: str, sender: str = "MAILER-DAEMON@mx.example", headers: str = "", kind: str = "") -> Mail:
    """A mail of a mail system with this body."""
    kind = kind or "text/plain; charset=utf-8"
    head = f"Return-Path: <>\nFrom: {sender}\nTo: ajuda@livraria.example\nSubject: failure\n{headers}"
    return parse(f"{head}MIME-Version: 1.0\nContent-Type: {kind}\n\n{body}".encode())


QMAIL = f"""\
Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@x.example>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Return-Path: <ajuda@livraria.example>
{RETURNED}"""
EXIM = f"""\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ada@x.example
    SMTP error from remote mail server after RCPT TO:<ada@x.example>:
    550 5.1.1 User unknown

------ This is a copy of the message, including all the headers. ------

Return-path: <ajuda@livraria.example>
{RETURNED}"""
POSTFIX = f"""\
This is the mail system at host mx.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<ada@x.example>: host mx.x.example[192.0.2.1] said: 550 5.1.1 <ada@x.example>:
    User unknown (in reply to RCPT TO command)

{RETURNED}"""
SENDMAIL = f"""\
The original message was received at Mon, 9 Nov 2026 17:40:00 -0300
from mail.livraria.example [192.0.2.7]

   ----- The following addresses had permanent fatal errors -----
<ada@x.example>
    (reason: 550 5.1.1 User unknown)

   ----- Transcript of session follows -----
... while talking to mx.x.example.:
>>> DATA
<<< 550 5.1.1 User unknown

   ----- Original message follows -----
{RETURNED}"""
EXCHANGE = f"""\
Your message did not reach some or all of the intended recipients.

      Subject:  Re: Pedido
      Sent:     09/11/2026 17:40

The following recipient(s) cannot be reached:

      'ada@x.example' on 09/11/2026 17:41
            550 5.1.1 User unknown

Original message headers:

{RETURNED}"""
EXCHANGE_PT = f"""\
Falha na entrega para estes destinatários ou grupos:

ada@x.example
O endereço de email que você digitou não foi encontrado. 550 5.1.1 User unknown

Informações de diagnóstico para administradores:

Servidor gerador de mensagens: mx.x.example

Cabeçalhos da mensagem original:

{RETURNED}"""
GMAIL = f"""\
** Address not found **

Your message wasn't delivered to ada@x.example because the address couldn't be found, or is unable to
receive mail.

The response was:

550 5.1.1 User unknown

{RETURNED}"""
GMAIL_PT = f"""\
** Endereço não encontrado **

Sua mensagem não foi entregue a ada@x.example porque o endereço não foi encontrado.

A resposta foi:

550 5.1.1 User unknown

{RETURNED}"""
GMAIL_OLD = f"""\
Delivery to the following recipient failed permanently:

     ada@x.example

Technical details of permanent failure:
The error that the other server returned was: 550 5.1.1 User unknown

----- Original message -----

{RETURNED}"""
YAHOO = f"""\
Sorry, we were unable to deliver your message to the following address.

<ada@x.example>:
550: 5.1.1 User unknown

--- Below this line is a copy of the message.

{RETURNED}"""
DOMINO = f"""\
Your message

  Subject: Re: Pedido

was not delivered to:

  ada@x.example

because:

  550 5.1.1 User unknown

{RETURNED}"""
GROUPWISE = f"""\
The message that you sent was undeliverable to the following:
\tada@x.example (550 5.1.1 User unknown)

{RETURNED}"""
COURIER = f"""\
This is a delivery status notification from mx.example.

UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<ada@x.example>:
    <<< 550 5.1.1 User unknown

---------------------------------------------------------------------------
{RETURNED}"""
GERMAN = f"""\
Ihre Nachricht konnte nicht zugestellt werden.

Empfänger: ada@x.example
550 5.1.1 User unknown

Ursprüngliche Nachrichtenkopfzeilen:

{RETURNED}"""
SPANISH = f"""\
No se pudo entregar el mensaje a estos destinatarios o grupos:

ada@x.example
550 5.1.1 User unknown

Encabezados de mensajes originales:

{RETURNED}"""
FRENCH = f"""\
Échec de la remise pour ces destinataires ou groupes :

ada@x.example
550 5.1.1 User unknown

En-têtes de message d'origine :

{RETURNED}"""
WORDS = {
    "qmail": QMAIL,
    "Exim": EXIM,
    "Postfix": POSTFIX,
    "sendmail": SENDMAIL,
    "Exchange": EXCHANGE,
    "Exchange in Portuguese": EXCHANGE_PT,
    "Gmail": GMAIL,
    "Gmail in Portuguese": GMAIL_PT,
    "old Gmail": GMAIL_OLD,
    "Yahoo": YAHOO,
    "Domino": DOMINO,
    "GroupWise": GROUPWISE,
    "Courier": COURIER,
    "German": GERMAN,
    "Spanish": SPANISH,
    "French": FRENCH,
}


@pytest.mark.parametrize("system", WORDS)
def test_words_for_people_tell_whom_why_and_which(system: str) -> None:
    mail = report(WORDS[system])
    assert mail.bounce
    (delivery,) = mail.deliveries
    assert (delivery.recipient, delivery.action, delivery.status) == ("ada@x.example", "failed", "5.1.1")
    assert "User unknown" in delivery.diagnostic
    assert mail.reported_ids == (OURS,)


def test_html_of_microsoft_365_is_read_too() -> None:
    html = (
        "<html><body><h1>Your message to ada@x.example couldn't be delivered.</h1>"
        "<p><b>ada</b> wasn't found at <b>x.example</b>.</p><p>Original Message Headers</p>"
        f"<pre>{RETURNED.replace('<', '&lt;').replace('>', '&gt;')}</pre></body></html>"
    )
    mail = report(html, "postmaster@livraria.example", kind="text/html; charset=utf-8")
    assert mail.bounce and [delivery.recipient for delivery in mail.deliveries] == ["ada@x.example"]
    assert mail.reported_ids == (OURS,)


def test_several_recipients_have_each_their_reason() -> None:
    mail = report(
        "The message could not be delivered.\n\n<ada@x.example>: 550 5.1.1 User unknown\n\n"
        "<bia@y.example>:\n    552 5.2.2 Mailbox full\n\n<caio@z.example>\n"
    )
    assert [(said.recipient, said.status) for said in mail.deliveries] == [
        ("ada@x.example", "5.1.1"),
        ("bia@y.example", "5.2.2"),
        ("caio@z.example", ""),
    ]


def test_addresses_in_what_is_returned_were_not_written_to() -> None:
    mail = report(f"{EXIM}\nsupplier@y.example\nmessage to friend@z.example\n")
    assert [delivery.recipient for delivery in mail.deliveries] == ["ada@x.example"]


def test_recipients_may_stand_in_a_header_alone() -> None:
    mail = report("Sorry.", headers="X-Failed-Recipients: ada@x.example, bia@y.example\n")
    assert mail.bounce
    assert [delivery.recipient for delivery in mail.deliveries] == ["ada@x.example", "bia@y.example"]


@pytest.mark.parametrize(
    "words",
    [
        "A message that you sent has not yet been delivered to one or more of its recipients after\n"
        "more than 24 hours on the queue.\n\n  ada@x.example\n    Delay reason: 450 4.2.1 busy\n\n"
        "No action is required on your part.",
        "THIS IS A WARNING MESSAGE ONLY. Delivery is delayed.\n\n<ada@x.example>: 450 4.7.1 Greylisted",
        "Sua mensagem ainda não foi entregue a ada@x.example. Continuaremos tentando.",
    ],
)
def test_a_delay_is_told_and_is_no_bounce(words: str) -> None:
    mail = report(words)
    assert [(said.recipient, said.action) for said in mail.deliveries] == [("ada@x.example", "delayed")]
    assert not mail.bounce


def dsn(status: str, returned: str = RETURNED, kind: str = "message/rfc822", more: str = "") -> Mail:
    """A report as RFC 3464 wants it."""
    body = (
        f"--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\n{status}\n--b\nContent-Type: {kind}\n\n{returned}\n--b--\n"
    )
    return report(body, kind=f'multipart/report; report-type=delivery-status; boundary="b"{more}')


def test_the_original_recipient_is_whom_we_wrote_to() -> None:
    mail = dsn(
        "Original-Recipient: rfc822;ada@x.example\nFinal-Recipient: rfc822;ada.l@y.example\nAction: failed\n"
        "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 gone; see https://y.example/help"
    )
    (delivery,) = mail.deliveries
    assert delivery.recipient == "ada@x.example"
    assert delivery.diagnostic == "550 5.1.1 gone; see https://y.example/help"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("Final-Recipient: rfc822; ada@x.example\nStatus: 5.1.1", ("ada@x.example", "failed", "5.1.1")),
        ("Final-Recipient: rfc822; ada@x.example\nStatus: 4.2.2", ("ada@x.example", "delayed", "4.2.2")),
        (
            "Final-Recipient: ada@x.example\nAction: Failed\nDiagnostic-Code: smtp;550 5.7.1 no",
            ("ada@x.example", "failed", "5.7.1"),
        ),
        (
            "Final-Recipient: RFC822; <ada@x.example>\nAction: failed (bad)\nStatus: 5.0.0 (undefined)",
            ("ada@x.example", "failed", "5.0.0"),
        ),
        (
            "Final-Recipient: utf-8; jos\\x{E9}@x.example\nAction: failed\nStatus: 5.1.1",
            ("josé@x.example", "failed", "5.1.1"),
        ),
    ],
)
def test_broken_reports_are_read_as_far_as_they_go(fields: str, expected: tuple[str, str, str]) -> None:
    (delivery,) = dsn(fields).deliveries
    assert (delivery.recipient, delivery.action, delivery.status) == expected


def test_of_two_recipients_one_may_be_late_and_one_lost() -> None:
    mail = dsn(
        "Final-Recipient: rfc822; ada@x.example\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; bia@y.example\nAction: failed\nStatus: 5.1.1"
    )
    assert [said.action for said in mail.deliveries] == ["delayed", "failed"] and mail.bounce


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "delayed"])
def test_a_report_of_success_is_no_bounce(action: str) -> None:
    assert not dsn(f"Final-Recipient: rfc822; ada@x.example\nAction: {action}\nStatus: 2.0.0").bounce


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"])
def test_the_returned_mail_is_found_however_it_is_attached(kind: str) -> None:
    mail = dsn("Final-Recipient: rfc822; ada@x.example\nAction: failed\nStatus: 5.1.1", kind=kind)
    assert mail.reported_ids == (OURS,)


def test_a_report_without_recipients_speaks_of_the_one_the_mail_was_for() -> None:
    (delivery,) = dsn("X: 1").deliveries
    assert (delivery.recipient, delivery.action) == ("ada@x.example", "failed")


def test_what_a_report_answers_is_a_candidate_but_the_returned_mail_comes_first() -> None:
    mail = report(QMAIL, headers="In-Reply-To: <other@livraria.example>\n")
    assert mail.reported_ids == (OURS, "<other@livraria.example>")


def test_a_message_id_folded_or_marked_is_found() -> None:
    said = "Undeliverable: ada@x.example\n\n> Message-Id:\n>  <no>\nMessage-ID:\n "
    assert report(f"{said}{OURS}\n").reported_ids == (OURS,)


@pytest.mark.parametrize(
    ("head", "words", "whom"),
    [
        # kept under the address of a list, so that no null path is left
        ("Return-Path: <list-admin@x.example>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice",
         "Sorry.", []),
        # only its path is a mail system's
        ("Return-Path: <MAILER-DAEMON@mx.example>\nFrom: imss@mx.example\nSubject: x",
         "Sent <<< RCPT TO:<ada@x.example>\nReceived >>> 550 5.1.1 unknown user.", ["ada@x.example"]),
        # the letter's own To stands above the recipients
        ("Return-Path: <>\nFrom: System Administrator <postmaster@mx.example>\nSubject: Undeliverable: x",
         "Your message\n\n  To:  lista@y.example\n\ndid not reach the following recipient(s):\n\n"
         "ada@x.example on Fri, 4 Oct 2002", ["ada@x.example"]),
        # a report in parts which does not say what kind of report
        ("Return-Path: <>\nFrom: Mail Delivery System <a@mx.example>\nMIME-Version: 1.0\n"
         "Content-Type: multipart/report; boundary=b",
         "--b\n\nUnknown user: ada@x.example\n--b--", ["ada@x.example"]),
        ("From: postmaster@mx.example\nSubject: Undeliverable Mail",
         "Delivery failed 20 attempts: ada@x.example", ["ada@x.example"]),
        ("From: postmaster@mx.example\nSubject: Avis de non remise",
         "Votre message n'a pas pu etre delivre a\nada@x.example", ["ada@x.example"]),
    ],
)  # fmt: skip
def test_older_systems_report_in_their_own_ways(head: str, words: str, whom: list[str]) -> None:
    mail = parse(f"{head}\nTo: bia@z.example\n\n{words}\n".encode())
    assert mail.bounce
    assert [said.recipient for said in mail.deliveries] == whom


def test_an_action_nobody_defined_is_told_by_its_status() -> None:
    mail = dsn("Final-Recipient: rfc822;ada@x.example\nAction: error\nStatus: 5.4.7")
    assert [said.action for said in mail.deliveries] == ["failed"] and mail.bounce


@pytest.mark.parametrize(
    "raw",
    [
        # a person forwards a report to us and asks
        f"Return-Path: <bia@x.example>\nFrom: Bia <bia@x.example>\nSubject: Fwd: x\n\nQue é isto?\n\n{QMAIL}",
        # a person writes of a mail that did not arrive
        "From: Bia <bia@x.example>\nSubject: x\n\nMy mail to ada@x.example could not be delivered. Help!",
        # an answer of a postmaster who is a person
        "Return-Path: <postmaster@x.example>\nFrom: Postmaster <postmaster@x.example>\nSubject: Re: DNS\n\n"
        "We changed the record as you asked.",
        "From: Postmaster <postmaster@x.example>\nSubject: RE: undelivered mail\n\nWe look into it.",
        # a receipt, which is no report of a failure
        "Return-Path: <>\nFrom: Bia <bia@x.example>\nSubject: Lida\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nread\n--b--\n",
        # an absence notice
        "Return-Path: <>\nFrom: Bia <bia@x.example>\nSubject: Ausente\n\nVolto dia 3. Escreva a c@x.example.",
    ],
)
def test_what_no_mail_system_wrote_is_no_bounce(raw: str) -> None:
    mail = parse(raw.encode())
    assert not mail.bounce and mail.deliveries == ()


def test_a_report_for_nobody_in_particular_is_still_a_bounce() -> None:
    mail = report("Something went wrong.", "Mail Delivery System <mailer-daemon@mx.example>")
    assert mail.bounce and mail.deliveries == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["<a@b.example>: ", "550 ", "\n  a@b.example\n", "message to ", "Message-ID: <", "=" * 9]
)
def test_a_huge_report_is_read_in_one_go(piece: str) -> None:
    """What is looked at is bounded: ten times the text yields the same."""
    start = "This could not be delivered.\n"
    assert report(start + piece * 40_000).deliveries == report(start + piece * 400_000).deliveries
