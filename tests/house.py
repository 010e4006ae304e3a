"""The whole product as real processes, for what a unit test cannot show: kills, floods, browsers.

``with House(folder) as house`` starts the supervisor on ports of its own, finishes the set-up and signs
the first admin in. The first house of a test process on SQLite does so as a company does, over HTTP; the
others begin where that one was then. ``start()`` alone is a house where nobody has been.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Self, TypeVar

import psutil
import requests
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, text

from inbox import engines, lifeline

ROOT = Path(__file__).resolve().parent.parent
BUILT = (ROOT / "static" / "build" / "manifest.json").exists()
T = TypeVar("T")
WELCOME = re.compile(r"Set up Prosa here|Prosa is ready")

ADMIN = {
    "name": "Ada Prado",
    "email": "ada@barro.example",
    "password": "travessao de barro",
    "language": "en",
    "zone": "America/Recife",
    "company": "Barro & Linho",
    "address": "support@barro.example",
}


@dataclass(frozen=True)
class MovedIn:
    """What a house holds when it has just been set up."""

    database: bytes
    secret: bytes
    cookies: list[Any]


class House:
    """A running installation in a folder of its own."""

    _moved_in: MovedIn | None = None

    def __init__(self, folder: Path, database: str = "", command: str = "up", **variables: str) -> None:
        self.folder, self.command = folder, command
        self.port, self.mail_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = database or f"sqlite:///{folder / 'prosa.db'}"
        self.variables = {
            "PROSA__DATA__DIR": str(folder),
            "PROSA__MAIL__LISTEN_PORT": str(self.mail_port),
            "PROSA__DATABASE__URL": database,
            "PROSA__OUTBOX__UNDO_SECONDS": "1",
            "PROSA__OUTBOX__LEASE_SECONDS": "5",
            "PORT": str(self.port),
            **variables,
        }
        self.lines: list[str] = []
        self._began = 0
        self.process: subprocess.Popen[str] | None = None
        self.http = requests.Session()
        self.who = ADMIN["name"]
        self._engine: Engine | None = None

    # ------------------------------------------------------------------------------ start and stop

    def __enter__(self) -> Self:
        if self.variables["PROSA__DATABASE__URL"]:
            self.start()
            self.set_up()
        elif House._moved_in is None:
            self.start()
            self.set_up()
            House._moved_in = self._as_it_is()
        else:
            self._begin_as(House._moved_in)
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PROSA")}
        tests = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inbox", self.command],
            cwd=ROOT,
            env=inherited | self.variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # a test run that is killed leaves nothing behind
            preexec_fn=(lambda: lifeline.die_with(tests)) if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        self._began = len(self.lines)
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()
        wait_for(self._welcomes, 60, self.said)

    def _listen(self, lines: Any) -> None:
        with contextlib.suppress(ValueError):
            for line in lines:
                self.lines.append(line.rstrip())

    def said(self) -> str:
        return "\n".join(self.lines[-80:])

    def _welcomes(self) -> bool:
        """Its supervisor asks until all is ready, and then says so: nobody else need ask meanwhile."""
        assert self.process and self.process.poll() is None, self.said()
        return any(WELCOME.search(line) for line in self.lines[self._began :])

    def is_ready(self) -> bool:
        assert self.process and self.process.poll() is None, self.said()
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=2).status_code == 200
        return False

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.http.close()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    # ------------------------------------------------------------------------------------- moving in

    def _as_it_is(self) -> MovedIn:
        copied = self.folder / "moved-in.db"
        with self._database() as running:
            running.execute("VACUUM INTO ?", [str(copied)])
        database = copied.read_bytes()
        copied.unlink()
        return MovedIn(database, (self.folder / "secret").read_bytes(), [*map(copy, self.http.cookies)])

    def _begin_as(self, other: MovedIn) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "prosa.db").write_bytes(other.database)
        with self._database() as ours, ours:
            ours.execute("UPDATE installation SET public_url = ?", [self.url])
        (self.folder / "secret").touch(0o600)
        (self.folder / "secret").write_bytes(other.secret)
        for cookie in other.cookies:
            self.http.cookies.set_cookie(copy(cookie))

    def _database(self) -> closing[Any]:
        return closing(engines.sqlite_module().connect(self.folder / "prosa.db"))

    # ------------------------------------------------------------------------------------- people

    def set_up(self, **answers: str) -> None:
        link = wait_for(self.setup_link, 20, self.said)
        page = self.http.get(link, timeout=10)
        given = ADMIN | {"public_url": self.url} | answers | {"csrf_token": csrf(page.text)}
        done = self.http.post(link, data=given, timeout=60)
        assert done.status_code == 200 and "/setup/" not in done.url, done.text[:2000]

    def walk_in(self, role: str = "admin", *, tour: bool = False) -> None:
        """Into a demo, as the first of its people with this role; the guided tour is closed unless wanted."""
        page = self.http.get(f"{self.url}/login", timeout=10).text
        offered = re.findall(
            r'action="(/demo/people/\d+/sign-in)".*?<b>([^<]+)</b>, ([^<]+)<', page, re.DOTALL
        )
        door, self.who = next((path, name) for path, name, called in offered if called == role)
        done = self.http.post(self.url + door, data={"csrf_token": csrf(page)}, timeout=20)
        assert done.status_code == 200 and "/login" not in done.url, done.text[:2000]
        if not tour:
            self.ask("POST", "/demo/tour", to="")

    def setup_link(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+/setup/\S+", "\n".join(self.lines))
        return found[0] if found else ""

    def cookies(self) -> list[Any]:
        """The admin's, for a browser."""
        return [{"name": c.name, "value": c.value or "", "url": self.url} for c in self.http.cookies]

    def page(self, path: str) -> str:
        answer = self.http.get(self.url + path, timeout=60)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def ask(self, method: str, path: str, **form: Any) -> requests.Response:
        """An unsafe request as the page's script makes it."""
        token = csrf(self.page("/settings/me"))
        return self.http.request(
            method, self.url + path, data=form, headers={"X-CSRFToken": token, "Origin": self.url}, timeout=20
        )

    # --------------------------------------------------------------------------------------- mail

    def deliver(self, *mails: bytes, to: str = "support@barro.example") -> None:
        """Over one connection, each until it is accepted: what a mail server does."""
        for mail in mails:
            sender = str(BytesHeaderParser().parsebytes(mail)["From"] or "x@y.example")
            wait_for(
                lambda mail=mail, sender=sender: self._offer(mail, sender, to),
                60 + len(mail) / 10**6,
                self.said,
            )

    def _offer(self, mail: bytes, sender: str, to: str) -> bool:
        try:
            # the largest takes a busy machine longer than that (RFC 5321, 4.5.3.2.6: ten minutes)
            with smtplib.SMTP("127.0.0.1", self.mail_port, timeout=10 + len(mail) / 10**6) as server:
                server.sendmail(address_in(sender), [to], mail)
            return True
        except smtplib.SMTPDataError as refused:
            assert refused.smtp_code < 500, refused
        except (OSError, smtplib.SMTPException):
            pass
        time.sleep(0.05)
        return False

    # ---------------------------------------------------------------------------------- processes

    def family(self) -> list[psutil.Process]:
        assert self.process
        return psutil.Process(self.process.pid).children(recursive=True)

    def find(self, *words: str) -> list[psutil.Process]:
        """Its processes whose command line has every word."""
        found = []
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                line = " ".join(process.cmdline())
                if all(word in line for word in words):
                    found.append(process)
        return found

    def kill(self, *words: str) -> int:
        """kill -9 them; how many there were."""
        victims = self.find(*words)
        for process in victims:
            with contextlib.suppress(psutil.Error):
                process.kill()
        return len(victims)

    # ----------------------------------------------------------------------------------- database

    @contextlib.contextmanager
    def rows(self) -> Iterator[Callable[..., Any]]:
        """Look into its database from outside."""
        if self._engine is None:
            self._engine = engines.make(self.database.replace("postgresql://", "postgresql+psycopg://"))
        token = engines.kind_now.set(engines.READ)
        try:
            with self._engine.connect() as connection:
                yield lambda sql, **values: connection.execute(text(sql), values).all()
        finally:
            engines.kind_now.reset(token)

    def count(self, sql: str, **values: Any) -> int:
        with self.rows() as rows:
            return int(rows(sql, **values)[0][0])


