"""What a process asked the system for, in its order: whether bytes were on the disk when it said so.

``with Trace(pid, folder) as trace: …`` watches a process and its threads; ``trace.calls`` is read afterwards.
``unsynced`` says what of them a power cut would have undone.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

WATCHED = (
    "openat,write,pwrite64,writev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,"
    "sendto,sendmsg,recvfrom,recvmsg,read"
)
LINE = re.compile(r"^\d+\s+(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$")
PATH = re.compile(r"^\d+<([^>]*)>")
NAMES = re.compile(r'"((?:[^"\\]|\\.)*)"')
PASSING = ("-shm", "-journal")
"""Ends of names that mean nothing after a power cut."""


@cache
def missing() -> str:
    """Why processes cannot be watched here; empty if they can."""
    if sys.platform != "linux" or not shutil.which("strace"):
        return "no strace (Debian: apt install strace): what is synced when is not looked at"
    sleeper = subprocess.Popen(["sleep", "5"])
    try:
        watching = subprocess.run(
            ["timeout", "1", "strace", "-p", str(sleeper.pid)], capture_output=True, text=True, check=False
        )
    finally:
        sleeper.kill()
        sleeper.wait()
    return "" if "attached" in watching.stderr else "strace may not watch other processes here (ptrace)"


@dataclass(frozen=True)
class Call:
    """One that succeeded: its name, the file or socket it was about, and what it said."""

    name: str
    about: str
    said: str
    line: str = ""
    """What strace wrote of it: all of it for a name, else the end."""


class Trace:
    """``*others`` are written into the same file, in the order of their calls."""

    def __init__(
        self, pid: int, folder: Path, *others: int, watched: str = WATCHED, longest: int = 400
    ) -> None:
        self.pid, self.file = pid, folder / f"trace-{pid}"
        self.others, self.watched, self.longest = others, watched, longest
        self.strace: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.strace = subprocess.Popen(
            ["strace", "-f", "-y", "-s", str(self.longest), "-e", f"trace={self.watched}",
             "-o", str(self.file), *(word for pid in self.others for word in ("-p", str(pid))),
             "-p", str(self.pid)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while not self._is_attached() and time.monotonic() < deadline:
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.strace
        with contextlib.suppress(ProcessLookupError):
            self.strace.send_signal(signal.SIGINT)
        self.strace.wait(30)

    def _is_attached(self) -> bool:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return "TracerPid:\t0\n" not in status

    @property
    def calls(self) -> list[Call]:
        return list(read(self.file.read_text(errors="replace").splitlines()))


def read(lines: Iterable[str]) -> Iterable[Call]:
    """A call that waited while another thread made one is told in two lines: it happened when it ended."""
    begun: dict[tuple[str, str], str] = {}
    for line in lines:
        thread = line.split(" ", 1)[0]
        found = LINE.match(line)
        if not found:
            continue
        name, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[thread, name] = rest.removesuffix("<unfinished ...>")
            continue
        if " resumed>" in line:
            rest = begun.pop((thread, name), "") + rest
        if " = -1 " in rest or " = ?" in rest:
            continue
        about = PATH.match(rest)
        names = NAMES.findall(rest)
        if name.startswith("rename"):
            yield Call(name, names[1] if len(names) > 1 else "", names[0] if names else "")
        elif name == "openat":
            yield Call(name, names[0] if names else "", rest, rest)
        else:
            yield Call(name, about[1] if about else "", names[0] if names else "", rest[-60:])


def unsynced(calls: Iterable[Call], folder: Path) -> set[str]:
    """Files and folders below this one that a power cut would leave other than they were made."""
    dirty: set[str] = set()
    for call in calls:
        if not call.about.startswith(f"{folder}/") and call.about != str(folder):
            continue
        if call.about.endswith(PASSING):
            continue
        if call.name in ("write", "pwrite64", "writev", "ftruncate"):
            dirty.add(call.about)
        elif call.name in ("fsync", "fdatasync"):
            dirty.discard(call.about)
        elif call.name.startswith("rename"):
            if call.said in dirty:
                dirty.remove(call.said)
                dirty.add(call.about)
            dirty |= {str(Path(name).parent) for name in (call.about, call.said)}
    return dirty


def until(calls: list[Call], name: str, said: str, after: int = 0) -> int:
    """Where a call of these names said this first, from there on."""
    for at, call in enumerate(calls[after:], after):
        if call.name.startswith(name) and said in call.said:
            return at
    raise AssertionError(f"no {name} with {said!r} among {len(calls)} calls")
