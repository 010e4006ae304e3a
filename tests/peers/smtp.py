"""An SMTP server that keeps a ledger of what it took, and misbehaves as it is told.

Real sockets, a thread a connection. ``taken`` counts what it answered for, by Message-ID: a mail in it twice
was sent twice.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from email.parser import BytesHeaderParser
from typing import Self

RESET_UNTAKEN = "reset before 250, not taken"
RESET_TAKEN = "reset before 250, taken all the same"
RESET_AFTER = "250, then reset"
STALL = "silence"


class HangUp(Exception):
    """The connection is over."""


class Peer:
    """``with Peer() as peer`` listens on ``peer.port``."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, implicit: bool = False) -> None:
        self.tls, self.implicit = tls, implicit
        self.taken: Counter[str] = Counter()
        self.mails: list[bytes] = []
        self.envelopes: list[tuple[str, tuple[str, ...]]] = []
        self.said: list[str] = []
        """Every command, in order, over all connections: ``MAIL FROM:<a@b.example> SIZE=900``."""
        self.connections = 0
        self.greeting = "220 peer ready"
        self.extensions = ["SIZE 35000000", "8BITMIME", "PIPELINING"]
        self.users: dict[str, str] = {}
        """Passwords or tokens by user name; empty: nobody signs in."""
        self.tokens: set[str] | None = None
        """Access tokens that let anybody in."""
        self.answers: dict[str, str] = {}
        """By command (``MAIL``, ``RSET``) or by ``RCPT rui@else.example``."""
        self.after_data: deque[str] = deque()
        """What becomes of the next mails, in turn: an answer, or one of the constants above. Then 250."""
        self.dislikes: dict[bytes, str] = {}
        """By a word that stands in a mail, what it always answers to it."""
        self.on_taken: Callable[[bytes, str], None] = lambda mail, fate: None
        """Who keeps a ledger of their own hears of each mail, and what became of it afterwards."""
        self.hourly = 0
        self.too_many = "421 4.7.0 Too many messages, try again later"
        self.clock: Callable[[], float] = time.time
        self.times: list[float] = []
        self.refusals = 0
        """How often it had to say so."""
        self.patience = 60.0
        self.slow = 0.0
        """Seconds for which it does not read what was announced by DATA, as a line that is full."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # so that it soon is
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection
        self._listener.close()
        for line in list(self._open):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + 5
        while self._open and time.monotonic() < deadline:
            time.sleep(0.01)

    def hang_up(self) -> None:
        """Close every connection, as after a restart."""
        for line in list(self._open):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        talk = None
        self._open.add(line)
        try:
            line.settimeout(self.patience)
            talk = Talk(self, line)
            talk.run()
        except (OSError, HangUp, ValueError):
            pass
        finally:
            self._open.discard(line)
            with contextlib.suppress(OSError):
                (talk.line if talk else line).close()
            with contextlib.suppress(OSError):
                line.close()


class Talk:
    """One connection."""

    def __init__(self, peer: Peer, line: socket.socket) -> None:
        self.peer, self.line = peer, line
        self.secure = False
        if peer.implicit and peer.tls:
            self._wrap(peer.tls)
        self.read = self.line.makefile("rb")
        self.sender, self.recipients = "", list[str]()

    def run(self) -> None:
        try:
            self.say(self.peer.greeting)
            while True:
                given = self.read.readline().decode("utf-8", "replace").rstrip("\r\n")
                if not given:
                    return
                word, _, rest = given.partition(" ")
                self.peer.said.append(f"{word.upper()} {rest}".strip())
                self.answer(given)
        finally:
            self.read.close()

    def say(self, answer: str) -> None:
        self.line.sendall(answer.encode() + b"\r\n")
        if answer.startswith("421"):
            raise HangUp

    def answer(self, given: str) -> None:
        word = given.split()[0].upper() if given.split() else ""
        if word in self.peer.answers:
            if self.peer.answers[word] == STALL:
                self._stall()
            self.say(self.peer.answers[word])
            return
        handler = getattr(self, f"on_{word.lower()}", None)
        if handler is None:
            self.say("502 5.5.1 No such command")
        else:
            handler(given)

    def on_ehlo(self, _given: str) -> None:
        offered = list(self.peer.extensions)
        if self.peer.tls and not self.secure:
            offered.append("STARTTLS")
        if self.peer.users or self.peer.tokens is not None:
            offered.append("AUTH PLAIN XOAUTH2")
        lines = ["peer", *offered]
        self.say("\r\n".join(f"250{'-' if at < len(lines) - 1 else ' '}{o}" for at, o in enumerate(lines)))

    def on_starttls(self, _given: str) -> None:
        self.say("220 2.0.0 Go ahead")
        self.read.close()
        assert self.peer.tls
        self._wrap(self.peer.tls)
        self.read = self.line.makefile("rb")

    def _wrap(self, context: ssl.SSLContext) -> None:
        self.line = context.wrap_socket(self.line, server_side=True)
        self.secure = True

    def on_auth(self, given: str) -> None:
        how, shown = given.split()[1].upper(), base64.b64decode(given.split()[2]).decode()
        if how == "XOAUTH2":
            user, token = re.fullmatch("user=(.*)\1auth=Bearer (.*)\1\1", shown).groups()  # type: ignore[union-attr]
            if self.peer.users.get(user) == token or token in (self.peer.tokens or ()):
                self.say("235 2.7.0 Accepted")
                return
            self.say("334 " + base64.b64encode(b'{"status":"401"}').decode())
            self.read.readline()
        else:
            _, user, password = shown.split("\0")
            if self.peer.users.get(user) == password:
                self.say("235 2.7.0 Accepted")
                return
        self.say("535 5.7.8 Username and password not accepted")

    def on_mail(self, given: str) -> None:
        self.sender, self.recipients = self._address(given), []
        peer, moment = self.peer, self.peer.clock()
        if peer.hourly and sum(1 for at in peer.times if moment - 3600 < at <= moment) >= peer.hourly:
            peer.refusals += 1
            self.say(peer.too_many)
        else:
            self.say("250 2.1.0 OK")

    def on_rcpt(self, given: str) -> None:
        address = self._address(given)
        answer = self.peer.answers.get(f"RCPT {address}", "250 2.1.5 OK")
        if answer.startswith("250"):
            self.recipients.append(address)
        self.say(answer)

    def on_data(self, _given: str) -> None:
        self.say("354 Go ahead")
        time.sleep(self.peer.slow)
        lines = []
        while (line := self.read.readline()) != b".\r\n":
            if not line:
                return
            lines.append(line[1:] if line.startswith(b".") else line)
        self._become(b"".join(lines))

    def _become(self, mail: bytes) -> None:
        fate = self.peer.after_data.popleft() if self.peer.after_data else "250 2.0.0 Taken"
        fate = next((said for word, said in self.peer.dislikes.items() if word in mail), fate)
        if fate in (RESET_TAKEN, RESET_AFTER) or fate.startswith("250"):
            self._take(mail)
            self.peer.on_taken(mail, fate)
        if fate == STALL:
            self._stall()
        if fate == RESET_AFTER:
            self.say("250 2.0.0 Taken")
            time.sleep(0.05)
        if fate in (RESET_TAKEN, RESET_UNTAKEN, RESET_AFTER):
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.read.close()
            self.line.close()
            raise HangUp
        self.say(fate)

    def _take(self, mail: bytes) -> None:
        self.peer.mails.append(mail)
        self.peer.envelopes.append((self.sender, tuple(self.recipients)))
        self.peer.times.append(self.peer.clock())
        self.peer.taken[BytesHeaderParser().parsebytes(mail)["Message-ID"]] += 1

    def _stall(self) -> None:
        """Ten minutes, unless the other side loses patience first."""
        self.line.settimeout(600)
        while self.line.recv(1024):
            pass
        raise HangUp

    def on_rset(self, _given: str) -> None:
        self.say("250 2.0.0 OK")

    def on_noop(self, _given: str) -> None:
        self.say("250 2.0.0 OK")

    def on_quit(self, _given: str) -> None:
        self.say("221 2.0.0 Bye")
        raise HangUp

    def _address(self, given: str) -> str:
        return given.partition("<")[2].partition(">")[0]
