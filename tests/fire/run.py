"""One run: a house, its servers, who writes to it, who works in it, and what is done to it."""

from __future__ import annotations

import contextlib
import os
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import requests
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inbox import config, db, files
from inbox.models import Account, Installation
from tests.fire import letters, servers
from tests.fire.browser import Browser
from tests.fire.clock import Clock
from tests.fire.cluster import Cluster
from tests.fire.disk import Disk
from tests.fire.faults import Fault, in_turn
from tests.fire.faults import every as every_fault
from tests.fire.ledger import Ledger, incoming
from tests.fire.plan import Letter, Plan, Task
from tests.fire.screen import Screen
from tests.fire.soak import Watch
from tests.house import House

UNDO_SECONDS = 3
SENDERS, AGENTS, SCREENS = 3, 2, 2
FAR = 4 * 3600.0
"""Seconds that pass at the end, where the clock is ours: nobody need wait for what is tried again later."""
STILL, PATIENCE = 8.0, 90.0
"""After so many seconds in which nothing moved they pass; and after how many it never will."""

WAITS = {
    "mails to be read": "SELECT count(*) FROM payload WHERE state = 'new'",
    "messages to leave": "SELECT count(*) FROM message WHERE state IN ('queued', 'sending', 'unconfirmed')",
    "notices to be pushed": "SELECT count(*) FROM push",
    "surveys to be asked": "SELECT count(*) FROM survey WHERE state = 'waiting'",
    "events to be looked at": "SELECT count(*) FROM handling WHERE handled_at IS NULL AND attempts < 5",
    "conversations to be counted": "SELECT count(*) FROM ticket WHERE figured <> version",
}
"""What must become nothing before anything is compared."""


