"""Fetches what does not come by itself: one thread a mailbox, so that a broken one is nobody else's trouble.

A thread listens until the connection ends, and begins again from the cursors that were committed. Imports of
older mail have threads of their own, which also read what they bring: new mail does not queue up behind it.
"""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select, tuple_

from inbox import channels, connections, files, imports, intake, live, oauth, outbox, quarantine, vault
from inbox.channels import N_, Batch, Channel, ConnectError, Item, Known, TokenRefused
from inbox.config import settings
from inbox.db import now, reading, session, writing
from inbox.models import Account, Cursor, MailImport, Message, Payload

log = structlog.get_logger("collector")

LOOK_SECONDS = 2.0
"""How soon a change of the mailboxes is noticed."""

BACKOFF = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds between the attempts to connect again, give or take a quarter."""

IMPORTS = 2
"""How many imports run at a time."""

SEALED = N_("Its password was saved with another key: type it again in Settings.")
SURPRISE = N_("Something unexpected went wrong: %(detail)s")


# ---------------------------------------------------------------------------------- what every thread does


class Fetching(threading.Thread):
    """Something of one account that is fetched until it is done or told to stop."""

    def __init__(self, account_id: int, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.account_id = account_id
        self.asked = threading.Event()
        self.failures = 0

    def stop(self) -> None:
        self.asked.set()

    def stopped(self) -> bool:
        return self.asked.is_set()

    def run(self) -> None:
        try:
            while not self.stopped():
                pause = self._attempt()
                self.asked.wait(pause)
        finally:
            session.remove()

    def _attempt(self) -> float:
        """Seconds to wait before the next one."""
        try:
            self.work()
        except ConnectError as problem:
            return self._failed(problem)
        except vault.Unreadable:
            return self._failed(ConnectError(SEALED, permanent=True))
        except Exception as problem:
            log.exception("fetching_failed", account=self.account_id, work=self.name)
            return self._failed(ConnectError(SURPRISE, type(problem).__name__))
        return 0.0

    def _failed(self, problem: ConnectError) -> float:
        self.failures += 1
        log.warning(
            "mailbox_unreachable", account=self.account_id, reason=problem.reason, detail=problem.detail
        )
        try:
            self.tell(problem)
        except Exception:
            log.exception("failure_not_told", account=self.account_id)
        if problem.pause is not None:
            return problem.pause
        attempt = len(BACKOFF) if problem.permanent and not self._is_forgiven(problem) else self.failures
        return BACKOFF[min(attempt, len(BACKOFF)) - 1] * random.uniform(0.75, 1.25)

    def _is_forgiven(self, problem: ConnectError) -> bool:
        """A token may simply have run out: the next one is asked for at once, and once."""
        return isinstance(problem, TokenRefused) and self.failures == 1

    def work(self) -> None:
        """Raises ConnectError."""
        raise NotImplementedError

    def tell(self, problem: ConnectError) -> None:
        raise NotImplementedError

    def _account(self) -> tuple[Channel, dict[str, Any]]:
        """Its channel, and its settings as the channel wants them, with a token that works."""
        with reading():
            account = session.get_one(Account, self.account_id)
        config = outbox.config_of(account)
        return channels.of(account.kind), {**config, "max_bytes": settings().mail.max_bytes}


def keep(account_id: int, items: Sequence[tuple[Item, str]], *, imported: bool = False) -> list[int]:
    """Rows for what was fetched, in the caller's transaction; the ids of those that are new."""
    return [
        payload_id
        for item, sha256 in items
        for payload_id in intake.keep(
            [account_id],
            item.body,
            sha256,
            source=item.source,
            imported=imported,
            reason=item.reason,
            detail=item.detail,
        )
    ]


def stored(items: Iterable[Item]) -> list[tuple[Item, str]]:
    """On the disk before the transaction begins: others wait while it is open."""
    return [(item, files.put(item.body)) for item in items]


