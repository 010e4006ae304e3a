"""Attack 44: too much, too slowly, too deep. It is refused, and the house goes on answering."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from inbox import passwords
from inbox.models import Agent
from tests.clients import PASSWORD, Browser, ClientFor, log_in
from tests.house import ROOT, free_port, wait_for
from tests.people import MailFrom

pytestmark = pytest.mark.slow

# ------------------------------------------------------------------------------------------- slowly

SERVER = """
from gevent import monkey
monkey.patch_all()
import socket, sys
from inbox.web import server
server.HEAD_SECONDS, server.SILENCE_SECONDS, server.BODY_SECONDS = 1, 1, 2

def app(environ, start_response):
    try:
        said = environ["wsgi.input"].read()
    except OSError:
        said = b"gave up"
    start_response("200 OK", [("Content-Length", str(len(said) + 2))])
    return [b"ok", said]

listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(1024)
listener.setblocking(False)
server.Server(listener, app).serve_forever()
"""
"""The product's own server with little patience, before an application that reads what it is sent."""


@pytest.fixture(scope="module")
def impatient() -> Iterator[int]:
    port = free_port()
    with subprocess.Popen([sys.executable, "-c", SERVER, str(port)], cwd=ROOT) as process:
        try:
            wait_for(lambda: answers(port), 20)
            yield port
        finally:
            process.kill()


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return line.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


BEGINNINGS = {
    "nothing": b"",
    "half a request line": b"GET /views/o",
    "headers without end": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
    "a body that never comes": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
    "a chunk that never ends": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
}


@pytest.mark.parametrize("beginning", BEGINNINGS.values(), ids=BEGINNINGS)
def test_attack_44_whoever_sends_a_byte_at_a_time_is_let_go_and_others_are_answered(
    beginning: bytes, impatient: int
) -> None:
    lines = [socket.create_connection(("127.0.0.1", impatient), timeout=5) for _ in range(100)]
    for line in lines:
        line.sendall(beginning)
        line.setblocking(False)

    def let_go(line: socket.socket) -> bool:
        """Whether it was given up; until then it is sent another byte."""
        try:
            if line.recv(1000) == b"":
                return True
            line.send(b"a")
        except BlockingIOError:
            with_byte(line)
        except OSError:
            return True
        return False

    waiting = list(lines)

    def all_let_go() -> bool:
        waiting[:] = [line for line in waiting if not let_go(line)]
        assert answers(impatient), "nobody else waits for them"
        return not waiting

    wait_for(all_let_go, 20, lambda: f"{len(waiting)} are still there")
    for line in lines:
        line.close()


