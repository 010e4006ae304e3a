"""A standing process that takes mail in as Prosa's worker does: run by ``prosa.py``, never by hand.

Reads a command a line and answers a line of JSON. ``take FOLDER``: each is a mail. As the rivals are given a
folder or an mbox in one go, all of them are kept first (``intake.accept_mail``: each by its own fsync and its
own commit, as if each sender waited for our answer), then every bell is answered as the workers do with what
has piled up: ``intake.read_now`` reads those behind one as well, in the reading child, and makes the tickets;
then the reactions they rang for look at them. All of that is done, in this process, when the answer is given.
``each FOLDER``: the same, but each is kept, read and looked at before the next is kept.
Only the bells are left out: Valkey and screens hear nothing.
``facts WORD``: what stands in the database and in the file store, and in how many tickets a word is found.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select

from benchmarks.rivals.letters import conversation_in
from inbox import db, files, intake, live, logs, queue, reactions, search
from inbox.config import settings
from inbox.models import Account, Agent, Attachment, Message, Ticket

RECIPIENTS = ("support@barro.example",)


class Bells:
    """Remembers who was rung, in order."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, int]] = []

    def ring(self, name: str, _run: str | Callable[..., Any], row_id: int, **_how: Any) -> None:
        self.rung.append((name, row_id))

    def answer(self) -> None:
        """What the workers do when they hear them."""
        while self.rung:
            name, row_id = self.rung.pop(0)
            {"intake": intake.read_now, "reactions": reactions.run}[name](row_id)


def main() -> None:
    db.connect(settings().database_url)
    files.use(settings().files_url)
    _confirm_nothing()
    answers, sys.stdout = sys.stdout, sys.stderr  # what is logged is no answer
    logs.setup(settings().log)
    bells = Bells()
    queue.ring = bells.ring  # type: ignore[assignment]
    live.tell = lambda *_: None
    for line in sys.stdin:
        command, word = line.split(maxsplit=1)
        if command == "facts":
            answer = _facts(word.strip())
        else:
            answer = _take(Path(word.strip()), bells, together=command == "take")
        print(json.dumps(answer), file=answers, flush=True)


def _confirm_nothing() -> None:
    """None of the products answers by itself here."""
    with db.writing():
        for account in db.session.scalars(select(Account)):
            account.settings = {**(account.settings or {}), "acknowledge": False}


def _take(folder: Path, bells: Bells, *, together: bool) -> dict[str, float]:
    before, began = _cpu(), time.perf_counter()
    for path in sorted(folder.iterdir()):
        intake.accept_mail(path.read_bytes(), RECIPIENTS)
        path.unlink()
        if not together:
            bells.answer()
    bells.answer()
    return {"seconds": time.perf_counter() - began, "cpu": _cpu() - before}


def _cpu() -> float:
    """Seconds of processor time, of this process and of the child that reads mail, ended ones included."""
    us = psutil.Process()
    spent = us.cpu_times()
    running = [child.cpu_times() for child in us.children()]
    ended = spent.children_user + spent.children_system
    return spent.user + spent.system + ended + sum(one.user + one.system for one in running)


def _facts(word: str) -> dict[str, Any]:
    said = (
        select(Ticket.subject, func.count())
        .join(Message, Message.ticket_id == Ticket.id)
        .where(Message.kind == "customer")
        .group_by(Ticket.id)
    )
    with db.reading():
        letters = {conversation_in(subject): n for subject, n in db.session.execute(said)}
        kept = db.session.scalars(select(Attachment.sha256).where(Attachment.inline.is_(False))).all()
        agent = db.session.scalars(select(Agent)).first()
        assert agent
        found = len(search.find(agent, word, limit=10**7))
    sizes = [files.path_of(sha256).stat().st_size for sha256 in kept]
    return {"letters": letters, "files": len(sizes), "bytes": sum(sizes), "found": found}


if __name__ == "__main__":
    main()