class Have(Known):
    """What of an account is in the database."""

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id

    def places(self, sources: Collection[str]) -> set[str]:
        found: set[str] = set()
        for some in _chunks(list(sources)):
            query = select(Payload.source).where(Payload.account_id == self.account_id)
            with reading():
                found.update(
                    source
                    for source in session.scalars(
                        query.where(Payload.source.in_(some), Payload.unfetched.is_(False))
                    )
                    if source
                )
        return found

    def mails(self, facts: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
        found: set[tuple[str, int]] = set()
        for some in _chunks(list(facts)):
            query = (
                select(Message.message_id_header, Payload.size)
                .join(Payload, Payload.id == Message.payload_id)
                .where(Payload.account_id == self.account_id)
                .where(tuple_(Message.message_id_header, Payload.size).in_(some))
            )
            with reading():
                found.update((str(name), size) for name, size in session.execute(query))
        return found


def _chunks(values: list[Any], size: int = 400) -> Iterable[list[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


# --------------------------------------------------------------------------------------------- listening


class Listening(Fetching):
    """One mailbox, for as long as it is connected with these settings."""

    def __init__(self, account_id: int, facts: Any) -> None:
        super().__init__(account_id, f"mailbox-{account_id}")
        self.facts = facts
        self.told = False
        """That it fails stands where people see it."""

    def work(self) -> None:
        channel, config = self._account()
        with reading():
            rows = session.scalars(select(Cursor).where(Cursor.account_id == self.account_id)).all()
        cursors = {row.name: dict(row.value) for row in rows}
        for batch in channel.listen(config, cursors, self.stopped, Have(self.account_id)):
            if self.stopped():
                return
            if batch.cursor is not None or batch.items:
                self._keep(batch)
            elif batch.trouble:
                self.tell(batch.trouble)
            else:
                self._works()

    def _works(self) -> None:
        """Everything was looked into once."""
        self.failures, self.told = 0, False
        with writing():
            connections.ok(self.account_id, "in")

    def _keep(self, batch: Batch) -> None:
        items = stored(batch.items)
        with writing():
            new = keep(self.account_id, items)
            if batch.cursor is not None:
                place = Cursor(account_id=self.account_id, name=batch.folder, value=dict(batch.cursor))
                place.moved_at = now()
                session.merge(place)
            if new:
                connections.seen(self.account_id, "in")
        if items:
            self.failures = 0
            log.info(
                "mail_fetched", account=self.account_id, folder=batch.folder, mails=len(items), new=len(new)
            )

    def tell(self, problem: ConnectError) -> None:
        if isinstance(problem, TokenRefused):
            with reading():
                account = session.get_one(Account, self.account_id)
            oauth.refused(account)
            if self._is_forgiven(problem):
                return
        with writing():
            connections.failing(self.account_id, "in", problem.reason, problem.detail)
            if problem.pause is not None:
                connections.paused(self.account_id, problem.pause, "in")
        self.told = True


# --------------------------------------------------------------------------------------------- importing


class Importing(Fetching):
    """Older mail, as one row of ``MailImport`` wants it."""

    MOST_FAILURES = 8

    def __init__(self, account_id: int, import_id: int) -> None:
        super().__init__(account_id, f"import-{import_id}")
        self.import_id = import_id

    def run(self) -> None:
        """What came in told no screen (``tickets.changing``): now everybody counts anew."""
        try:
            super().run()
        finally:
            live.tell("counts", {}, {"attention"})

    def work(self) -> None:
        wanted = self._begin()
        if wanted is None:
            self.stop()
            return
        channel, config = self._account()
        before = wanted.done
        with reading():
            listening = session.get(Cursor, (self.account_id, wanted.folder))
        heard = dict(listening.value) if listening else None
        for batch in channel.history(config, wanted.folder, dict(wanted.cursor), wanted.since, heard):
            if self.stopped():
                return
            kept = self._keep(batch, before)
            if kept is None:
                self.stop()
                return
            self._read(kept)
        self._end("done")

    def _begin(self) -> MailImport | None:
        with writing():
            row = session.get(MailImport, self.import_id)
            if row is None or row.state not in imports.UNDER_WAY:
                return None
            row.state = "running"
            return row

    def _keep(self, batch: Batch, before: int) -> list[int] | None:
        """The ids of what is new; nothing if it is no longer wanted."""
        items = stored(batch.items)
        with writing():
            row = session.get(MailImport, self.import_id)
            if row is None or row.state != "running":
                return None
            kept = keep(self.account_id, items, imported=True)
            row.cursor = dict(batch.cursor or {})
            row.done, row.total = before + batch.done, before + (batch.total or batch.done)
        if items:
            self.failures = 0
        return kept

    def _read(self, payload_ids: Sequence[int]) -> None:
        """At our own pace. What a stop leaves unread is found by the sweep."""
        for payload_id in payload_ids:
            if self.stopped():
                return
            intake.read_now(payload_id, alone=True)

    def tell(self, problem: ConnectError) -> None:
        token = isinstance(problem, TokenRefused)
        if token:
            with reading():
                account = session.get_one(Account, self.account_id)
            oauth.refused(account)
        if (problem.permanent and not self._is_forgiven(problem)) or self.failures >= self.MOST_FAILURES:
            self._end("failed", problem.reason, problem.detail)

    def _end(self, state: str, reason: str = "", detail: str = "") -> None:
        self.stop()
        with writing():
            row = session.get(MailImport, self.import_id)
            if row is None or row.state != "running":
                return
            row.state, row.finished_at = state, now()
            row.reason, row.reason_detail = reason[:255], detail[:255]
            if state == "done":
                row.done = row.total


# -------------------------------------------------------------------------------------------- the process


class Collector:
    def __init__(self) -> None:
        self.listening: dict[int, Listening] = {}
        self.importing: dict[int, Importing] = {}

    def look(self) -> None:
        """Start what is wanted, stop what no longer is. Something that is to begin anew ends first."""
        with reading():
            held = quarantine.is_held()  # the original may still fetch, and move what it has fetched
            accounts = [] if held else session.scalars(select(Account).where(Account.active)).all()
            asked = [] if held else [(row.id, row.account_id) for row in imports.under_way()]
            working = connections.working("in")
            signed_in = oauth.given()  # whoever signs in again does not wait for our next attempt
        wanted = {
            account.id: (account.kind, account.settings, signed_in.get(account.id))
            for account in accounts
            if channels.of(account.kind).listens(account.settings)
        }
        for account_id, thread in list(self.listening.items()):
            mended = thread.told and account_id in working  # somebody tried it: our next attempt is now
            if mended or wanted.get(account_id) != thread.facts:
                thread.stop()
            if not thread.is_alive():
                del self.listening[account_id]
        for account_id, facts in wanted.items():
            if account_id not in self.listening:
                self.listening[account_id] = Listening(account_id, facts)
                self.listening[account_id].start()
        self._look_at_imports(asked)

    def _look_at_imports(self, asked: Sequence[tuple[int, int]]) -> None:
        for import_id, importing in list(self.importing.items()):
            if import_id not in dict(asked):
                importing.stop()
            if not importing.is_alive():
                del self.importing[import_id]
        busy = {importing.account_id for importing in self.importing.values()}
        for import_id, account_id in asked:
            if import_id not in self.importing and account_id not in busy and len(self.importing) < IMPORTS:
                self.importing[import_id] = Importing(account_id, import_id)
                self.importing[import_id].start()
                busy.add(account_id)

    def stop(self, seconds: float = 1.5) -> None:
        """Ask everybody, then wait no longer than that: whoever is cut off goes on from its last commit."""
        threads = [*self.listening.values(), *self.importing.values()]
        for thread in threads:
            thread.stop()
        until = now() + timedelta(seconds=seconds)
        for thread in threads:
            thread.join(max(0.0, (until - now()).total_seconds()))


def run() -> None:
    """Until SIGTERM."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    collector = Collector()
    while not ended.is_set():
        try:
            collector.look()
        except Exception:
            log.exception("mailboxes_not_looked_at")
        ended.wait(LOOK_SECONDS)
    collector.stop()
