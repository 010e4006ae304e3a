"""One folder of an IMAP mailbox, taken in by a high-water mark that is never ahead of what was kept.

What we know of it is ``Position``. It leaves here with every batch and comes back when we begin again, so a
crash at any point goes on from the last commit. Mail is never looked for by its flags.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from inbox.channels import N_, Batch, ConnectError, Item, Known
from inbox.channels.email.imap_server import LONG_AGO, Facts, Refused, Selected, Server

LOOK, BATCH, BATCH_BYTES = 400, 20, 4_000_000
"""So many mails are looked at in one go, so many fetched, of so many bytes together; a larger one alone."""

LEAVING = 200
"""So many are moved or deleted in one go."""

NEWEST = 50
"""Of so many mails that were there when the folder was connected we remember the date."""

PATIENCE = (0.0, 10.0, 60.0, 300.0)
"""Seconds between the tries to fetch a mail that the server did not hand over."""

HEADERS, NOTHING, KEPT = len(PATIENCE), len(PATIENCE) + 1, len(PATIENCE) + 2
"""Then its headers are asked for, at worst it is recorded without any, and from then on tried every hour."""

HOUR, GIVEN_UP = 3600.0, KEPT + 48

MOST_LATER = 50
"""If so many in a row cannot be fetched, it is the server, not the mail."""

TOO_LARGE = N_(
    "It is larger than the %(detail)s MB that are taken in: it stays in the mailbox. "
    "Retry takes in its sender and subject."
)
UNFETCHED = N_(
    "The mail server does not hand it over: it stays in the mailbox and is tried again every hour."
)
NOT_HANDED_OVER = N_("The server lists mail and does not hand it over: %(detail)s")
NOT_TAKEN_AWAY = N_("Mail is taken in, but the server does not let us move or delete it: %(detail)s")
NO_FOLDER = N_("The folder cannot be opened: %(detail)s")


@dataclass
class Position:
    """How far a folder was read."""

    uidvalidity: int = 0
    uid: int = 0
    """The highest that was taken in."""
    newest: str = ""
    """The INTERNALDATE of that one; another date says that the server has renumbered its mail."""
    since: str = ""
    """The newest INTERNALDATE of what was there before us: by the server's clock, whatever ours says."""
    there: list[str] = field(default_factory=list)
    """The Message-IDs of that very second."""
    turn: int = 0
    """How often the numbering has changed: old numbers may come back and mean other mail."""
    mending: int = 0
    """Up to this UID we may have a mail already, under another number."""
    careful: bool = False
    """The connection was lost while several mails were fetched: one at a time."""
    later: dict[str, list[float]] = field(default_factory=dict)
    """By UID, what could not be fetched: how often it was tried, and when (UNIX time) to try again."""
    missed: int = 0
    """How many in a row could not be fetched."""
    leaving: list[int] = field(default_factory=list)
    """Kept here, and still to be moved or deleted there."""
    until: int = 0
    """For an import: the last UID that belongs to it."""

    def as_cursor(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def of(cls, cursor: Mapping[str, Any]) -> Position:
        known = cls.__dataclass_fields__
        return cls(**{name: value for name, value in cursor.items() if name in known})


class Folder:
    """``oldest`` makes it an import: everything that arrived since then, and nothing is moved or deleted."""

    def __init__(
        self,
        server: Server,
        name: str,
        settings: Mapping[str, Any],
        cursor: Mapping[str, Any],
        known: Known,
        oldest: datetime | None = None,
    ) -> None:
        self.server, self.name, self.known, self.oldest = server, name, known, oldest
        self.limit = int(settings.get("max_bytes") or 0)
        self.target = str(settings.get("in_move_to") or "")
        self.after = settings.get("in_after") or "keep"
        if self.after == "move" and self.target in ("", name):
            self.after = "keep"
        self.is_new = not cursor
        self.position = Position.of(cursor)
        self.listed = self.handled = 0
        if self.after == "keep":
            self.position.leaving = []

    # ------------------------------------------------------------------------------------- a round

    def open(self) -> Selected:
        """Raises Refused if there is no such folder."""
        return self.server.select(self.name, read_only=self.after == "keep")

    def catch_up(self) -> Iterator[Batch]:
        """Everything that has come since the last time. Raises ConnectError, Refused (no such folder)."""
        selected = self.open()
        if self.is_new:
            self._begin(selected)
            yield self._batch()
        elif self._is_renumbered(selected):
            self._begin_again(selected)
            yield self._batch()
        yield from self._take(selected)
        yield from self._leave()
        yield from self._try_again()

    def history(self, heard: Position) -> Iterator[Batch]:
        """Everything that is in it now and not beyond what listening has heard. Raises as above."""
        selected = self.open()
        position = self.position
        if self.is_new or position.uidvalidity != selected.uidvalidity:
            last = (selected.uidnext or self._last(selected) + 1) - 1
            if heard.uidvalidity == selected.uidvalidity:
                last = min(last, max(heard.uid, heard.mending))
            if not last:
                return
            self.position = Position(selected.uidvalidity, until=last, turn=position.turn)
            self.is_new = False
        yield from self._take(selected)
        while self._tries():
            yield from self._try_again()
            yield self._batch()
            time.sleep(0.5)

    def _begin(self, selected: Selected) -> None:
        """What is here already stays where it is; it can be imported."""
        position = self.position = Position(selected.uidvalidity)
        position.uid = (selected.uidnext or self._last(selected) + 1) - 1
        newest = self.server.uids(1, position.uid, selected.exists)[-NEWEST:]
        facts = self.server.facts(newest) if newest else {}
        if facts:
            last = max(fact.arrived for fact in facts.values())
            same = [uid for uid, fact in facts.items() if fact.arrived == last]
            position.since = last.isoformat()
            position.there = sorted(filter(None, self.server.message_ids(same).values()))
            if position.uid in facts:
                position.newest = facts[position.uid].arrived.isoformat()
        self.is_new = False

    def _last(self, selected: Selected) -> int:
        return max(self.server.uids(1, None, selected.exists), default=0)

    def _is_renumbered(self, selected: Selected) -> bool:
        position = self.position
        if selected.uidvalidity != position.uidvalidity:
            return True
        if selected.uidnext and selected.uidnext <= position.uid:
            return True
        if not position.newest:
            return False
        found = self.server.facts([position.uid]).get(position.uid)
        return found is not None and found.arrived != datetime.fromisoformat(position.newest)

    def _begin_again(self, selected: Selected) -> None:
        """From the first mail on, but only what arrived after we were connected and is not here yet."""
        old = self.position
        last = (selected.uidnext or self._last(selected) + 1) - 1
        self.position = Position(
            selected.uidvalidity, since=old.since, there=old.there, turn=old.turn + 1, mending=last
        )

    # -------------------------------------------------------------------------------------- taking

    def _take(self, selected: Selected) -> Iterator[Batch]:
        position = self.position
        if position.missed >= MOST_LATER:  # until those are had or recorded, there is no getting past them
            yield from self._try_again()
        last = position.until or (selected.uidnext - 1 if selected.uidnext else None)
        # two days for zones, and for clocks that are off
        day = (self.oldest - timedelta(days=2)).date() if self.oldest else None
        uids = self.server.uids(position.uid + 1, last, selected.exists, day)
        self.listed = self.handled + len(uids)
        for start in range(0, len(uids), LOOK):
            yield from self._look(uids[start : start + LOOK])
            if len(position.leaving) >= LEAVING:
                yield from self._leave()
        if position.careful:
            position.careful = False
            yield self._batch()

    def _look(self, uids: Sequence[int]) -> Iterator[Batch]:
        facts = self.server.facts(uids)
        wanted = self._wanted(uids, facts)
        for group in self._groups(wanted, facts):
            yield from self._fetch(group, facts)
        self.handled += len(uids) - len(wanted)
        if uids and uids[-1] > self.position.uid:  # the last ones are not wanted
            self._reach(uids[-1], facts)
            yield self._batch()

    def _wanted(self, uids: Sequence[int], facts: Mapping[int, Facts]) -> list[int]:
        """Without what is too old, was here before us, or is here under another number."""
        if self.oldest:
            return [uid for uid in uids if uid not in facts or facts[uid].arrived >= self.oldest]
        position = self.position
        doubtful = [uid for uid in uids if uid <= position.mending]
        if not doubtful:
            return list(uids)
        since = datetime.fromisoformat(position.since) if position.since else LONG_AGO
        later = [uid for uid in doubtful if uid not in facts or facts[uid].arrived >= since]
        names = self.server.message_ids(later) if later else {}
        pairs = {uid: (names.get(uid, ""), facts[uid].size) for uid in later if uid in facts}
        # what is to leave the mailbox is fetched anew: a name and a size are no reason to delete a mail
        named = [pair for pair in pairs.values() if pair[0]] if self.after == "keep" else []
        have = self.known.mails(named)

        def is_new(uid: int) -> bool:
            if uid not in pairs:
                return uid in later
            before = facts[uid].arrived == since and pairs[uid][0] in position.there
            return not before and pairs[uid] not in have

        return [uid for uid in uids if uid > position.mending or (uid in later and is_new(uid))]

    def _groups(self, uids: Sequence[int], facts: Mapping[int, Facts]) -> Iterator[list[int]]:
        group: list[int] = []
        size = 0
        for uid in uids:
            own = facts[uid].size if uid in facts else 0
            full = len(group) >= BATCH or size + own > BATCH_BYTES or self.position.careful
            if group and full:
                yield group
                group, size = [], 0
            group.append(uid)
            size += own
        if group:
            yield group

    def _fetch(self, uids: Sequence[int], facts: Mapping[int, Facts]) -> Iterator[Batch]:
        """One batch; if the server will not hand over several together, each by itself."""
        try:
            items = self._items(uids, facts)
        except Refused:
            if len(uids) > 1:
                for uid in uids:
                    yield from self._fetch([uid], facts)
                return
            items = []
        except ConnectError as problem:
            if problem.pause is None:
                self._doubt(uids, facts)
                yield self._batch()
            raise
        self._reach(uids[-1], facts)
        self.handled += len(uids)
        taken = {item.source: item for item in items}
        for uid in uids:
            if item := taken.get(self._source(uid)):
                self._kept(uid, item)
            else:
                self._missed(uid)
        yield self._batch(items)

    def _items(self, uids: Sequence[int], facts: Mapping[int, Facts]) -> list[Item]:
        """Those the server hands over; of one that is too large its headers."""
        small = [uid for uid in uids if not self._is_too_large(facts.get(uid))]
        bodies = self.server.bodies(small) if small else {}
        items = []
        for uid in uids:
            if uid in bodies:
                items.append(Item(bodies[uid], self._source(uid)))
            elif uid not in small:
                head = self.server.headers(uid) or b""
                items.append(Item(head, self._source(uid), TOO_LARGE, str(self.limit // 1_000_000)))
        return items

    def _is_too_large(self, fact: Facts | None) -> bool:
        return bool(self.limit and fact and fact.size > self.limit)

    def _doubt(self, uids: Sequence[int], facts: Mapping[int, Facts]) -> None:
        """The connection was lost over these: go on more carefully, and past a single one."""
        if len(uids) > 1:
            self.position.careful = True
        else:
            self._missed(uids[0])
            self._reach(uids[0], facts)

    def _reach(self, uid: int, facts: Mapping[int, Facts]) -> None:
        self.position.uid = uid
        self.position.newest = facts[uid].arrived.isoformat() if uid in facts else ""

    # ---------------------------------------------------------------------- what could not be fetched

    def _missed(self, uid: int) -> None:
        """It is tried again later. Raises ConnectError if it cannot be only this mail's fault."""
        if self.position.missed >= MOST_LATER:
            raise ConnectError(NOT_HANDED_OVER, self.name)
        self.position.missed += 1
        self._put_off(uid)

    def _put_off(self, uid: int) -> None:
        tries, _at = self.position.later.get(str(uid), [0, 0])
        self.position.later[str(uid)] = [tries + 1, time.time() + _pause(tries + 1)]

    def _tries(self) -> int:
        """How many are still waited for."""
        return sum(tries < KEPT for tries, _at in self.position.later.values())

    def _try_again(self) -> Iterator[Batch]:
        due = [int(uid) for uid, (tries, at) in self.position.later.items() if _is_over(at, _pause(tries))]
        for uid in due:
            try:
                item = None if self._is_gone(uid) else self._once_more(uid)
            except Refused:
                item = None
            except ConnectError as problem:
                if problem.pause is None:
                    self._put_off(uid)
                    yield self._batch()
                raise
            self._settle(uid, item)
            yield self._batch([item] if item else [])
        yield from self._leave()

    def next_try(self) -> float:
        """Seconds until something is due that could not be fetched."""
        moments = [at for _tries, at in self.position.later.values()]
        return max(1.0, min(moments) - time.time()) if moments else HOUR

    def _is_gone(self, uid: int) -> bool:
        """Somebody took it away, or it was never to be had: then we stop asking."""
        tries, _at = self.position.later[str(uid)]
        if tries == NOTHING:
            return False
        if tries > GIVEN_UP or not self.server.uids(uid, uid, 1):
            self.position.later.pop(str(uid))
            return True
        return False

    def _once_more(self, uid: int) -> Item | None:
        """The mail, or at last a record of it; nothing if it is to be tried another time."""
        tries, _at = self.position.later[str(uid)]
        if tries == NOTHING:
            return Item(b"", self._source(uid), UNFETCHED)
        if tries == HEADERS:
            head = self.server.headers(uid)
            return Item(head, self._source(uid), UNFETCHED) if head else None
        return next(iter(self._items([uid], self.server.facts([uid]))), None)

    def _settle(self, uid: int, item: Item | None) -> None:
        later = self.position.later
        if item is None and str(uid) in later:
            self._put_off(uid)
            return
        self.position.missed = 0
        if item and item.reason == UNFETCHED:
            later[str(uid)] = [KEPT, time.time() + HOUR]
        elif item:
            del later[str(uid)]
            self._kept(uid, item)

    def _kept(self, uid: int, item: Item) -> None:
        """What is here whole may leave there."""
        self.position.missed = 0
        if self.after != "keep" and not item.reason:
            self.position.leaving.append(uid)

    # ------------------------------------------------------------------------------- taking away, and out

    def _leave(self) -> Iterator[Batch]:
        """Move or delete what is kept. What a crash left undone is done now: to do it twice does no harm."""
        position = self.position
        while position.leaving:
            some = position.leaving[:LEAVING]
            try:
                if self.after == "move":
                    self.server.move(some, self.target)
                else:
                    self.server.delete(some)
            except Refused as problem:
                raise ConnectError(NOT_TAKEN_AWAY, str(problem), permanent=True) from problem
            position.leaving = position.leaving[LEAVING:]
            yield self._batch()

    def _source(self, uid: int) -> str:
        """``INBOX/1239278212/4711``; after a change of the numbering ``INBOX/1239278212.1/4711``."""
        folder = self.name
        if len(folder) > 200:
            folder = hashlib.blake2b(folder.encode(), digest_size=16).hexdigest()
        turn = f".{self.position.turn}" if self.position.turn else ""
        return f"{folder}/{self.position.uidvalidity}{turn}/{uid}"

    def _batch(self, items: Sequence[Item] = ()) -> Batch:
        return Batch(tuple(items), self.position.as_cursor(), self.name, self.listed, self.handled)


def _pause(tries: float) -> float:
    """Seconds between the last of so many tries and the next."""
    return PATIENCE[int(tries) - 1] if tries <= len(PATIENCE) else HOUR if tries >= KEPT else 0.0


def _is_over(at: float, pause: float) -> bool:
    """Also one that ends further off than it lasts: a clock that was ahead began it."""
    return not time.time() < at <= time.time() + pause