def with_byte(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.send(b"a")


# ---------------------------------------------------------------------------------------- too much


class Endless(io.RawIOBase):
    """A body that is as long as one reads."""

    def __init__(self, beginning: bytes, most: int) -> None:
        self.rest, self.most, self.read_so_far = beginning, most, 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        assert self.read_so_far <= self.most, "more is read than is allowed to be sent"
        said = (self.rest or b"x" * len(into))[: len(into)]
        self.rest = self.rest[len(said) :]
        into[: len(said)] = said
        self.read_so_far += len(said)
        return len(said)


half_read = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""The temporary files of a body that is refused in its middle go when nobody holds them any more."""

FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.bin"\r\n\r\n'
FIELD = b'--b\r\nContent-Disposition: form-data; name="html"\r\n\r\n'
MULTIPART = "multipart/form-data; boundary=b"


@half_read
@pytest.mark.parametrize("length", [100_000_000, 10**15, None], ids=["said", "more than there is", "unsaid"])
@pytest.mark.parametrize("part", [FILE, FIELD], ids=["file", "field"])
def test_attack_44_a_body_of_a_hundred_megabytes_is_refused_without_being_read(
    part: bytes, length: int | None, grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    client, ticket = client_for(grace), mail_from()
    for path in ("/login", f"/tickets/{ticket.id}/drafts/reply/files", f"/tickets/{ticket.id}/notes"):
        body = Endless(part, most=30_000_000)
        sent: dict[str, Any] = {"wsgi.input": io.BufferedReader(body), "CONTENT_TYPE": MULTIPART}
        sent |= {"CONTENT_LENGTH": str(length)} if length else {"wsgi.input_terminated": True}
        answer = client.post(path, environ_overrides=sent)
        assert answer.status_code == 413, path
    assert client.get("/views/open").status_code == 200


@half_read
def test_attack_44_a_thousand_parts_or_fields_are_refused(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    client, ticket = client_for(grace), mail_from()
    files = {f"f{n}": (io.BytesIO(b"x"), "a.txt") for n in range(1000)}
    for path in ("/login", f"/tickets/{ticket.id}/drafts/reply/files"):
        assert client.post(path, data=files, content_type="multipart/form-data").status_code == 413, path
        files = {f"f{n}": (io.BytesIO(b"x"), "a.txt") for n in range(1000)}
    fields = "&".join(f"a{n}=1" for n in range(300_000))
    answer = client.post(
        f"/tickets/{ticket.id}/notes", data=fields, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code in (413, 422)


@pytest.mark.parametrize("password", ["x" * 1_900_000, "é" * 500_000, PASSWORD + " " * 1_000_000])
def test_attack_44_a_password_of_a_megabyte_is_not_hashed(
    password: str, known: Agent, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []
    real = passwords._verify
    monkeypatch.setattr(
        passwords, "_verify", lambda kept, given: hashed.append(len(given)) or real(kept, given)
    )
    assert log_in(visitor, password=password).status_code in (413, 422)
    assert all(length <= passwords.LONGEST for length in hashed)


def test_attack_44_whoever_tries_too_often_is_told_to_wait(known: Agent, visitor: Browser) -> None:
    said = [log_in(visitor, password="wrong words here").status_code for _ in range(15)]
    assert said[0] == 422 and said[-1] == 429
    assert visitor.get("/login").status_code == 200


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    "said", [DEEP, '{"a":' * 100_000 + "1" + "}" * 100_000, json.dumps([9**99]), "1e999", "NaN"]
)
def test_attack_44_deep_json_is_refused(
    said: str, grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    client, ticket = client_for(grace), mail_from()
    assert client.post(f"/tickets/{ticket.id}/macros/actions", data={"actions": said}).status_code == 422
    reply = client.post(
        f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", "key": "k", "macros": said}
    )
    assert reply.status_code == 422
    assert (
        client.put(f"/tickets/{ticket.id}/drafts/reply", data={"html": "", "macros": said}).status_code < 500
    )
    assert client.post("/login", json={"email": said}).status_code == 400


def test_attack_44_nobody_gets_a_page_of_everything(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    tickets = [mail_from(subject=f"Cup {n}") for n in range(60)]
    client = client_for(grace)
    numbers = ",".join(map(str, range(1, 60_000)))
    for path, most in (
        ("/views/open/_rows?limit=1000000&per_page=1000000&size=1000000", 50),
        (f"/views/open/_rows?ids={numbers[:7000]}", 200),
        ("/search?q=cup&limit=1000000", 50),
        (f"/presence/_rows?ids={numbers[:7000]}", 200),
        ("/palette/_results?q=cup&limit=100000", 50),
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.text.count('id="row-') <= most, path
    assert len(tickets) == 60


@pytest.mark.parametrize(
    "asked",
    [
        *(
            "*",
            "**",
            "%",
            "_",
            "a*",
            "* OR *",
            "a OR b",
            '"a',
            "NEAR/1",
            "-a",
            "^a",
            ":*",
            "a & !",
            "🫖*",
            "?",
        ),
        *("a" * 100_000, "a " * 50_000),
    ],
    ids=lambda asked: ascii(asked)[:12],
)
def test_attack_44_a_search_for_anything_is_a_search_for_words(
    asked: str, grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    mail_from()
    client = client_for(grace)
    for path in ("/search", "/palette/_results", "/recipients/_suggest"):
        assert client.get(path, query_string={"q": asked}).status_code in (200, 404, 413, 414), path
    assert "Cracked cup" not in client.get("/search", query_string={"q": "*"}).text
