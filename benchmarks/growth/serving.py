"""The process of one house: the real application, asked without a socket between, and its intake."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import socketio
from sqlalchemy import event, select

from benchmarks.growth import subjects
from benchmarks.growth.house import Filled, opened
from benchmarks.mails import varied
from benchmarks.memory import _pss
from inbox import db, intake, live, logs, queue, signin, sockets
from inbox.config import settings
from inbox.models import Account, Agent
from inbox.web import limits

Answer = tuple[float, int, int]
"""Milliseconds, statements, bytes."""

Question = Callable[[int], int]
"""Asks once, the so manyth time, and returns how many bytes were answered: none, where there is no page."""


def serve(pipe: Connection, house: Filled, words: subjects.Words) -> None:
    """Answer until the other end is closed."""
    with opened(house):
        questions = _questions(words)
        pipe.send(list(questions))
        while True:
            try:
                name, number = pipe.recv()
            except EOFError:
                return
            pipe.send(_answered(questions[name], number) if name else _pss(os.getpid()))


def _answered(question: Question, number: int) -> Answer:
    with _counting() as said:
        began = time.perf_counter()
        size = question(number)
        took = time.perf_counter() - began
    return 1000 * took, len(said), size


@contextmanager
def _counting() -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def _questions(words: subjects.Words) -> dict[str, Question]:
    logs.setup(settings().log)
    logging.disable(logging.INFO)
    with db.reading():
        paths = subjects.paths(words)
    browser = _browser()
    return {
        **{name: partial(_page, browser, each) for name, each in paths.items()},
        "a mail is taken in": partial(_mail, _account(), int(time.time())),
    }


def _page(browser: Any, paths: Sequence[str], number: int) -> int:
    """In turns, where there are several of a kind."""
    answer = browser.get(paths[number % len(paths)])
    assert answer.status_code == 200, (answer.status_code, paths[number % len(paths)])
    return len(answer.data)


def _mail(account: tuple[int, str], run: int, number: int) -> int:
    """From its bytes to a ticket. The bells are measured by ``live``."""
    raw = varied(number + 1, seed=run)[number].replace(b"<bench-", f"<growth-{run}-".encode())
    for payload in intake.accept([account[0]], raw, [account[1]]):
        intake.read_now(payload)
    return 0


def _account() -> tuple[int, str]:
    with db.reading():
        account = db.session.scalars(select(Account).where(Account.kind == "mail")).first()
        assert account is not None
        return account.id, account.address


def _browser() -> Any:
    """Signed in as an admin, who sees everything."""
    from app import create_app

    live.tell = lambda *_: None  # type: ignore[assignment]
    queue.ring = lambda *_, **__: None  # type: ignore[assignment]
    sockets.Bus = lambda *_, **__: socketio.Manager()  # type: ignore[misc, assignment]
    limits._storage = lambda _url: "memory://"  # type: ignore[assignment]
    browser = create_app(async_mode="threading").test_client()
    with db.writing() as session:
        admin = session.scalars(select(Agent).where(Agent.role == "admin").order_by(Agent.id)).first()
        assert admin is not None
        browser.set_cookie("prosa", signin.begin(admin, "benchmark", "127.0.0.1"))
    return browser
