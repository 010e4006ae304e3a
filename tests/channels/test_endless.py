"""Servers whose answers do not end: dripping, flooding, announcing. They are let go; a machine that is busy
changes nothing, for what is looked at is that it ends, not when."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from inbox.channels import ConnectError, Known, SendError
from inbox.channels.email import imap, imap_server, pop3_server, smtp
from tests.peers.liar import Liar

pytestmark = pytest.mark.slow

Talk = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (imap_server, pop3_server, smtp):
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)


@pytest.fixture
def peer() -> Iterator[Callable[[Talk], int]]:
    """A server that says to everybody what it is told to say; its port."""
    made: list[socket.socket] = []

    def serve(talk: Talk) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        made.append(listener)

        def answer(line: socket.socket) -> None:
            with line, contextlib.suppress(OSError):
                talk(line)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return int(listener.getsockname()[1])

    yield serve
    for listener in made:
        listener.close()


def dripping(greeting: bytes, beginning: bytes) -> Talk:
    """Greets, and answers everything with bytes that come one by one."""

    def talk(line: socket.socket) -> None:
        line.sendall(greeting)
        if greeting:
            line.recv(1000)
        line.sendall(beginning)
        while True:
            line.sendall(b"x")
            time.sleep(0.02)

    return talk


def flooding(greeting: bytes, row: bytes) -> Talk:
    """Greets, and answers everything with rows without end."""

    def talk(line: socket.socket) -> None:
        line.sendall(greeting)
        line.recv(1000)
        while True:
            line.sendall(row * 1000)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        dripping(b"", b"220 "),
        dripping(b"220 ready\r\n", b"250-"),
        flooding(b"220 ready\r\n", b"250-more\r\n"),
    ],
    ids=["a greeting that drips", "an answer that drips", "lines without end"],
)
def test_a_mail_server_that_never_comes_to_its_end_is_let_go(talk: Talk, peer: Callable[[Talk], int]) -> None:
    settings = {"smtp_host": "127.0.0.1", "smtp_port": peer(talk), "smtp_security": "none"}
    with pytest.raises(SendError):
        smtp.opened(settings)
    assert [check.ok for check in smtp.check(settings)][-1] is False


@pytest.mark.parametrize(
    "talk",
    [
        dripping(b"", b"+OK "),
        dripping(b"+OK ready\r\n", b"+OK "),
        flooding(b"+OK ready\r\n", b"+OK more\r\n" + b"x" * 1000),
    ],
    ids=["a greeting that drips", "an answer that drips", "bytes without end"],
)
def test_a_pop_server_that_never_comes_to_its_end_is_let_go(talk: Talk, peer: Callable[[Talk], int]) -> None:
    settings = {"in_host": "127.0.0.1", "in_port": peer(talk), "in_security": "none", "max_bytes": 1000}
    with pytest.raises(ConnectError):
        pop3_server.Server(settings).mails()


@pytest.mark.parametrize(
    "talk",
    [
        dripping(b"* OK ready\r\n", b"* CAPABILITY "),
        flooding(b"* OK ready\r\n", b"* 1 EXISTS\r\n" + b"* OK x\r\n"),
    ],
    ids=["an answer that drips", "rows without end"],
)
def test_an_imap_server_that_never_comes_to_its_end_is_let_go(
    talk: Talk, peer: Callable[[Talk], int]
) -> None:
    settings = {"in_host": "127.0.0.1", "in_port": peer(talk), "in_security": "none", "max_bytes": 1000}
    with pytest.raises(ConnectError):
        imap_server.Server(settings).folders()


def test_a_server_that_announces_mail_for_ever_is_asked_ever_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(imap_server, "ANSWER_SECONDS", 60)
    monkeypatch.setattr(imap, "_rest", lambda seconds, _stopped: rests.append(seconds))
    monkeypatch.setattr(imap, "_wait", lambda *_: True)
    with Liar() as liar:
        found = imap.listen(liar.settings(), {}, lambda: len(rests) >= 8, Known())
        assert not [item for batch in found for item in batch.items]
    assert rests[0] == 0.0 and rests[1:] == [*imap.BRAKE[1:], 60.0, 60.0]


def test_mail_that_does_come_lets_go_of_the_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    def rest(seconds: float, _stopped: object) -> None:
        rests.append(seconds)
        if len(rests) == 4:
            liar.offer(b"Subject: at last\r\n\r\nHello")

    monkeypatch.setattr(imap_server, "ANSWER_SECONDS", 60)
    monkeypatch.setattr(imap, "_rest", rest)
    monkeypatch.setattr(imap, "_wait", lambda *_: True)
    with Liar() as liar:
        found = list(imap.listen(liar.settings(), {}, lambda: len(rests) >= 6, Known()))
    assert [len(batch.items) for batch in found if batch.items] == [1]
    assert rests[3] > 0 and rests[4] == 0.0
