"""The line to an outgoing server: safe, kept for the next mail, and honest about what went wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from inbox import channels, fetch
from inbox.channels import AccountError, Outbound, Person, SendError, TooLarge
from inbox.channels.email import answers, delivery, lines, smtp
from inbox.mail.tokens import Signer
from tests.peers.certificates import serving
from tests.peers.smtp import Peer

KEY = b"k" * 32
OUT = Outbound(
    key=Signer(KEY).message_id(7, "barro.example"),
    sender=Person("support@barro.example", "Ada (Barro)"),
    to=(Person("marina@queiroz.example", "Marina"),),
    subject="Re: Cups",
    text="On its way",
    thread=7,
)
email = channels.of("mail")


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as made:
        yield made
    lines.kept.close()


def through(peer: Peer, **settings: Any) -> dict[str, Any]:
    return {
        "signing_key": KEY,
        "address": "support@barro.example",
        "smtp_host": "127.0.0.1",
        "smtp_port": peer.port,
        "smtp_security": "none",
        **settings,
    }


def another(number: int, **changes: Any) -> Outbound:
    return replace(OUT, key=Signer(KEY).message_id(number, "barro.example"), **changes)


# ------------------------------------------------------------------------------------------ reuse


def test_mails_of_an_account_share_a_line(peer: Peer) -> None:
    for number in range(5):
        email.send(through(peer), another(number))
    assert peer.connections == 1 and peer.taken.total() == 5
    assert peer.said.count("RSET") == 4, "asked whether it is still there before each of the others"


def test_a_line_the_server_has_closed_is_not_used(peer: Peer) -> None:
    email.send(through(peer), OUT)
    peer.hang_up()
    email.send(through(peer), another(8))
    assert peer.connections == 2 and peer.taken.total() == 2


@pytest.mark.parametrize("changed", [{"smtp_user": "ada", "smtp_password": "x"}, {"auth": "google"}])
def test_other_settings_mean_another_line(peer: Peer, changed: dict[str, str]) -> None:
    peer.users = {"ada": "x", "support@barro.example": "token"}
    email.send(through(peer), OUT)
    email.send(through(peer, access_token="token", **changed), another(8))
    assert peer.connections == 2 and peer.taken.total() == 2


def test_two_accounts_have_two_lines(peer: Peer) -> None:
    for number in range(4):
        email.send(through(peer, address=f"team{number % 2}@barro.example"), another(number))
    assert peer.connections == 2


def test_a_line_ends_after_its_mails_and_after_its_time(peer: Peer) -> None:
    few = lines.Lines(mails=2, idle=60)
    for _ in range(5):
        with few.line(through(peer), 10):
            pass
    assert peer.connections == 3
    few.close()
    short = lines.Lines(idle=0.1)
    with short.line(through(peer), 10) as server:
        pass
    deadline = time.monotonic() + 10
    while server.sock is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.sock is None, "nobody had to ask for it"


def test_a_line_that_broke_is_not_kept(peer: Peer) -> None:
    peer.answers["MAIL"] = "421 4.3.2 Shutting down"
    with pytest.raises(SendError):
        email.send(through(peer), OUT)
    peer.answers.clear()
    email.send(through(peer), another(8))
    assert peer.connections == 2


# ----------------------------------------------------------------------------------------- signing in


def test_a_password(peer: Peer) -> None:
    peer.users = {"ada": "travessão"}
    email.send(through(peer, smtp_user="ada", smtp_password="travessão"), OUT)
    assert peer.taken.total() == 1


def test_a_wrong_password_is_the_accounts_trouble_and_no_messages(peer: Peer) -> None:
    peer.users = {"ada": "right"}
    with pytest.raises(AccountError, match="user name or password") as problem:
        email.send(through(peer, smtp_user="ada", smtp_password="wrong"), OUT)
    assert problem.value.pause and not problem.value.permanent and "535" in problem.value.detail
    assert not peer.taken


def test_a_permission(peer: Peer) -> None:
    peer.users = {"support@barro.example": "token"}
    email.send(through(peer, auth="google", access_token="token"), OUT)
    assert peer.taken.total() == 1


def test_a_permission_that_is_no_more(peer: Peer) -> None:
    peer.users = {"support@barro.example": "token"}
    with pytest.raises(AccountError, match="permission"):
        email.send(through(peer, auth="microsoft", access_token="old"), OUT)


def test_a_server_that_wants_no_user_name_is_told_apart_from_a_wrong_password(peer: Peer) -> None:
    with pytest.raises(AccountError, match="wants no user name"):
        email.send(through(peer, smtp_user="ada", smtp_password="x"), OUT)


def test_no_password_goes_in_the_clear_to_a_server_far_away(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.users = {"ada": "secret"}
    monkeypatch.setattr(fetch, "is_public", lambda _address: True)
    with pytest.raises(AccountError, match="Without encryption"):
        email.send(through(peer, smtp_user="ada", smtp_password="secret"), OUT)
    assert not any(said.startswith("AUTH") for said in peer.said)


# ------------------------------------------------------------------------------------------------ TLS


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_line_is_encrypted_before_anything_is_said(
    security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = serving(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with Peer(tls=context, implicit=security == "tls") as peer:
        peer.users = {"ada": "secret"}
        settings = through(peer, smtp_security=security, smtp_user="ada", smtp_password="secret")
        email.send(settings, OUT)
        shown = smtp.check(settings)
        lines.kept.close()
    assert peer.taken.total() == 1 and all(check.ok for check in shown)
    assert [check.detail for check in shown if "encrypted" in check.label] == ["TLSv1.3"]
    said = [line.split()[0].upper() for line in peer.said]
    if security == "starttls":
        assert said[:3] == ["EHLO", "STARTTLS", "EHLO"]


@pytest.mark.parametrize(
    ("made", "trust", "sentence"),
    [
        ({}, False, "vouches"),
        ({"days": -2}, True, "expired"),
        ({"name": "mail.else.example"}, True, "another name"),
    ],
)
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_f11_a_certificate_that_is_wrong_gets_no_mail_and_a_sentence(
    made: dict[str, Any],
    trust: bool,
    sentence: str,
    security: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, trusted = serving(tmp_path, **made)
    if trust:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with Peer(tls=context, implicit=security == "tls") as peer:
        peer.users = {"ada": "secret"}
        with pytest.raises(AccountError, match=sentence):
            email.send(through(peer, smtp_security=security, smtp_user="ada", smtp_password="secret"), OUT)
    assert not peer.taken and not any(said.startswith(("AUTH", "MAIL")) for said in peer.said)


def test_f11_starttls_never_falls_back_to_plain_text(peer: Peer) -> None:
    peer.users = {"ada": "secret"}
    with pytest.raises(AccountError, match="no encryption"):
        email.send(through(peer, smtp_security="starttls", smtp_user="ada", smtp_password="secret"), OUT)
    assert not peer.taken and not any(said.startswith(("AUTH", "MAIL")) for said in peer.said)


def test_f11_tls_on_a_port_that_speaks_none(peer: Peer) -> None:
    with pytest.raises(AccountError, match="does not speak TLS"):
        email.send(through(peer, smtp_security="tls"), OUT)


# -------------------------------------------------------------------------------------- what it takes


def test_the_size_is_announced_and_too_much_is_never_sent(peer: Peer) -> None:
    email.send(through(peer), OUT)
    assert any(said.startswith("MAIL FROM:<support@barro.example> SIZE=") for said in peer.said)
    peer.extensions = ["SIZE 3000"]
    lines.kept.close()
    with pytest.raises(TooLarge) as problem:
        email.send(through(peer), another(8, text="palavra " * 1000))
    assert problem.value.limit == 3000 and peer.said.count("DATA") == 1
    assert peer.taken.total() == 1


def test_an_address_beyond_ascii_goes_where_it_is_understood(peer: Peer) -> None:
    strange = another(8, to=(Person("josé@café.example", "José"),))
    with pytest.raises(SendError, match="letters like é") as problem:
        email.send(through(peer), strange)
    assert problem.value.permanent and "josé@xn--caf-dma.example" in problem.value.detail
    lines.kept.close()
    peer.extensions = ["SMTPUTF8", "8BITMIME"]
    email.send(through(peer), strange)
    assert peer.envelopes == [("support@barro.example", ("josé@xn--caf-dma.example",))]
    assert "josé@xn--caf-dma.example".encode() in peer.mails[0]
    assert any(said.endswith("SMTPUTF8 BODY=8BITMIME") for said in peer.said)
    email.send(through(peer), another(9))
    assert peer.connections == 2 and peer.taken.total() == 2


@pytest.mark.slow
@pytest.mark.parametrize("secure", [False, True])
def test_a_large_mail_may_take_longer_than_an_answer(
    secure: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "COMMAND_SECONDS", 0.3)
    raw = b"Message-ID: <photo@barro.example>\r\n\r\n" + b"/9j/4AAQSkZJRgABAQEASABIAAD/\r\n" * 300_000
    context, trusted = serving(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with Peer(tls=context, implicit=secure) as slow:
        slow.slow = 1.0
        settings = through(slow, smtp_security="tls" if secure else "none")
        assert not delivery.deliver(
            settings, delivery.Envelope("support@barro.example", ("a@b.example",)), raw
        )
        lines.kept.close()
    assert slow.mails == [raw]


def test_lines_that_begin_with_a_dot_arrive_as_they_were(peer: Peer) -> None:
    text = "Olá\n.\n..\n.fim"
    sent = email.send(through(peer), replace(OUT, text=text))
    assert peer.mails[0] == sent.raw
    payload = message_from_bytes(peer.mails[0]).get_payload(decode=True)
    assert isinstance(payload, bytes) and payload.decode().split() == text.split()


def test_bcc_is_in_the_envelope_only(peer: Peer) -> None:
    email.send(through(peer), replace(OUT, bcc=(Person("chefe@barro.example"),)))
    assert peer.envelopes[0][1] == ("marina@queiroz.example", "chefe@barro.example")
    assert b"chefe" not in peer.mails[0]


def test_somebody_named_twice_gets_it_once(peer: Peer) -> None:
    email.send(through(peer), replace(OUT, cc=OUT.to, bcc=OUT.to))
    assert peer.envelopes[0][1] == ("marina@queiroz.example",)


def test_an_acknowledgement_has_no_return_path_where_nobody_signs_in(peer: Peer) -> None:
    email.send(through(peer), replace(OUT, automated="acknowledgement"))
    peer.users = {"ada": "x"}
    email.send(through(peer, smtp_user="ada", smtp_password="x"), another(8, automated="acknowledgement"))
    assert [sender for sender, _to in peer.envelopes] == ["", "support@barro.example"]


# ------------------------------------------------------------------------------------- live test


def test_what_a_person_reads_when_the_settings_are_tried(peer: Peer) -> None:
    peer.users = {"ada": "right"}
    shown = smtp.check(through(peer, smtp_user="ada", smtp_password="right"))
    assert [check.ok for check in shown] == [True] * 4
    assert [check.detail for check in shown] == [f"127.0.0.1:{peer.port}", "", "ada", "35 MB"]
    wrong = smtp.check(through(peer, smtp_user="ada", smtp_password="wrong"))
    assert [check.ok for check in wrong] == [True, True, False] and "535" in wrong[-1].detail
    assert not peer.taken


def test_a_name_that_is_none_is_said_to_be_so() -> None:
    (only,) = smtp.check({"smtp_host": "mail" + "." * 300, "smtp_port": 25})
    assert not only.ok and only.label == smtp.NO_NAME


def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    with Peer() as gone:
        settings = through(gone)
    (only,) = smtp.check(settings)
    assert not only.ok and "refused the connection" in only.label and only.detail.startswith("127.0.0.1:")


# ------------------------------------------------------------------------------ what answers mean


@pytest.mark.parametrize(
    ("code", "text", "pause"),
    [
        (421, "4.7.0 Too many messages, try again later", 300),
        (421, "4.7.28 Our system has detected an unusual rate of unsolicited mail", 300),
        (452, "4.3.1 Rate limit exceeded; try again in 20 minutes", 1200),
        (450, "4.7.1 You have exceeded your hourly quota, wait 45 seconds", 45),
        (451, "4.7.500 Server busy. Please try again later", 300),
        (550, "5.4.5 Daily user sending limit exceeded", 300),
        (554, "5.2.0 message submission rate for this client has exceeded the configured limit", 300),
        (451, "4.7.1 Greylisted, please try again in 5 minutes", None),
        (450, "4.2.1 The user is receiving mail too quickly", None),
        (452, "4.2.2 The recipient's mailbox is over quota", None),
        (552, "5.3.4 Message size exceeds fixed limit", None),
        (452, "4.5.3 Too many recipients", None),
        (554, "5.7.1 Too many links in the message", None),
        (421, "Too many concurrent SMTP connections; please try again later", 300),
        (550, "5.1.1 No such user", None),
        (421, "4.3.2 Shutting down", None),
        (554, "5.4.6 Too many hops", None),
    ],
)
def test_we_are_too_fast_only_if_the_server_means_us(code: int, text: str, pause: float | None) -> None:
    problem = answers.refusal(code, text)
    assert problem.pause == pause
    assert isinstance(problem, TooLarge) is ("5.3.4" in text)


@pytest.mark.parametrize(
    ("code", "text", "pause"),
    [
        (452, "Mailbox quota exceeded", None),
        (552, "Storage limit exceeded", None),
        (451, "4.7.1 Come again later", None),
        (451, "Domain barro.example has exceeded the max emails per hour (100/100)", 300),
        (550, "5.4.5 Daily user sending quota exceeded", 300),
    ],
)
def test_what_is_said_of_one_recipient_is_seldom_about_us(code: int, text: str, pause: float | None) -> None:
    problem = answers.of_recipients({"rui@else.example": (code, text.encode())})
    assert problem.pause == pause
