"""DKIM: what leaves is signed as receivers check it, and nothing leaves with a key that is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from inbox import channels
from inbox.channels import Media, Person, SendError
from inbox.channels.email import lines, signing
from tests.channels.test_smtp import OUT, through
from tests.peers.dkim import verifies
from tests.peers.smtp import Peer

SAMPLE = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
"""RFC 8463, appendix A."""

RECORD = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
email = channels.of("mail")


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as made:
        yield made
    lines.kept.close()


def test_the_receiver_of_these_tests_judges_as_the_rfc_does() -> None:
    assert verifies(SAMPLE, RECORD)
    assert not verifies(SAMPLE.replace(b"hungry", b"angry"), RECORD)
    assert not verifies(SAMPLE.replace(b"Suzie Q", b"Suzie P"), RECORD)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_what_leaves_is_signed(kind: str, peer: Peer) -> None:
    private, record = signing.new_key(kind)
    settings = through(peer, dkim_selector="prosa", dkim_key=private, plus_addressing=True)
    out = replace(
        OUT,
        subject="Re: Xícara " + "longa " * 30,
        cc=(Person("rui@else.example", "Rui"),),
        html="<p>On its  way</p>",
        files=(Media("nota.pdf", "application/pdf", b"%PDF" * 100),),
        refers_to=("<1@queiroz.example>", "<2@queiroz.example>"),
    )
    sent = email.send(settings, out)
    assert peer.mails == [sent.raw], "what is kept is what left"
    mail = peer.mails[0]
    assert mail.startswith(b"DKIM-Signature: v=1;") and b" d=barro.example; s=prosa; t=" in mail
    assert record.startswith(f"v=DKIM1; k={kind}; p=") and verifies(mail, record)
    assert max(map(len, mail.partition(b"\r\nFrom:")[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "added",
    [b"From: Eve <eve@x.example>", b"Subject: Pay here", b"Reply-To: <eve@x.example>", b"Cc: <eve@x.example>",
     b"Content-Type: text/html", b"To: <eve@x.example>"],
)  # fmt: skip
def test_a_header_that_is_added_on_the_way_breaks_it(added: bytes) -> None:
    private, record = signing.new_key("ed25519")
    settings = {"signing_key": b"k" * 32, "dkim_selector": "prosa", "dkim_key": private}
    raw = email.send(settings, OUT).raw or b""
    assert verifies(raw, record)
    assert not verifies(raw.replace(b"\r\nFrom:", b"\r\n" + added + b"\r\nFrom:", 1), record)
    assert not verifies(raw.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n\r\n", 1), record)


def test_the_record_of_a_key_one_has() -> None:
    private, record = signing.new_key()
    assert signing.record(private) == record and len(signing.record(signing.new_key()[0])) > 300


@pytest.mark.parametrize(
    "broken",
    [
        {"dkim_key": ""},
        {"dkim_key": "no key"},
        {"dkim_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
        {"dkim_selector": "a b"},
        {"dkim_selector": "a\r\nBcc: x"},
    ],
)
def test_a_broken_key_stops_the_mail_before_anything_leaves(broken: dict[str, str], peer: Peer) -> None:
    good = {"dkim_selector": "prosa", "dkim_key": signing.new_key("ed25519")[0]}
    with pytest.raises(SendError, match="DKIM") as problem:
        email.send(through(peer, **{**good, **broken}), OUT)
    assert problem.value.permanent and peer.connections == 0
