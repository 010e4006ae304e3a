"""Attack 18: line breaks in everything that becomes a header. Read again, a mail has the headers that were
meant, each once, and not one more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from itertools import cycle
from typing import Any

import pytest

from inbox import channels
from inbox.channels import Link, Media, Outbound, Person, SendError
from inbox.channels.email import outbound, signing
from inbox.mail.tokens import Signer

pytestmark = pytest.mark.slow

KEY = b"k" * 32
PRIVATE, _RECORD = signing.new_key("ed25519")
SETTINGS = {"signing_key": KEY, "plus_addressing": True, "subject_number": True}
EVIL = "evil@x.example"

BREAKS = ["\r\n", "\n", "\r", "\0", "\r\n\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\r\n ", "%0d%0a"]
ENCODED = ["=?utf-8?q?Oi=0D=0ABcc:_{}?=", "=?utf-8?b?T2kNCkJjYzogZXZpbEB4LmV4YW1wbGU=?=", "Oi\\r\\nBcc: {}"]

OUT = Outbound(
    key=Signer(KEY).message_id(7, "barro.example"),
    sender=Person("support@barro.example", "Ada (Barro & Linho)"),
    to=(Person("marina@queiroz.example", "Marina"),),
    cc=(Person("rui@else.example", "Rui"),),
    bcc=(Person("chefe@barro.example", "Chefe"),),
    subject="Re: Cups",
    text="On its way",
    html="<p>On its way</p>",
    thread=7,
    ticket=42,
    files=(Media("nota.pdf", "application/pdf", b"%PDF"),),
    links=(Link("video.mp4", 10**8, "https://help.barro.example/f/x", datetime(2026, 4, 1, tzinfo=UTC)),),
    refers_to=("<1@queiroz.example>",),
    signature="<p>Barro</p>",
)

HEADERS = {
    "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Prosa",
    "MIME-Version", "Content-Type",
}  # fmt: skip
MACHINE = {"Auto-Submitted", "Precedence", "X-Auto-Response-Suppress"}

PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "subject": lambda bad: {"subject": bad},
    "agent's name": lambda bad: {"sender": Person("support@barro.example", bad)},
    "customer's name": lambda bad: {"to": (Person("marina@queiroz.example", bad),)},
    "copy's name": lambda bad: {"cc": (Person("rui@else.example", bad),)},
    "hidden copy's name": lambda bad: {"bcc": (Person("chefe@barro.example", bad),)},
    "customer's address": lambda bad: {"to": (Person(f"marina{bad}@queiroz.example"),)},
    "copy's address": lambda bad: {"cc": (Person(f"rui@else.example{bad}"),)},
    "hidden copy's address": lambda bad: {"bcc": (Person(f"chefe@barro.example{bad}"),)},
    "sender's address": lambda bad: {"sender": Person(f"support@barro.example{bad}", "Ada")},
    "file name": lambda bad: {"files": (Media(f"nota{bad}.pdf", "application/pdf", b"%PDF"),)},
    "file type": lambda bad: {"files": (Media("nota.pdf", f"application/pdf{bad}", b"%PDF"),)},
    "content id": lambda bad: {
        "html": f'<img src="cid:a{bad}">',
        "files": (Media("nota.png", "image/png", b"PNG", True, f"a{bad}"),),
    },
    "references": lambda bad: {"refers_to": (f"<1@queiroz.example>{bad}", f"<2{bad}@queiroz.example>")},
    "message id": lambda bad: {"key": f"{OUT.key}{bad}"},
    "link name": lambda bad: {"links": (replace(OUT.links[0], filename=f"video{bad}"),)},
    "language": lambda bad: {"language": f"pt{bad}"},
}


def injections() -> list[str]:
    return [f"Oi{b}Bcc: {EVIL}" for b in BREAKS] + [text.format(EVIL) for text in ENCODED]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dkim", [False, True], ids=["plain", "signed"])
def test_attack_18_no_value_adds_a_header(place: str, dkim: bool) -> None:
    keys = {"dkim_selector": "prosa", "dkim_key": PRIVATE} if dkim else {}
    for bad, automated in zip(injections(), cycle(["", "acknowledgement"]), strict=False):
        out = replace(OUT, **PLACES[place](bad), automated=automated)
        try:
            raw = outbound.letter({**SETTINGS, **keys}, out)
            recipients = outbound.envelope(SETTINGS, out).recipients
        except SendError as refused:
            assert refused.permanent, "what cannot be said safely is not said"
            continue
        wanted = HEADERS | (MACHINE if automated else set()) | ({"DKIM-Signature"} if dkim else set())
        assert_only(raw, wanted - ({"In-Reply-To", "References"} if place == "references" else set()))
        assert EVIL not in recipients and len(recipients) == 3


def assert_only(raw: bytes, wanted: set[str]) -> None:
    head = raw.partition(b"\r\n\r\n")[0]
    for read in (message_from_bytes(raw), message_from_bytes(raw, policy=policy.default)):
        names = read.keys()
        assert len(names) == len(set(names))
        assert wanted <= set(names) <= wanted | {"In-Reply-To", "References"}
        for part in read.walk():
            if part is not read:
                assert {name.lower().partition("-")[0] for name in part} <= {"content", "mime"}
    assert b"\n" not in head.replace(b"\r\n", b"") and b"\r" not in head.replace(b"\r\n", b"")
    assert b"\0" not in raw


def test_attack_18_the_same_mail_without_an_attacker_has_these_headers() -> None:
    """Otherwise the test above could pass on mails that say nothing."""
    read = message_from_bytes(outbound.letter(SETTINGS, OUT), policy=policy.default)
    assert set(read.keys()) == HEADERS
    assert read["Subject"] == "Re: Cups [#42]" and read["Cc"] == "Rui <rui@else.example>"


def test_attack_18_a_customer_with_two_lines_in_their_name_is_answered_all_the_same() -> None:
    sent = channels.of("mail").send(
        SETTINGS, replace(OUT, to=(Person("marina@queiroz.example", f"Marina\r\nBcc: {EVIL}"),))
    )
    read = message_from_bytes(sent.raw or b"", policy=policy.default)
    assert [a.addr_spec for a in read["To"].addresses] == ["marina@queiroz.example"]
    assert read["To"].addresses[0].display_name == f"Marina Bcc: {EVIL}"
