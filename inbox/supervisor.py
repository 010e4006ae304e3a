"""Starts every process of Prosa, passes on what they say, starts again what dies, and stops them all.

Only the standard library: this stays in memory for as long as Prosa runs.
"""

import contextlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from inbox import lifeline, valkey

ROOT = Path(__file__).resolve().parent.parent
DEATHS, WITHIN = 5, 30.0  # so many deaths in so many seconds before the first start is whole: we give up
BACKOFF = (0.2, 0.5, 1.0, 2.0, 4.0)
POLITE, HARSH = 3.3, 4.0  # seconds after which a stop stops asking: of Prosa's own processes, then of Valkey
COLOURS = {"prosa": 36, "web": 32, "worker": 34, "valkey": 35, "migrate": 33}
VALKEY_STAMP = re.compile(r"^\d+:\S+ (\d+ \w+ \d+ [\d:.]+ [#*.-] |\(\d+\) )")


class Trouble(Exception):
    """Says in one line why Prosa cannot run and what to do."""


class Stop(Exception):
    """Somebody asked us to stop."""


@dataclass
class Plan:
    """What the supervisor has to know, and no secret: it stands on its command line."""

    address: str
    host: str
    port: int
    processes: int
    mail_host: str
    mail_port: int
    data_dir: str
    valkey_socket: str
    valkey: list[str]  # its command; empty when Redis is somebody else's
    json: bool


