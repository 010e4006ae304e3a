"""The collector in a process of its own, which can be told to die at a point: ``kill -9``, by itself.

``python -m tests.peers.collecting STAGE [MAILBOX [SETTINGS]]`` uses the database and files of the
environment; ``Run`` does the same in a process forked from one that has imported everything. ``connect``
gives a mailbox these settings (and makes it, with its tables), ``import`` asks for its older mail, ``read``
reads what was kept, ``run`` collects until it is stopped, and a stage of ``DEATHS`` does so until it dies.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from inbox import collector, db, files, imports, intake, logs, migrate, rows, vault
from inbox.channels.email.imap_server import Server
from inbox.config import settings
from inbox.db import Base
from inbox.models import Account, AccountAddress, Payload


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(method: str) -> Callable[[], None]:
    """Die when this has been done at the mail server."""

    def arrange() -> None:
        real = getattr(Server, method)

        def done(self: Server, *arguments: Any) -> Any:
            real(self, *arguments)
            die()

        setattr(Server, method, done)

    return arrange


def before(method: str) -> Callable[[], None]:
    return lambda: setattr(Server, method, die)


def inserted() -> None:
    """Die when rows are written and not committed."""

    real = rows.write

    def written(*new: Base) -> None:
        real(*new)
        if any(isinstance(row, Payload) for row in new):
            db.session.info["written"] = True

    rows.write = written

    @event.listens_for(Session, "before_commit")
    def _die(session: Session) -> None:
        if session.info.get("written"):
            die()


DEATHS: dict[str, Callable[[], None]] = {
    "after FETCH": after("bodies"),
    "after insert before commit": inserted,
    "after commit before MOVE": before("move"),
    "after MOVE": after("move"),
    "after commit before delete": before("delete"),
    "after delete": after("delete"),
}


def connect(number: int, given: dict[str, Any]) -> None:
    given["in_password"] = vault.seal(given["in_password"])
    with db.writing() as session:
        account = session.get(Account, number)
        if account is None:
            address = f"mailbox{number}@barro.example"
            account = Account(kind="mail", name="Barro & Linho", address=address, settings={})
            account.addresses = [AccountAddress(address=address)]
            session.add(account)
        account.settings = {**account.settings, **given}


def read() -> None:
    with db.reading():
        waiting = db.session.scalars(
            select(Payload.id).where(Payload.state == "new").order_by(Payload.id)
        ).all()
    for payload_id in waiting:
        intake.read_now(payload_id)


class Run:
    """One such process, with this environment, writing what it says to a file."""

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])

    def __init__(self, variables: dict[str, str], log: Path, *arguments: str) -> None:
        self.process = self.context.Process(target=_run, args=(variables, log, arguments), daemon=True)
        self.process.start()

    def wait(self, seconds: float | None = None) -> int:
        """Its exit code, or the negative number of the signal that ended it."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "it has not ended"
        return self.process.exitcode

    def terminate(self) -> None:
        self.process.terminate()

    def kill(self) -> None:
        self.process.kill()


def _run(variables: dict[str, str], log: Path, arguments: tuple[str, ...]) -> None:
    for name in [name for name in os.environ if name.startswith("PROSA")]:
        del os.environ[name]
    os.environ.update(variables)
    settings.cache_clear()
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    main(*arguments)


def main(stage: str, number: str = "1", given: str = "{}") -> None:
    logs.setup(settings().log)
    db.connect(settings().database_url)
    files.use(settings().files_url)
    if stage == "connect":
        migrate.upgrade()
        connect(int(number), json.loads(given))
    elif stage == "import":
        with db.writing() as session:
            imports.start(session.get_one(Account, int(number)), "INBOX", None, None)
    elif stage == "read":
        read()
    else:
        DEATHS.get(stage, lambda: None)()
        collector.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