class Ledger:
    """An SMTP server that writes down the Message-ID of all it took, as a provider would."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.mails: list[bytes] = []
        self.answer = "250 OK"
        self.unknown = ""
        self.delay = 0.0
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address == self.unknown:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        import asyncio

        if self.answer.startswith("250"):
            self.mails.append(envelope.content)
            self.taken[BytesHeaderParser().parsebytes(envelope.content)["Message-ID"]] += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        return self.answer

    @property
    def port(self) -> int:
        return int(self.controller.port)

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()


def mail(number: int, sender: str = "", text: str = "It came cracked.", **headers: str) -> bytes:
    """A plain mail with a token in its subject that no other has."""
    made = EmailMessage()
    made["From"] = sender or f"Marina {number} <marina{number}@queiroz.example>"
    made["To"] = "support@barro.example"
    made["Subject"] = f"Cracked cup token-{number}-x"
    made["Message-ID"] = f"<{number}.{time.time_ns()}@queiroz.example>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def csrf(page: str) -> str:
    found = re.search(r'name="csrf(?:_token)?"[^>]*(?:content|value)="([^"]+)"', page)
    assert found, page[:500]
    return found[1]


def address_in(sender: str) -> str:
    found = re.search(r"[^\s<>]+@[^\s<>]+", sender)
    return found[0] if found else "x@y.example"


PATIENCE = 3.0  # several tests share two cores: a second of an idle machine may take three here


def wait_for(condition: Callable[[], T], seconds: float, why: Callable[[], str] = str) -> T:
    """What it answers, once it does. The seconds guard against waiting for ever; they measure nothing."""
    deadline = time.monotonic() + seconds * PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)
    return found


def free_port() -> int:
    """From below the ports that outgoing connections are given, so that none takes it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
