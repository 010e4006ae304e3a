"""What ``make check`` asks of speed: is a mail still near its floor, is anything slower than it was?

Two versions run side by side, this one and the last release, each in a process of its own with a database of
its own (``benchmarks/probe.py``), and answer in turns, a block at a time: a slow minute of the machine hits
both. Only ratios of neighbouring blocks are judged, by their median; absolute times never are. What fails is
measured twice more, and fails if it fails every time.
"""

from __future__ import annotations

import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.databases import DATABASES, Absent, empty
from benchmarks.mails import varied

ROOT = Path(__file__).resolve().parent.parent
PROBE = Path(__file__).with_name("probe.py")

FLOOR = {"sqlite": 11.0, "postgresql": 9.5}
"""So many times the floor may taking in a mail take."""

MARGIN = 1.25
"""So much may a ratio exceed what it should be before it is called a regression: these machines are noisy."""

WARM, BLOCKS, TIMES = 3, 6, 3
MEASURES = ("ingest", "list", "page", "search")


@dataclass(frozen=True)
class Ratio:
    """One thing beside another, measured in neighbouring blocks of one run."""

    what: str
    beside: str
    values: tuple[float, ...]
    limit: float

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_a_regression(self) -> bool:
        return self.median > self.limit * MARGIN

    def __str__(self) -> str:
        word = "SLOWER" if self.is_a_regression else "ok"
        return (
            f"{word:7} {self.what:20} {self.median:5.2f} times {self.beside} "
            f"({min(self.values):.2f} to {max(self.values):.2f}; fails above {self.limit * MARGIN:.2f})"
        )


class Version:
    """A tree that answers how long it took."""

    def __init__(self, tree: Path, mails: Path, url: str, folder: Path) -> None:
        folder.mkdir()
        command = [sys.executable, str(PROBE), str(tree), str(mails), url, str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin and self.process.stdout
        self.says, self.hears = self.process.stdin, self.process.stdout

    def __enter__(self) -> Self:
        try:
            self._answer()
            self.ask("fill", WARM)
        except Incomparable:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.says.close()
        self.process.wait(20)
        self.hears.close()

    def ask(self, measure: str, block: int) -> float:
        """Seconds."""
        self.says.write(f"{measure} {block}\n")
        self.says.flush()
        return float(self._answer())

    def _answer(self) -> str:
        answer = self.hears.readline().strip()
        if not answer:
            raise Incomparable(f"its probe ended with {self.process.wait(20)}")
        return answer.replace("ready", "0")


class Incomparable(Exception):
    """This version cannot be asked; the text says why."""


# ------------------------------------------------------------------------------------------- the last release


def last_release() -> str:
    """Its tag; without tags (an archive, a shallow clone) the commit whose changelog named it; else ''."""
    if tag := _git("describe", "--tags", "--abbrev=0", "--match", "v*"):
        return tag
    named = _git("log", "--format=%H", "--reverse", "-S## [0.", "--", "CHANGELOG.md").split()
    return named[-1] if named else ""


def _git(*words: str) -> str:
    if not shutil.which("git"):
        return ""
    said = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() if said.returncode == 0 else ""


def unpack(release: str, folder: Path) -> Path:
    """The release's tree, with the front end that is built here: pages only name its files."""
    tree = subprocess.run(["git", "archive", release], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(tree)) as archive:
        archive.extractall(folder, filter="data")
    (folder / "static" / "build").symlink_to(ROOT / "static" / "build")
    return folder


# -------------------------------------------------------------------------------------------------- measuring


def measured(kind: str, release: str) -> list[Ratio]:
    """This version beside the floor and beside the release, on one kind of database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        mails = _written(folder / "mails")
        here = stack.enter_context(_version(kind, ROOT, mails, folder / "here"))
        beside_floor = _beside_floor(here, kind)
        if not release or kind != "sqlite":
            return [beside_floor]
        tree = unpack(release, folder / "tree")
        try:
            there = stack.enter_context(_version(kind, tree, mails, folder / "there"))
        except Incomparable as why:
            print(f"{release} is not compared with: {why}")
            return [beside_floor]
        return [beside_floor, *_beside_release(here, there, release)]


def _beside_floor(here: Version, kind: str) -> Ratio:
    blocks = range(WARM, WARM + BLOCKS)
    values = tuple(here.ask("ingest", block) / here.ask("floor", block) for block in blocks)
    here.ask("check", WARM + BLOCKS)
    return Ratio(f"ingest, {kind}", "the floor", values, FLOOR[kind])


def _beside_release(here: Version, there: Version, release: str) -> Iterator[Ratio]:
    for block in range(WARM, WARM + BLOCKS):  # both hold the same mails before any page is asked for
        there.ask("ingest", block)
    for measure in MEASURES:
        blocks = range(WARM + BLOCKS, WARM + 2 * BLOCKS)
        values = tuple(here.ask(measure, block) / there.ask(measure, block) for block in blocks)
        yield Ratio(measure, release[:12], values, 1.0)
    for version in (here, there):
        version.ask("check", WARM + 2 * BLOCKS)


@contextmanager
def _version(kind: str, tree: Path, mails: Path, folder: Path) -> Iterator[Version]:
    with empty(kind, folder.with_suffix(".db")) as url, Version(tree, mails, url, folder) as version:
        yield version


def _written(folder: Path) -> Path:
    folder.mkdir()
    for number, mail in enumerate(varied((WARM + 2 * BLOCKS) * 20)):
        (folder / f"{number:05}.eml").write_bytes(mail)
    return folder


# ---------------------------------------------------------------------------------------------------- verdict


def main() -> int:
    release = last_release()
    if not release:
        print("no release is known here: only the floor is compared with")
    return max(_judged(kind, release) for kind in DATABASES)


def _judged(kind: str, release: str) -> int:
    slower: set[str] = set()
    for time in range(TIMES):
        try:
            ratios = measured(kind, release)
        except Absent as why:
            print(f"skipped: {why}")
            return 0
        found = {ratio.what for ratio in ratios if ratio.is_a_regression}
        slower = found if time == 0 else slower & found
        print("\n".join(map(str, ratios)), flush=True)
        if not slower:
            return 0
    print(
        f"Slower {TIMES} times out of {TIMES}: {', '.join(sorted(slower))}. Mend it, or say in "
        "docs/benchmarks.md why it must be and raise the limit in benchmarks/regressions.py."
    )
    return 1


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
