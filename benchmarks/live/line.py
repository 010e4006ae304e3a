"""What a browser talks through: a few kept connections, as many as Chromium opens to one host, and a socket.

For a process that gevent patched: everything here blocks, and lets others run.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

import gevent
import simple_websocket
from gevent.lock import BoundedSemaphore

CONNECTIONS = 6
COLLISION = 409
"""Somebody wrote meanwhile, and the writer is asked: an answer, and no failure."""

BROKEN = (http.client.HTTPException, OSError)


class Refused(Exception):
    """The answer was none, or none that helps; its status is 0 where nobody answered."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server said {status or 'nothing'}")
        self.status = status


@dataclass
class Tally:
    """What was asked, by route, how long each answer took, and what failed."""

    took: dict[str, list[float]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    """Sockets that broke and were opened again."""

    def note(self, route: str, seconds: float) -> None:
        self.took.setdefault(route, []).append(seconds)


def route(method: str, path: str) -> str:
    """The address without what is particular about it."""
    plain, _, query = path.partition("?")
    names = "".join(sorted(f" {part.partition('=')[0]}" for part in query.split("&") if part))
    return f"{method} {re.sub(r'/[0-9]+', '/N', re.sub(r'/views/[a-z]+', '/views/V', plain))}{names}"


class Http:
    """One browser's requests and cookies. Raises Refused."""

    def __init__(self, url: str, tally: Tally, forwarded_for: str) -> None:
        self.url, self.tally = url, tally
        self.host = urlsplit(url).netloc
        self.cookies: dict[str, str] = {}
        self.forwarded_for = forwarded_for
        self.token = ""
        self._idle: list[http.client.HTTPConnection] = []
        self._few = BoundedSemaphore(CONNECTIONS)

    def get(self, path: str) -> str:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, form: Mapping[str, Any] | None = None) -> str:
        body = urlencode(form) if form is not None else None
        named, began = route(method, path), time.perf_counter()
        with self._few:
            status, text = self._ask(method, path, body)
        self.tally.note(named, time.perf_counter() - began)
        if not 200 <= status < 400:
            if status != COLLISION:
                self.tally.failed[f"{named}: {status or 'no answer'}"] += 1
            raise Refused(status)
        return text

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        while True:  # a kept line may have been closed meanwhile, and says so only when it is used
            was_kept = bool(self._idle)
            line = self._idle.pop() if was_kept else http.client.HTTPConnection(self.host, timeout=60)
            try:
                line.request(method, path, body, self.headers(body is not None))
                answer = line.getresponse()
                text = answer.read()
                break
            except BROKEN:
                line.close()
                if not was_kept:
                    return 0, ""
        self._idle.append(line)
        for cookie in SimpleCookie(", ".join(answer.headers.get_all("Set-Cookie", []))).values():
            self.cookies[cookie.key] = cookie.value
        if answer.headers.get("Content-Encoding") == "gzip":
            text = gzip.decompress(text)
        return answer.status, text.decode()

    def headers(self, with_form: bool = False) -> dict[str, str]:
        made = {
            "Accept": "text/html",
            "Accept-Encoding": "gzip",
            "Cookie": self.cookie(),
            "Sec-Fetch-Site": "same-origin",
            "Origin": self.url,
            "X-Forwarded-For": self.forwarded_for,
        }
        if self.token:
            made |= {"X-CSRFToken": self.token, "HX-Request": "true"}
        if with_form:
            made["Content-Type"] = "application/x-www-form-urlencoded"
        return made

    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def close(self) -> None:
        for line in self._idle:
            line.close()


class Socket:
    """A Socket.IO connection that comes back by itself, as its library does in the page.

    ``said`` is told every event and its values; ``came`` that the line is there (again).
    """

    def __init__(self, http_: Http, came: Callable[[], None], said: Callable[[str, Any], None]) -> None:
        self.http, self.came, self.said = http_, came, said
        self.is_there = False
        self._line: simple_websocket.Client | None = None
        self._answers: dict[int, Callable[[], None]] = {}
        self._number = 0
        self._stopped = False
        self.greenlet = gevent.spawn(self._stay)

    def emit(self, event: str, value: Any, answered: Callable[[], None] | None = None) -> None:
        if not (self.is_there and self._line):
            return
        self._number += 1
        number = ""
        if answered:
            self._answers[self._number] = answered
            number = str(self._number)
        with contextlib.suppress(simple_websocket.ConnectionClosed, OSError):
            self._line.send(f"42{number}{json.dumps([event, value])}")

    def _stay(self) -> None:
        pause = 0.5
        while not self._stopped:
            with contextlib.suppress(
                simple_websocket.ConnectionError, simple_websocket.ConnectionClosed, OSError
            ):
                self._listen()
                pause = 0.5
            if self._stopped:
                return
            self.http.tally.lost += self.is_there
            self.is_there = False
            gevent.sleep(pause)
            pause = min(5.0, pause * 2)

    def _listen(self) -> None:
        line = self._line = simple_websocket.Client(
            f"{self.http.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket",
            headers={
                "Cookie": self.http.cookie(),
                "Origin": self.http.url,
                "X-Forwarded-For": self.http.forwarded_for,
            },
        )
        line.send("40")
        with contextlib.suppress(simple_websocket.ConnectionClosed):
            while not self._stopped and (frame := str(line.receive())):
                self._hear(line, frame)

    def _hear(self, line: simple_websocket.Client, frame: str) -> None:
        if frame == "2":
            line.send("3")
        elif frame.startswith("40"):
            self.is_there = True
            self.came()
        elif frame.startswith("41"):
            line.close()
        elif frame.startswith("43"):
            found = re.match(r"43(\d+)", frame)
            answered = self._answers.pop(int(found[1]), None) if found else None
            if answered:
                answered()
        elif frame.startswith("42"):
            event, *values = json.loads(frame[2:])
            self.http.tally.heard[event] += 1
            self.said(event, values[0] if values else None)

    def close(self) -> None:
        self._stopped = True
        if self._line:
            with contextlib.suppress(Exception):
                self._line.close()
        self.greenlet.kill(block=False)