@dataclass
class Child:
    """One process that is kept running, in a session of its own so that Ctrl-C reaches only us."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    start_at: float = 0.0
    rest: bytes = b""

    def start(self) -> IO[bytes]:
        supervisor = os.getpid()
        command = self.command
        if sys.platform != "linux" and self.name == "valkey":
            command = [sys.executable, "-m", "inbox.lifeline", *command]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # there are no threads here that could make this unsafe
            preexec_fn=(lambda: lifeline.die_with(supervisor)) if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        assert self.process.stdout
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process.stdout

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def ask_to_stop(self) -> None:
        """Only itself: it knows better how to stop what it has started."""
        if self.process and not self.ended():
            self.process.terminate()

    def kill(self) -> None:
        """The whole group, also when its first process has gone and left others behind."""
        if self.process:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def lines(self) -> list[str]:
        """What it has said since we last asked."""
        assert self.process and self.process.stdout
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.process.stdout.fileno(), 65536):
                self.rest += chunk
        *whole, self.rest = self.rest.split(b"\n")
        if self.ended() and self.rest:
            whole, self.rest = [*whole, self.rest], b""
        return [line.decode(errors="replace") for line in whole]


class Supervisor:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.children: list[Child] = []
        self.pipes = selectors.DefaultSelector()
        self.asked_to_stop = 0
        self.was_ready = False
        self.link = ""

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask_to_stop)
        try:
            self.start_everything()
            self.wait_until_ready()
            while True:
                self.turn()
        finally:
            self.stop_everything()

    def ask_to_stop(self, *_: Any) -> None:
        self.asked_to_stop += 1

    # .................................................................................. start and watch

    def start_everything(self) -> None:
        if self.plan.valkey:
            self.keep("valkey", self.plan.valkey)
            self.wait_until(
                lambda: valkey.answers(Path(self.plan.valkey_socket)), 60, "Valkey does not answer"
            )
        self.migrate()
        for _ in range(self.plan.processes):
            self.keep("web", [sys.executable, "app.py"])
        self.keep("worker", [sys.executable, "worker.py"])

    def keep(self, name: str, command: list[str]) -> None:
        child = Child(name, command)
        self.children.append(child)
        self.start(child)

    def start(self, child: Child) -> None:
        self.pipes.register(child.start(), selectors.EVENT_READ, child)

    def migrate(self) -> None:
        """Bring the database up to date, once; the same process makes the set-up link if one is needed."""
        child = Child("migrate", [sys.executable, "-m", "inbox", "migrate", "--setup-link"])
        self.children.append(child)
        self.start(child)
        while not child.ended():
            self.turn(restart=False)
        self.forget(child)
        self.children.remove(child)
        assert child.process
        if child.process.returncode:
            raise Trouble(
                "The database could not be brought up to date; the reason stands above. Nothing runs."
            )

    def turn(self, restart: bool = True) -> None:
        """Pass on what was said, and see who has died."""
        if self.asked_to_stop:
            raise Stop
        for key, _ in self.pipes.select(timeout=0.2):
            self.show(key.data)
        if restart:
            for child in self.children:
                self.revive(child)

    def revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                self.start(child)
        elif child.ended():
            status = child.process.returncode
            self.forget(child)
            child.process = None
            child.deaths = [death for death in child.deaths if now - death < WITHIN] + [now]
            # once everything has run it is never given up: what went wrong may pass, and nobody may be awake
            if len(child.deaths) >= DEATHS and not self.was_ready:
                raise Trouble(
                    f"{child.name} died {DEATHS} times in {WITHIN:.0f} seconds; why stands above. "
                    "Mend that, or ask `python -m inbox doctor`."
                )
            pause = BACKOFF[min(len(child.deaths), len(BACKOFF)) - 1]
            child.start_at = now + pause
            self.say(f"{child.name} ended ({ending(status)}); starting it again in {pause} s")

    def forget(self, child: Child) -> None:
        """Show its last words, close its pipe, and leave none of its group behind."""
        assert child.process and child.process.stdout
        self.show(child)
        child.kill()
        with contextlib.suppress(KeyError):
            self.pipes.unregister(child.process.stdout)
        child.process.stdout.close()

    def wait_until(self, condition: Callable[[], bool], seconds: float, trouble: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            self.turn()
            if time.monotonic() > deadline:
                raise Trouble(f"{trouble} after {seconds:.0f} s; why may stand above.")

    def wait_until_ready(self) -> None:
        patience = time.monotonic() + 30
        while (answer := ready(self.plan)) != "ready":
            asked = time.monotonic()
            while time.monotonic() < asked + 0.1:  # children that have much to say must not make us ask more
                self.turn()
            if time.monotonic() > patience:
                patience += 30
                self.say(f"still waiting: {answer}")
        self.was_ready = True
        self.say(self.welcome())

    def welcome(self) -> str:
        """The one line to look for: where Prosa is, or where to set it up."""
        if self.link:
            return f"Set up Prosa here (this link works once): {self.link}"
        return f"Prosa is ready: {self.plan.address}"

    # ............................................................................................ stop

    def stop_everything(self) -> None:
        """Ask, then insist: Prosa's own processes first, so that they still find Valkey; all within 5 s."""
        began, asked = time.monotonic(), self.asked_to_stop
        self.say("stopping")
        store = [child for child in self.children if child.name == "valkey"]
        own = [child for child in self.children if child.name != "valkey"]
        for group, limit in ((own, began + POLITE), (store, began + HARSH)):
            for child in group:
                child.ask_to_stop()
            while any(alive(child) for child in group) and time.monotonic() < limit:
                if self.asked_to_stop > max(asked, 1):  # Ctrl-C once more: now
                    break
                self.listen_for(0.05)
            for child in group:
                child.kill()
                if child.process:
                    child.process.wait()

    def listen_for(self, seconds: float) -> None:
        for key, _ in self.pipes.select(timeout=seconds):
            self.show(key.data)
            if key.data.ended():
                self.pipes.unregister(key.fileobj)

    # ............................................................................................ speak

    def show(self, child: Child) -> None:
        """Pass on its lines, but for what is not meant for people."""
        for line in child.lines():
            if child.name == "migrate" and line.startswith(f"{self.plan.address}/setup/"):
                self.link = line
            elif "Memory overcommit must be enabled" not in line:  # Valkey's advice for big caches
                self.say(VALKEY_STAMP.sub("", line) if child.name == "valkey" else line, child.name)

    def say(self, line: str, name: str = "prosa") -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone; that must not keep us from stopping
            print(dressed(line, name, self.plan.json), flush=True)


def alive(child: Child) -> bool:
    return child.process is not None and not child.ended()


def ending(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def dressed(line: str, name: str, as_json: bool) -> str:
    if as_json:
        return (
            line if line.startswith("{") else json.dumps({"event": line, "process": name}, ensure_ascii=False)
        )
    label = f"{name:<7}|"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        label = f"\033[{COLOURS.get(name, 0)}m{label}\033[0m"
    return f"{label} {line}"


def ready(plan: Plan) -> str:
    """The word "ready", or what /readyz says instead."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(plan.host, plan.host)  # noqa: S104
    try:
        with socket.create_connection((host, plan.port), timeout=1) as line:
            line.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: line.recv(4096), b""))
    except OSError:
        return "the web process does not answer yet"
    head, _, body = answer.partition(b"\r\n\r\n")
    return "ready" if b" 200 " in head.split(b"\r\n")[0] else body.decode(errors="replace").strip()[:200]
