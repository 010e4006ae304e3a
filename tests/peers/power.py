"""The disk as a power cut leaves it, made from what processes asked the system for (``strace``).

What was synced is there. Of what was written since, each sector is there or is not, and of what was made,
renamed and removed in a folder only the first so many; dice decide. No file system is kinder than that, none
that keeps its promises is crueller.
"""

from __future__ import annotations

import codecs
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.strace import PASSING, Call

WATCHED = (
    "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,"
    "mkdir,mkdirat,sendto,sendmsg,recvfrom"
)
LONGEST = 4_000_000
"""Bytes of one call that are written down: all of them."""

SECTOR = 512
OFFSET = re.compile(r", (\d+) ?\) += \d+$")


@dataclass
class File:
    """Its bytes on the disk, and what was done to them since they were last synced."""

    content: bytearray
    size: int
    since: list[tuple[int, bytes]] = field(default_factory=list)
    """From where on which bytes; without any it was cut off there."""

    def write(self, at: int, data: bytes) -> None:
        self.since.append((at, data))
        self.size = max(self.size, at + len(data)) if data else at

    def sync(self) -> None:
        for at, data in self.since:
            put(self.content, at, data)
        self.since.clear()

    def after_a_cut(self, dice: random.Random) -> bytes:
        content = bytearray(self.content)
        for at, data in self.since:
            for start in range(0, max(len(data), 1), SECTOR):
                if dice.random() < 0.5:
                    put(content, at + start, data[start : start + SECTOR])
        return bytes(content)


def put(content: bytearray, at: int, data: bytes) -> None:
    if not data:
        del content[at:]
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


class Disk:
    """A folder that was ``base`` when ``calls`` began. ``feed`` them, then ``cut`` the power."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder = str(folder)
        self.names: dict[str, File | None] = {}
        """As the processes see them; a folder has no bytes."""
        for path in sorted(base.rglob("*")):
            if path.is_dir() or path.is_file():
                name = f"{self.folder}/{path.relative_to(base)}"
                content = b"" if path.is_dir() else path.read_bytes()
                self.names[name] = None if path.is_dir() else File(bytearray(content), len(content))
        self.kept = dict(self.names)
        """As they stand on the disk."""
        self.since: dict[str, list[tuple[str, File | None, bool]]] = defaultdict(list)
        """By folder, which names were given, or taken away, since it was last synced."""

    def feed(self, calls: Iterable[Call]) -> None:
        for call in calls:
            self._feed(call)

    def _feed(self, call: Call) -> None:
        about = call.said if call.name in ("mkdir", "unlink", "mkdirat", "unlinkat") else call.about
        if not about.startswith(f"{self.folder}/") or about.endswith(PASSING):
            return
        match call.name:
            case "openat":
                self._open(about, call.line)
            case "mkdir" | "mkdirat":
                self._name(about, None)
            case "unlink" | "unlinkat":
                self._forget(about)
            case "rename" | "renameat" | "renameat2":
                self._name(about, self.names.get(call.said))
                self._forget(call.said)
            case "link" | "linkat":
                raise AssertionError(f"links are not known here: {call}")
            case "fsync" | "fdatasync":
                self._sync(about)
            case _:
                self._write(about, call)

    def _open(self, name: str, line: str) -> None:
        if "O_CREAT" in line and name not in self.names:
            self._name(name, File(bytearray(), 0))
        elif "O_TRUNC" in line and (file := self.names.get(name)):
            file.write(0, b"")

    def _write(self, name: str, call: Call) -> None:
        file = self.names.get(name)
        if file is None:
            return
        found = OFFSET.search(call.line)
        offset = int(found[1]) if found else 0
        data = codecs.escape_decode(call.said.encode("latin-1"))[0]
        assert isinstance(data, bytes) and (found or call.name == "write"), call.line
        if call.name == "ftruncate":
            file.write(offset, b"")
        elif call.name == "pwrite64":
            file.write(offset, data)
        elif data:  # only what is new is written so, from its beginning to its end
            file.write(file.size, data)

    def _name(self, name: str, file: File | None) -> None:
        self.names[name] = file
        self.since[name.rpartition("/")[0]].append((name, file, True))

    def _forget(self, name: str) -> None:
        file = self.names.pop(name, None)
        self.since[name.rpartition("/")[0]].append((name, file, False))

    def _sync(self, name: str) -> None:
        if file := self.names.get(name):
            file.sync()
        for change in self.since.pop(name, ()):
            apply(self.kept, change)

    def cut(self, into: Path, dice: random.Random) -> None:
        """What is found when the power is back, written there."""
        found = dict(self.kept)
        for changes in self.since.values():
            for change in changes[: dice.randint(0, len(changes))]:
                apply(found, change)
        written = {id(file): file.after_a_cut(dice) for file in found.values() if file}
        into.mkdir(parents=True)
        for name in sorted(found):
            path, file = into / name.removeprefix(f"{self.folder}/"), found[name]
            if not path.parent.is_dir() or name.endswith(PASSING):
                continue  # its folder is gone, and it with that
            if file is None:
                path.mkdir()
            else:
                path.touch(0o600)  # a secret that others may read is none
                path.write_bytes(written[id(file)])


def apply(names: dict[str, File | None], change: tuple[str, File | None, bool]) -> None:
    name, file, is_there = change
    if is_there:
        names[name] = file
    else:
        names.pop(name, None)
