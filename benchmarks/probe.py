"""One version of Prosa, timed on request: ``benchmarks.regressions`` runs it once for each that it compares.

``python benchmarks/probe.py TREE MAILS DATABASE_URL FOLDER`` imports the product from ``TREE``, whichever
version that is, on an empty database, and answers each line it is given, ``<measure> <block>``, with
the seconds it took. It uses only what every version has had, and nothing of this folder. It checks what it
does: a mail that was not taken in, or a page that is not there, ends it with an error.
"""

from __future__ import annotations

import email
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

BLOCK, PAGES = 20, 4
"""Mails and pages in one answer."""


class Probe:
    """A house in this process, without its bells: they ring in other processes."""

    def __init__(self, mails: Path, url: str) -> None:
        from inbox import config, db, files, live, queue
        from inbox.migrate import upgrade

        live.tell = lambda *_, **__: None  # type: ignore[assignment]
        queue.ring = lambda *_, **__: None  # type: ignore[assignment]
        self.mails = [path.read_bytes() for path in sorted(mails.iterdir())]
        files.use(config.settings().files_url)
        self.engine = db.connect(url)
        upgrade()
        self._make_floor()
        self._people()
        self.browser, self.ticket = self._browser(), 0

    def _make_floor(self) -> None:
        from sqlalchemy import text

        kind = "BLOB" if self.engine.dialect.name == "sqlite" else "BYTEA"
        with self.engine.begin() as connection:
            connection.execute(text(f"CREATE TABLE floor (raw {kind})"))

    def _people(self) -> None:
        from inbox import db
        from inbox.models import Account, AccountAddress, Agent, Installation, Team

        with db.writing() as session:
            agent = Agent(name="Ada Prado", email="ada@barro.example", password_hash="", role="admin")
            account = Account(kind="mail", name="Barro", address="support@barro.example", settings={})
            account.addresses = [AccountAddress(address=account.address)]
            house = Installation(id=1, company="Barro", public_url="http://localhost", set_up_at=db.now())
            session.add_all([agent, account, house, Team(name="Support", members=[agent])])

    def _browser(self) -> Any:
        import socketio
        from sqlalchemy import select

        from app import create_app
        from inbox import db, signin, sockets
        from inbox.models import Agent
        from inbox.web import limits

        sockets.Bus = lambda *_, **__: socketio.Manager()  # type: ignore[assignment,misc]
        limits._storage = lambda _url: "memory://"
        client = create_app(async_mode="threading").test_client()
        with db.writing() as session:
            ada = session.scalars(select(Agent)).one()
            client.set_cookie("prosa", signin.begin(ada, "probe", "127.0.0.1"))
        return client

    # ------------------------------------------------------------------------------------ what is timed

    def floor(self, block: int) -> None:
        """What nobody can go below: the standard library reads a mail, one insert of it is fsynced."""
        from sqlalchemy import text

        for raw in self._block(block):
            for part in email.message_from_bytes(raw).walk():
                if not part.is_multipart():
                    part.get_payload(decode=True)
            with self.engine.begin() as connection:
                connection.execute(text("INSERT INTO floor (raw) VALUES (:raw)"), {"raw": raw})

    def ingest(self, block: int) -> None:
        from inbox import intake

        for raw in self._block(block):
            for payload in intake.accept_mail(raw, ["support@barro.example"]):
                intake.read_now(payload)

    def list(self, _block: int) -> None:
        self._pages("/views/open", 'id="row-')

    def page(self, _block: int) -> None:
        self._pages(f"/views/open/tickets/{self.ticket}", 'id="message-')

    def search(self, _block: int) -> None:
        self._pages("/search?q=pedido", 'id="row-')

    def _pages(self, path: str, shows: str) -> None:
        """What it is about must stand on it, so that no page looks fast because it is empty."""
        for _ in range(PAGES):
            answer = self.browser.get(path)
            assert answer.status_code == 200 and shows in answer.text, (path, answer.status)

    # -------------------------------------------------------------------------------------- its answers

    def _block(self, block: int) -> list[bytes]:
        return self.mails[block * BLOCK : (block + 1) * BLOCK]

    def fill(self, blocks: int) -> None:
        """Conversations for the pages to show, and the parser's child awake."""
        for block in range(blocks):
            self.ingest(block)
        self.ticket = self._one("SELECT max(id) FROM ticket")
        self.check(blocks)
        for page in (self.list, self.page, self.search):  # the first of each reads its templates
            page(0)

    def check(self, blocks: int) -> None:
        """Every mail so far became a message."""
        stored, sent = self._one("SELECT count(*) FROM message"), blocks * BLOCK
        assert stored == sent, f"{stored} messages of {sent} mails"

    def _one(self, sql: str) -> int:
        from sqlalchemy import text

        from inbox import db

        with db.reading():
            return int(db.session.scalar(text(sql)))


def main(tree: str, mails: str, url: str, folder: str) -> None:
    sys.path[0] = tree
    os.chdir(tree)
    os.environ["PROSA__DATA__DIR"] = folder
    os.environ["PROSA__REDIS__URL"] = f"unix://{folder}/no-valkey.sock"
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    probe = Probe(Path(mails), url)
    answer("ready")
    for line in sys.stdin:
        measure, block = line.split()
        run: Callable[[int], None] = getattr(probe, measure)
        began = time.perf_counter()
        run(int(block))
        answer(f"{time.perf_counter() - began:.9f}")


def answer(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:5])
