"""Prosa on either database: its intake in a standing process, and a whole house that serves the pages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.rivals.letters import COMMON, LONG, SHORT, Facts, Letter, conversation_in, conversations_in
from benchmarks.rivals.product import HUNDRED, LIST, SEARCH, Product, Took, ended, must, must_show_letters
from benchmarks.rivals.web import Browser
from inbox import lifeline
from tests.house import House, wait_for

ROOT = Path(__file__).resolve().parents[2]
ROWS = 50
"""What its list shows at once."""

WARM = 6
"""Mails that a process takes in before it is timed: the first ones also make what all others find made."""


class Prosa(Product):
    """Threads by In-Reply-To and References."""

    rival = False

    def __init__(self, folder: Path, kind: str, database: str = "") -> None:
        super().__init__(folder)
        self.name = f"Prosa, {kind}"
        # one customer of a hundred letters in ten minutes is a flood, which a person would have to let in
        self.house = House(folder, database=database, PROSA__MAIL__FLOOD_LIMIT="1000000")
        self.inbox = folder / "brought"
        self.inbox.mkdir()
        self.worker: subprocess.Popen[str] | None = None
        self.numbers: dict[int, int] = {}
        self.browser = Browser(self.house.port)

    def set_up(self) -> None:
        self.house.start()
        self.house.set_up()
        self.house.stop()
        self._hire()

    def bring(self, letters: Sequence[Letter]) -> None:
        for place, letter in enumerate(letters):
            (self.inbox / f"{place:06}.eml").write_bytes(letter.raw())

    def take_in(self) -> Took:
        answer = self._asked(f"take {self.inbox}")
        return Took(answer["seconds"], answer["cpu"])

    def _asked(self, command: str) -> dict[str, float]:
        assert self.worker and self.worker.stdin and self.worker.stdout
        self.worker.stdin.write(command + "\n")
        self.worker.stdin.flush()
        if not (line := self.worker.stdout.readline()):
            must(False, self, f"its worker died: {(self.folder / 'worker.log').read_text()[-2000:]}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def _hire(self) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PROSA")}
        us = os.getpid()
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.rivals.intake"],
            cwd=ROOT,
            env=inherited | self.house.variables,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "worker.log").open("w"),
            preexec_fn=(lambda: lifeline.die_with(us)) if sys.platform == "linux" else None,  # noqa: PLW1509
        )

    def facts(self) -> Facts:
        said = self._asked(f"facts {COMMON}")
        letters = {int(one): n for one, n in said.pop("letters").items()}  # type: ignore[attr-defined]
        return Facts(letters, **said)  # type: ignore[arg-type]

    def serve(self) -> None:
        self._dismiss()
        self.house.start()
        cookies = self.house.http.cookies
        self.browser.cookies = {cookie.name: cookie.value or "" for cookie in cookies}
        with self.house.rows() as rows:
            named = rows("SELECT id, subject FROM ticket")
        self.numbers = {conversation_in(subject): number for number, subject in named}
        self.page(LIST)

    def page(self, name: str) -> str:
        if name == LIST:
            return self.browser.get("/views/unassigned")
        if name == SEARCH:
            return self.browser.get(f"/search?q={COMMON}")
        return self._whole(self.numbers[LONG if name == HUNDRED else SHORT])

    def _whole(self, number: int) -> str:
        """The page with the newest fifty, and all that *Show earlier* brings, until there is no more."""
        page = self.browser.get(f"/views/unassigned/tickets/{number}")
        earlier = _earlier(page)
        while earlier:
            more = self.browser.get(f"/tickets/{number}/_turns?before={earlier}")
            page, earlier = page + more, _earlier(more)
        return page

    def check(self, name: str, text: str) -> None:
        if name in (LIST, SEARCH):
            n = len(self.numbers) if name == LIST else sum(map(_has_common, self.numbers))
            shown = conversations_in(text)
            must(len(shown) == min(n, ROWS), self, f"{name}: {len(shown)} rows")
            must(
                name == LIST or all(map(_has_common, shown)),
                self,
                f"{name}: found what does not hold the word",
            )
        else:
            must_show_letters(self, name, text)

    def asides(self, letters: Sequence[Letter]) -> Iterator[str]:
        """What has no counterpart among the rivals."""
        for path, said in self._besides():
            times = sorted(_timed(self.browser, path) for _ in range(20))
            yield f"{self.name}: {path.split('?')[0]}: {1000 * times[10]:.1f} ms ({said})"
        half = len(letters) // 2
        n = half - WARM
        took = self.each(letters[:half])
        yield (
            f"{self.name}: {1000 * took.seconds / n:.1f} ms a mail, each done before the next "
            f"is kept, {1000 * took.cpu / n:.1f} ms of processor time"
        )
        self.over_smtp(letters[half : half + WARM])
        took = self.over_smtp(letters[half + WARM : 2 * half])
        yield (
            f"{self.name}: {1000 * took.seconds / n:.1f} ms a mail from SMTP until its workers "
            f"have done all, {1000 * took.cpu / n:.1f} ms of processor time of the whole house"
        )

    def _besides(self) -> Iterator[tuple[str, str]]:
        """What the screen asks for beside whole pages."""
        for conversation, words in ((SHORT, "of 3 messages"), (LONG, "of 100")):
            pane = f"/tickets/{self.numbers[conversation]}/_pane?view=unassigned"
            yield pane, f"{words}: a click in the list draws this instead of the page"
        yield f"/tickets/{self.numbers[LONG]}/_presence", "asked for after a ticket's page is drawn"

    def each(self, letters: Sequence[Letter]) -> Took:
        """One after the other, by a process that does nothing else; the first few are not timed."""
        self._hire()
        answer = {"seconds": 0.0, "cpu": 0.0}
        for some in (letters[:WARM], letters[WARM:]):
            self.bring(some)
            answer = self._asked(f"each {self.inbox}")
        self._dismiss()
        return Took(answer["seconds"], answer["cpu"])

    def over_smtp(self, letters: Sequence[Letter]) -> Took:
        """From the first byte at the listener until the house's workers have done all, bells included."""
        began, before = time.perf_counter(), self._cpu()
        self.house.deliver(*(letter.raw() for letter in letters))
        undone = (
            "SELECT (SELECT count(*) FROM payload WHERE state = 'new')"
            " + (SELECT count(*) FROM handling WHERE handled_at IS NULL)"
        )
        wait_for(lambda: self.house.count(undone) == 0, 120, self.house.said)
        return Took(time.perf_counter() - began, self._cpu() - before)

    def _cpu(self) -> float:
        times = [process.cpu_times() for process in self.house.family()]
        return sum(one.user + one.system for one in times)

    def stop(self) -> None:
        self._dismiss()
        self.browser.close()
        self.house.stop()

    def _dismiss(self) -> None:
        if self.worker and self.worker.stdin and self.worker.stdout:
            self.worker.stdin.close()
            ended(self.worker)
            self.worker.stdout.close()
        self.worker = None


def _timed(browser: Browser, path: str) -> float:
    began = time.perf_counter()
    browser.get(path)
    return time.perf_counter() - began


def _earlier(page: str) -> str:
    found = re.search(r'data-do="earlier" data-before="([^"]+)"', page)
    return found[1] if found else ""


def _has_common(conversation: int) -> bool:
    return Letter(conversation, 0, 1).has_common
