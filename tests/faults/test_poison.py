"""Mail that is hard or impossible to read waits for a person; the mail after it does not (row F15)."""

from __future__ import annotations

import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox import intake
from tests.house import ROOT, House, mail, wait_for

HEAD = b"From: Eve <eve@evil.example>\r\nTo: support@barro.example\r\nSubject: poison\r\n"


def nested(levels: int) -> bytes:
    opened = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(levels)
    )
    return HEAD + b"MIME-Version: 1.0\r\n" + opened + b"Content-Type: text/plain\r\n\r\nat the bottom\r\n"


POISON = {
    "a kilobyte of parentheses": b"From: " + b"(" * 1024 + b"\r\nSubject: poison\r\n\r\nx",
    "two thousand levels": nested(2000),
    "fifty thousand parts": HEAD
    + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    + b"--b\r\n\r\nx\r\n" * 50_000
    + b"--b--\r\n",
    "a broken charset": HEAD + b"Content-Type: text/plain; charset=x-unknown-\xff\r\n\r\nol\xe1 \xff\xfe\r\n",
    "raw 8-bit headers": "From: José <jose@x.example>\r\nSubject: Ação\r\n\r\nx".encode("latin-1"),
    "no From, Date or Message-ID": b"Subject: poison\r\n\r\nwho wrote this?",
    "nothing at all": b"",
    "forty thousand recipients": b"To: "
    + b", ".join(b"a%d@x.example" % n for n in range(40_000))
    + b"\r\n"
    + HEAD
    + b"\r\nx",
    "twenty thousand encoded words": HEAD
    + b"X-Y: x\r\nSubject: "
    + b"=?utf-8?b?w6k=?= " * 20_000
    + b"\r\n\r\nx",
    "twenty thousand nested divs": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 20_000 + b"deep",
    "one line of a megabyte": HEAD + b"\r\n" + b"> On " * 200_000,
    "a hundred megabytes": HEAD + b"\r\n" + b"All work and no play makes Jack a dull boy.\r\n" * 2_300_000,
}
UNREADABLE = {
    "a kilobyte of parentheses",
    "two thousand levels",
    "fifty thousand parts",
    "no From, Date or Message-ID",
    "nothing at all",
    "forty thousand recipients",
    "a hundred megabytes",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("poison")) as made:
        made.deliver(mail(-1))
        wait_for(lambda: made.count("SELECT count(*) FROM ticket") == 1, 30, made.said)
        yield made


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_f15_the_mail_after_poison_is_in_at_once(
    house: House, poison: bytes, request: pytest.FixtureRequest
) -> None:
    name = next(name for name, value in POISON.items() if value is poison)
    before = house.count("SELECT coalesce(max(id), 0) FROM payload")
    house.deliver(poison)
    began = time.monotonic()
    number = 1000 + list(POISON).index(name)
    house.deliver(mail(number))
    wait_for(
        lambda: (
            house.count("SELECT count(*) FROM message WHERE subject LIKE :s", s=f"%token-{number}-x") == 1
        ),
        30,
        house.said,
    )
    assert time.monotonic() - began < intake.LEASE.total_seconds()  # `make bench ARGS=poison` says how soon
    with house.rows() as rows:
        [[state, reason, payload]] = rows(
            "SELECT state, reason, id FROM payload WHERE id > :before ORDER BY id LIMIT 1", before=before
        )
    assert state == ("failed" if name in UNREADABLE else "parsed"), reason
    if state == "failed":
        assert reason.endswith(".") and reason in house.page("/attention").replace("&#39;", "'").replace(
            "&amp;", "&"
        )
        if len(poison) < 10_000_000:
            raw = house.http.get(f"{house.url}/payloads/{payload}/raw", timeout=20)
            assert raw.content.replace(b"\r\n", b"\n").strip() == poison.replace(b"\r\n", b"\n").strip()
        assert house.ask("POST", f"/payloads/{payload}/retry").status_code == 200
        wait_for(
            lambda: (
                house.count("SELECT count(*) FROM payload WHERE id = :id AND state = 'failed'", id=payload)
                == 1
            ),
            30,
            house.said,
        )


def pipe(house: House, stdin: bytes, *arguments: str, **variables: str) -> int:
    environment = (
        {k: v for k, v in os.environ.items() if not k.startswith("PROSA")} | house.variables | variables
    )
    return subprocess.run(
        [sys.executable, "-m", "inbox", "mail", "deliver", *arguments],
        input=stdin,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    ).returncode


def test_the_pipe_of_a_mail_server_keeps_a_mail_or_says_try_again(house: House, tmp_path: Path) -> None:
    assert pipe(house, mail(7001)) == 0
    wait_for(
        lambda: house.count("SELECT count(*) FROM message WHERE subject LIKE '%token-7001-x'") == 1,
        10,
        house.said,
    )
    assert pipe(house, mail(7002), "--recipient", "nobody@else.example") == 75
    assert pipe(house, mail(7003), PROSA__DATABASE__URL="postgresql://127.0.0.1:1/none") == 75
    assert pipe(house, mail(7004), PROSA__MAIL__LISTEN_PORT="not a port") == 75
    assert pipe(house, mail(7005), PROSA__FILES__URL="file:///proc/nowhere") == 75
    assert house.count("SELECT count(*) FROM message WHERE subject LIKE '%token-700%'") == 1


def test_an_unknown_recipient_is_refused_at_the_door(house: House) -> None:
    with (
        smtplib.SMTP("127.0.0.1", house.mail_port, timeout=10) as server,
        pytest.raises(smtplib.SMTPRecipientsRefused),
    ):
        server.sendmail("x@y.example", ["nobody@else.example"], b"Subject: x\r\n\r\nx")


def test_lmtp_answers_once_for_each_recipient(house: House) -> None:
    with socket.create_connection(("127.0.0.1", house.mail_port), timeout=10) as connection:
        lines = connection.makefile("rb")

        def say(line: str) -> bytes:
            connection.sendall(line.encode() + b"\r\n")
            while (answer := lines.readline())[3:4] == b"-":
                pass
            return answer[:3]

        lines.readline()
        assert say("LHLO mx.example") == b"250" and say("MAIL FROM:<x@y.example>") == b"250"
        assert say("RCPT TO:<support@barro.example>") == b"250"
        assert say("RCPT TO:<nobody@else.example>") == b"550"
        assert say("RCPT TO:<Support@Barro.example>") == b"250"
        assert say("DATA") == b"354"
        assert say("From: x@y.example\r\nSubject: x\r\n\r\nx\r\n.") == b"250"
        assert lines.readline()[:3] == b"250"
        assert say("QUIT") == b"221"
