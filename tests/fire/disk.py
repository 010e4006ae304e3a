"""A small disk that can be filled: a tmpfs of our own, where we may mount one."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from pathlib import Path

MISSING = "only root on Linux can mount a small disk: it is never full"


class Disk:
    """``with Disk(folder, megabytes) as disk``: ``disk.room`` says whether it is one that can be filled."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder, self.megabytes, self.is_small = folder, megabytes, False
        self.ballast = folder / "ballast"

    def __enter__(self) -> Disk:
        self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            asked = [
                "mount",
                "-t",
                "tmpfs",
                "-o",
                f"size={self.megabytes}m,mode=0755",
                "prosa-fire",
                str(self.folder),
            ]
            self.is_small = os.geteuid() == 0 and subprocess.run(asked, capture_output=True).returncode == 0
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_small:
            self.make_room()
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True)

    def fill(self) -> None:
        """To the last byte."""
        block = b"\0" * (1 << 20)
        with self.ballast.open("ab", buffering=0) as file:
            while block:
                try:
                    if file.write(block) < len(block):
                        block = block[: len(block) // 2]
                except OSError as problem:
                    if problem.errno != errno.ENOSPC:
                        raise
                    block = block[: len(block) // 2]

    def make_room(self) -> None:
        self.ballast.unlink(missing_ok=True)
