"""Mail fetched by POP3 (RFC 1939): the whole mailbox is listed each time, and what is not here yet is taken.

Which mails are here is asked of the database, by their UIDL. The cursor only names those that are not ours to
take: what was there before the mailbox was connected, and what cannot be fetched. That of an import names the
last mail it was through with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import Any

from inbox.channels import N_, Batch, Check, ConnectError, Item, Known
from inbox.channels.email import refusals
from inbox.channels.email.imap_folder import TOO_LARGE
from inbox.channels.email.pop3_server import Listed, Refused, Server

FOLDER = "POP3"
POLL_SECONDS = 120
BATCH, BATCH_BYTES = 20, 4_000_000
TRIES = 5

UNFETCHED = N_("The mail server does not hand it over: it stays in the mailbox.")


def listen(
    settings: Mapping[str, Any],
    cursors: Mapping[str, Mapping[str, Any]],
    stopped: Callable[[], bool],
    known: Known,
) -> Iterator[Batch]:
    """As ``Channel.listen``: one visit, a wait, and an end."""
    server = Server(settings)
    try:
        yield from _Visit(server, settings, cursors.get(FOLDER), known).batches(stopped)
        if not stopped():
            server.leave()
            yield Batch()
    except Refused as problem:
        raise ConnectError(refusals.SAID, str(problem)) from problem
    finally:
        server.close()
    until = time.monotonic() + POLL_SECONDS
    while not stopped() and time.monotonic() < until:
        time.sleep(min(0.5, POLL_SECONDS))


def history(
    settings: Mapping[str, Any], folder: str, cursor: Mapping[str, Any], since: datetime | None
) -> Iterator[Batch]:
    """As ``Channel.history``: there is one folder, whatever it is called."""
    server = Server(settings)
    try:
        visit = _Visit(server, {**settings, "in_after": "keep"}, cursor, Known())
        yield from visit.history(folder, cursor.get("last", ""), since)
    except Refused as problem:
        raise ConnectError(refusals.SAID, str(problem)) from problem
    finally:
        server.close()


class _Visit:
    def __init__(
        self, server: Server, settings: Mapping[str, Any], cursor: Mapping[str, Any] | None, known: Known
    ) -> None:
        self.server, self.known = server, known
        self.limit = int(settings.get("max_bytes") or 0)
        self.deletes = settings.get("in_after") == "delete"
        self.is_first = cursor is None
        self.since = str((cursor or {}).get("since") or datetime.now(UTC).isoformat())
        self.not_ours: set[str] = set((cursor or {}).get("before", ()))
        self.tries: dict[str, int] = dict((cursor or {}).get("tries", {}))

    def batches(self, stopped: Callable[[], bool]) -> Iterator[Batch]:
        listed = self.server.mails()
        if self.is_first:
            self.not_ours = {mail.key for mail in listed}
            yield self._batch()
            return
        if self._tidied(listed):
            yield self._batch()
        wanted = [mail for mail in listed if mail.key not in self.not_ours]
        here = self.known.places([_source(mail) for mail in wanted])
        self._delete([mail for mail in wanted if _source(mail) in here])
        for group in _groups([mail for mail in wanted if _source(mail) not in here], self.limit):
            if stopped():
                return
            items = {}
            for mail in group:
                try:
                    items[mail.number] = self._item(mail)
                except Refused:
                    self._doubt(mail)
                except ConnectError as problem:
                    self._doubt(mail, problem)
                    yield self._batch(list(items.values()))
                    raise
            yield self._batch(list(items.values()))
            self._delete([mail for mail in group if mail.number in items and not items[mail.number].reason])

    def history(self, folder: str, last: str, since: datetime | None) -> Iterator[Batch]:
        """Everything that is listed after the mail with this key."""
        listed = self.server.mails()
        keys = [mail.key for mail in listed]
        wanted = listed[keys.index(last) + 1 :] if last in keys else listed
        done = 0
        for group in _groups(wanted, self.limit):
            items: list[Item] = []
            for mail in group:
                try:
                    item = self._older(mail, since)
                except ConnectError as problem:
                    self._doubt(mail, problem)
                    yield Batch(tuple(items), {"last": last, "tries": self.tries}, folder, len(wanted), done)
                    raise
                items += [item] if item else []
                last, done = mail.key, done + 1
            yield Batch(tuple(items), {"last": last, "tries": self.tries}, folder, len(wanted), done)

    def _older(self, mail: Listed, since: datetime | None) -> Item | None:
        """A mail of an import; nothing if it is too old."""
        try:
            if since and _received(self.server.head(mail.number)) < since:
                return None
            return self._item(mail)
        except Refused:
            return Item(b"", _source(mail), UNFETCHED)

    def _item(self, mail: Listed) -> Item:
        """The mail; or, if it is too large or was not to be had, a record of it. Raises Refused."""
        if self.limit and mail.size > self.limit:
            item = Item(self.server.head(mail.number), _source(mail), TOO_LARGE, str(self.limit // 1_000_000))
        elif self.tries.get(mail.key, 0) >= TRIES:
            item = Item(b"", _source(mail), UNFETCHED)
        else:
            item = Item(self.server.body(mail.number), _source(mail))
        self.tries.pop(mail.key, None)
        if item.reason:
            self.not_ours.add(mail.key)
        return item

    def _doubt(self, mail: Listed, problem: ConnectError | None = None) -> None:
        """It may be this mail's fault; but not that the server wants to be left alone."""
        if problem is None or problem.pause is None:
            self.tries[mail.key] = self.tries.get(mail.key, 0) + 1

    def _delete(self, mails: Sequence[Listed]) -> None:
        """What is kept here; after a crash once more."""
        for mail in mails if self.deletes else ():
            self.server.delete(mail.number)

    def _tidied(self, listed: Sequence[Listed]) -> bool:
        """Forget what has gone. If all has gone at once the server has made up new names: then what arrived
        before us is told by when it says it was received.
        """
        present = {mail.key for mail in listed}
        left = self.not_ours & present
        if self.not_ours and not left and present:
            since = datetime.fromisoformat(self.since)
            self.not_ours = {mail.key for mail in listed if _received(self.server.head(mail.number)) < since}
            return True
        if len(self.not_ours) > 2 * len(left) + 100:
            self.not_ours = left
            return True
        return False

    def _batch(self, items: Sequence[Item] = ()) -> Batch:
        cursor = {"since": self.since, "before": sorted(self.not_ours), "tries": self.tries}
        return Batch(tuple(items), cursor, FOLDER)