@dataclass
class Run:
    plan: Plan
    folder: Path
    say: Callable[[str], None]
    ledger: Ledger = field(default_factory=Ledger)
    left: dict[str, int] = field(default_factory=dict)
    """What still waited when patience ended."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Faults that cannot be had here, and why."""
    trouble: list[BaseException] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """Faults that had their turn and found nothing to strike."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            megabytes = 300 + self.plan.mails // 5 + (400 if self.plan.database == "postgresql" else 0)
            self.disk = stack.enter_context(Disk(self.folder / "disk", megabytes))
            self.cluster = self._cluster(stack)
            self.clock = Clock(self.folder, self.ledger)
            self.chosen = self._chosen()
            clock = self.clock.variables if "clock" in {fault.name for fault in self.chosen} else {}
            self.peers = [stack.enter_context(peer) for peer in servers.every(self.ledger)]
            known = {name: value for peer in self.peers for name, value in peer.variables().items()}
            self.house = stack.enter_context(
                House(
                    self.disk.folder / "house",
                    self.cluster.url if self.cluster else "",
                    PROSA__OUTBOX__UNDO_SECONDS=str(UNDO_SECONDS),
                    # long enough that only a mishap breaks a delivery off, however slow the machine
                    PROSA__OUTBOX__LEASE_SECONDS="20",
                    # those who sent what cannot be read are one sender, and this is no flood
                    PROSA__MAIL__FLOOD_LIMIT=str(max(50, self.plan.mails)),
                    **known,
                    **clock,
                )
            )
            self.is_ours = bool(clock)
            stack.enter_context(self._inside())
            self._connect()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def _cluster(self, stack: ExitStack) -> Cluster | None:
        if self.plan.database == "sqlite":
            return None
        return stack.enter_context(Cluster(self.disk.folder / "cluster"))

    def _chosen(self) -> list[Fault]:
        chosen = []
        for fault in every_fault():
            if self.plan.faults and fault.name not in self.plan.faults:
                continue
            if why := fault.missing(self):
                self.skipped[fault.name] = why
            else:
                chosen.append(replace(fault, often=min(fault.often, self.plan.often)))
        return chosen

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """This process reads the house's database and files as one of its own would."""
        for name in [name for name in os.environ if name.startswith("PROSA_")]:
            del os.environ[name]  # as the house itself, which knows nothing of whoever started us
        os.environ.update({k: v for k, v in self.house.variables.items() if k.startswith("PROSA")})
        config.settings.cache_clear()
        now = config.settings()
        files.use(now.files_url)
        engine = db.connect(now.database_url)
        try:
            yield
        finally:
            db.session.remove()
            engine.dispose()

    def _connect(self) -> None:
        """The account knows the servers, and customers are asked how it was soon and each time."""
        with db.writing() as session:
            account = session.get_one(Account, 1)
            for peer in self.peers:
                peer.connect(account)
            house = session.get_one(Installation, 1)
            house.feedback = {"wait_minutes": 1 if self.is_ours else 0, "every_days": 0}
        for peer in self.peers:
            peer.meet(self.house)

    # ------------------------------------------------------------------------------------- what happens

    def burn(self) -> None:
        """Everything at once, until all is sent and said and every fault had its turn, or the time is over;
        then until it is quiet."""
        self.over, self.all_struck = threading.Event(), threading.Event()
        self.ends = time.monotonic() + self.plan.minutes * 60
        screens = [Screen(self.house) for _ in range(SCREENS)]
        self.screens = screens
        self.began = time.monotonic()
        self.watch = Watch(self.house, self.plan.minutes * 60) if self.plan.soak else None
        if self.watch:
            self.watch.start()
        work = [*self._senders(), *self._agents()]
        mishaps = self._thread(self._mishaps)
        for thread in (*screens, *work, mishaps):
            thread.start()
        for thread in work:
            thread.join(max(0.0, self.ends - time.monotonic()))
        self.all_struck.wait(max(0.0, self.ends - time.monotonic()))
        self.over.set()
        if self.watch:
            self.watch.ended.set()
        mishaps.join()
        for thread in work:
            thread.join(60)
        self._behave()
        self._bring_last()
        self.settle()
        for screen in screens:
            screen.ended.set()
            screen.join(10)

    def _thread(self, run: Callable[..., None], *arguments: Any) -> threading.Thread:
        def safely() -> None:
            try:
                run(*arguments)
            except BaseException as problem:
                self.trouble.append(problem)

        return threading.Thread(target=safely, daemon=True)

    def _senders(self) -> list[threading.Thread]:
        waiting: queue.SimpleQueue[Letter] = queue.SimpleQueue()
        for letter in self.plan.letters():
            waiting.put(letter)
        return [self._thread(self._send, waiting) for _ in range(SENDERS)]

    def _send(self, waiting: queue.SimpleQueue[Letter]) -> None:
        bringers = [peer for peer in self.peers if peer.brings]
        with contextlib.suppress(queue.Empty):
            while not self.over.is_set():
                letter = waiting.get_nowait()
                self.over.wait(max(0.0, self.began + letter.number * self.plan.pace - time.monotonic()))
                body = letters.bytes_of(letter, answers=self._answered(letter))
                ways = [bringers[letter.route % len(bringers)]]
                if letter.kind == "twice":
                    ways *= 2
                elif letter.kind == "both":
                    ways.append(bringers[(letter.route + 1) % len(bringers)])
                for way in ways:
                    way.bring(
                        incoming(letter.number), body, letters.sender(letter)[1], letter.kind == "poison"
                    )

    def _bring_last(self) -> None:
        """A house that takes nothing any more loses nothing either: each way brings one more mail."""
        bringers = [peer for peer in self.peers if peer.brings]
        for number, way in enumerate(bringers, start=self.plan.mails):
            letter = Letter(number, "plain", number, 0.0)
            words = incoming(number), letters.bytes_of(letter), letters.sender(letter)[1], False
            last = self._thread(way.bring, *words)
            last.start()
            last.join(PATIENCE)

    def _answered(self, letter: Letter) -> tuple[str, str] | None:
        """One of our mails that this one answers, and who got it."""
        if letter.kind != "answer":
            return None
        known = {d.message_id: d.to for d in list(self.ledger.deliveries) if d.to}
        return list(known.items())[int(letter.chance * len(known))] if known else None

    def _agents(self) -> list[threading.Thread]:
        tasks = self.plan.tasks()
        return [self._thread(self._work, tasks[n::AGENTS]) for n in range(AGENTS)]

    def _work(self, tasks: list[Task]) -> None:
        browser = Browser(self.house, self.ledger, self.over)
        # they are spread over the time in which the mails come
        share = self.plan.mails / max(1, self.plan.replies)
        for task in tasks:
            wanted = min(task.number * share, self.plan.mails * 0.95)
            while len(self.ledger.arrivals) < wanted and not self.over.is_set():
                time.sleep(0.05)
            if ticket := self._pick(task):
                browser.do(task, ticket)
            if self.over.is_set():
                return

    def _pick(self, task: Task) -> int:
        """A conversation that is there by now; to resolve one, one that was answered."""
        if task.kind == "resolve":
            answered = [
                e.ticket for e in list(self.ledger.errands.values()) if e.acknowledged and e.kind == "reply"
            ]
            return answered[int(task.chance * len(answered))] if answered else 0
        while not self.over.is_set():
            with contextlib.suppress(SQLAlchemyError, IndexError):
                ids = [row[0] for row in ask("SELECT id FROM ticket ORDER BY id")]
                return ids[int(task.chance * len(ids))]
            time.sleep(0.2)
        return 0

    def _mishaps(self) -> None:
        dice = self.plan.chance("mishaps")
        round_ = sum(fault.often for fault in self.chosen)
        for number, fault in enumerate(in_turn(self.chosen, dice)):
            if number == round_:
                struck = {mishap.kind for mishap in self.ledger.mishaps if mishap.detail}
                wanted = [one.name for one in self.chosen if not one.fleeting]
                self.missed = [name for name in wanted if name not in struck]
                self.all_struck.set()
            own = random.Random(dice.random())
            if self.over.wait(dice.uniform(*self.plan.pause)):
                return
            with self.ledger.mishap(fault.name) as mishap:
                mishap.detail = fault.strike(self, own)
            if mishap.detail:
                self.say(f"{fault.name}: {mishap.detail}")

    def wait_for_answer(self) -> None:
        while not self.over.wait(0.1):
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.house.url}/healthz", timeout=2).ok:
                    return

    # ------------------------------------------------------------------------------------- the end

    def _behave(self) -> None:
        self.disk.make_room()
        self.clock.put(0)
        for peer in self.peers:
            peer.behave()

    def settle(self) -> None:
        """Until nothing waits, or nothing moves, any more. Where the clock is ours, hours pass for what waits
        for its time."""
        moved, jumps, calm = time.monotonic(), 0, 0
        still = STILL * max(0.5, self.plan.scale)
        while calm < 3 and time.monotonic() - moved < PATIENCE:
            time.sleep(0.7)
            left = self._waiting()
            if left != self.left:
                moved = time.monotonic()
            self.left, calm = left, 0 if left else calm + 1
            if self.is_ours and left and jumps < 4 and time.monotonic() - moved > still:
                jumps, moved = jumps + 1, time.monotonic()
                with self.ledger.mishap("clock", "the end"):
                    self.clock.put(FAR * jumps)
        time.sleep(1.5)  # screens hear of the last change

    def _waiting(self) -> dict[str, int]:
        with contextlib.suppress(SQLAlchemyError):
            counted = {what: int(ask(sql)[0][0]) for what, sql in WAITS.items()}
            stored = {row[0] for row in ask("SELECT DISTINCT sha256 FROM payload")}
            counted["mails to be taken over"] = sum(
                bool(arrival.accepted and not arrival.sha256 & stored)
                for arrival in self.ledger.arrivals.values()
            )
            return {what: n for what, n in counted.items() if n}
        return {"the database": 1}


def ask(sql: str, **values: Any) -> list[Any]:
    """Look into the house's database, which the machine's other processes write."""
    with db.reading():
        return list(db.session.execute(text(sql), values).all())
