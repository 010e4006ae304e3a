"""Mail, in and out, with a real SMTP server at the other end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes

import pytest
from aiosmtpd.smtp import SMTP

from inbox import channels
from inbox.channels import Media, Outbound, Person, Received, SendError
from inbox.mail.tokens import Signer
from tests.house import Ledger, free_port

KEY = b"k" * 32
SETTINGS = {"signing_key": KEY}
MAIL = (
    b"From: Marina <Marina@queiroz.example>\r\nTo: support@barro.example\r\nCc: Rui <rui@else.example>\r\n"
    b"Subject: =?utf-8?q?X=C3=ADcara?=\r\nMessage-ID: <1@queiroz.example>\r\n%s\r\nIt came cracked.\r\n\r\n"
    b"On Tue, Oct 14, 2025 at 8:12 AM Bruno wrote:\r\n> Good morning\r\n"
)
OUT = Outbound(
    key=Signer(KEY).message_id(7, "barro.example"),
    sender=Person("support@barro.example", "Ada (Barro)"),
    to=(Person("marina@queiroz.example", "Marina"),),
    cc=(Person("rui@else.example"),),
    subject="Re: Xícara",
    text="On its way",
    html="<p>On its <b>way</b></p>",
    thread=7,
    files=(Media("nota fiscal.pdf", "application/pdf", b"%PDF"),),
    refers_to=("<1@queiroz.example>",),
)
email = channels.of("mail")


@pytest.fixture
def server() -> Iterator[Ledger]:
    with Ledger() as made:
        yield made


def through(server: Ledger) -> dict[str, object]:
    return {**SETTINGS, "smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}


def test_a_mail_becomes_a_message() -> None:
    [inbound] = email.parse(SETTINGS, Received(MAIL % b""))
    assert inbound.sender == Person("Marina@queiroz.example", "Marina")
    assert (inbound.subject, inbound.text) == ("Xícara", "It came cracked.")
    assert "Good morning" in inbound.quoted_text and inbound.cc[0].address == "rui@else.example"
    assert inbound.thread is None and not inbound.automated


@pytest.mark.parametrize("header", [b"References: %s", b"In-Reply-To: %s", b"References: <x@y> %s <z@y>"])
def test_our_own_message_id_proves_the_thread(header: bytes) -> None:
    [inbound] = email.parse(SETTINGS, Received(MAIL % (header % OUT.key.encode() + b"\r\n")))
    assert inbound.thread == 7


def test_a_forged_one_proves_nothing() -> None:
    forged = OUT.key.replace("<t7.", "<t8.").encode()
    assert forged != OUT.key.encode()
    [inbound] = email.parse(SETTINGS, Received(MAIL % (b"References: " + forged + b"\r\n")))
    assert inbound.thread is None
    [other] = email.parse(
        {"signing_key": b"x" * 32}, Received(MAIL % (b"References: " + OUT.key.encode() + b"\r\n"))
    )
    assert other.thread is None


def test_a_signed_recipient_proves_the_thread() -> None:
    signed = Signer(KEY).reply_address(9, "support@barro.example")
    [inbound] = email.parse(SETTINGS, Received(MAIL % b"", (signed.upper(),)))
    assert inbound.thread == 9


def test_a_machine_is_recognised() -> None:
    [inbound] = email.parse(SETTINGS, Received(MAIL % b"Auto-Submitted: auto-replied\r\n"))
    assert inbound.automated


def test_without_a_server_it_is_only_written() -> None:
    sent = email.send(SETTINGS, OUT)
    assert sent.via == "preview" and sent.raw
    mail = message_from_bytes(sent.raw)
    assert mail["Message-ID"] == OUT.key and mail["In-Reply-To"] == "<1@queiroz.example>"
    assert "Bcc" not in mail and "Reply-To" not in mail
    assert [part.get_filename() for part in mail.walk() if part.get_filename()] == ["nota fiscal.pdf"]


def test_a_signed_reply_address_where_the_server_knows_them() -> None:
    sent = email.send({**SETTINGS, "plus_addressing": True}, OUT)
    found = Signer(KEY).thread_of_address(message_from_bytes(sent.raw or b"")["Reply-To"].split("<")[1][:-1])
    assert found == ("support@barro.example", 7)


def test_it_leaves_by_smtp_byte_for_byte(server: Ledger) -> None:
    sent = email.send(through(server), OUT)
    assert sent.via == "smtp" and server.taken[OUT.key] == 1
    assert server.mails[0].splitlines() == (sent.raw or b"").splitlines()


@pytest.mark.parametrize(
    ("answer", "permanent"), [("550 no such user", True), ("451 try later", False), ("552 too big", True)]
)
def test_what_the_server_says_is_passed_on(server: Ledger, answer: str, permanent: bool) -> None:
    server.answer = answer
    with pytest.raises(SendError) as refused:
        email.send(through(server), OUT)
    assert refused.value.permanent is permanent and answer in refused.value.detail


def test_one_refused_copy_is_told_and_the_others_get_it_once(server: Ledger) -> None:
    server.unknown = "rui@else.example"
    sent = email.send(through(server), OUT)
    assert "550" in sent.refused["rui@else.example"] and server.taken[OUT.key] == 1
    server.unknown = ""
    assert not email.send(through(server), OUT).refused


def test_a_server_that_is_not_there_is_tried_again() -> None:
    nowhere = {**SETTINGS, "smtp_host": "127.0.0.1", "smtp_port": free_port(), "smtp_security": "none"}
    with pytest.raises(SendError) as refused:
        email.send(nowhere, OUT)
    assert not refused.value.permanent


def test_a_server_without_encryption_is_not_used_when_it_is_wanted(server: Ledger) -> None:
    with pytest.raises(SendError):
        email.send({**through(server), "smtp_security": "starttls"}, OUT)
    assert not server.taken


@pytest.mark.parametrize("name", ["Eve\r\nBcc: x@y.example", "Eve\x00", "Eve\nX: y"])
def test_a_name_cannot_add_a_header(name: str) -> None:
    try:
        sent = email.send(SETTINGS, replace(OUT, to=(Person("marina@queiroz.example", name),)))
    except SendError as refused:
        assert refused.permanent
    else:
        assert not {"Bcc", "X"} & set(message_from_bytes(sent.raw or b"").keys())


@pytest.mark.parametrize("odd", ["<a>", "<é@x.example>", f"<{'a' * 450}@x.example>", "<a<b@x.example>"])
def test_an_odd_message_id_of_theirs_does_not_stop_our_answer(odd: str, server: Ledger) -> None:
    assert email.send(through(server), replace(OUT, refers_to=("<1@queiroz.example>", odd))).via == "smtp"
    assert message_from_bytes(server.mails[0])["In-Reply-To"] == "<1@queiroz.example>"


def test_a_rude_goodbye_does_not_send_it_again(server: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    async def rude(self: SMTP, _arg: str) -> None:
        await self.push("421 4.3.2 Too busy to say goodbye")

    monkeypatch.setattr(SMTP, "smtp_QUIT", rude)
    assert email.send(through(server), OUT).via == "smtp"
    assert len(server.mails) == 1


def test_an_address_too_long_to_be_signed_still_answers(server: Ledger) -> None:
    sender = Person(f"{'long' * 12}@barro.example", "Ada")
    settings = {**through(server), "plus_addressing": True}
    assert email.send(settings, replace(OUT, sender=sender)).via == "smtp"
    assert message_from_bytes(server.mails[0])["Reply-To"] is None