def _groups(mails: Sequence[Listed], limit: int) -> Iterator[list[Listed]]:
    group: list[Listed] = []
    size = 0
    for mail in mails:
        own = 0 if limit and mail.size > limit else mail.size
        if group and (len(group) >= BATCH or size + own > BATCH_BYTES):
            yield group
            group, size = [], 0
        group.append(mail)
        size += own
    if group:
        yield group


def _source(mail: Listed) -> str:
    return f"{FOLDER}/{mail.key}"


def _received(head: bytes) -> datetime:
    """When the nearest server says that it took it; now, where nobody says so."""
    value = str(BytesHeaderParser().parsebytes(head).get("Received") or "")
    try:
        moment = parsedate_to_datetime(value.rpartition(";")[2].strip())
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check(settings: Mapping[str, Any]) -> list[Check]:
    """Try out the incoming side as typed, with the sentences an admin reads. Never raises."""
    try:
        server = Server(settings)
    except ConnectError as problem:
        return [Check(problem.reason, False, problem.detail)]
    try:
        found = server.mails()
        server.leave()
    except ConnectError as problem:
        return [Check(problem.reason, False, problem.detail)]
    except Refused as problem:
        return [Check(refusals.SAID, False, str(problem))]
    finally:
        server.close()
    return [
        Check(refusals.LET_IN, True, f"{server.where} {server.encryption}".strip()),
        Check(N_("Mails in it now: %(detail)s"), True, str(len(found))),
    ]
