"""The file itself: a tar with the database, the files, perhaps the key, and last of all the manifest.

A file that ends early has no manifest, and names the manifest does not allow are refused, so nothing of it
can be put where it does not belong.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from inbox.backup import Refused
from inbox.backup.tables import Sum

VERSION = 1
DATABASE, SECRET, MANIFEST = "prosa.db", "secret", "manifest.json"
STORED = re.compile(r"files/([0-9a-f]{2})/(\1[0-9a-f]{62})")
CHUNK = 1 << 20


@dataclass(slots=True)
class Manifest:
    """What a backup says of itself."""

    made_at: str
    revision: str
    """The migration its database is at."""
    origin: str
    """``sqlite`` or ``postgresql``: where it was read from."""
    key: str
    """By which the right secret is known, and which tells nothing of it."""
    database: str = ""
    """The SHA-256 of its database."""
    tables: dict[str, Sum] = field(default_factory=dict)
    files: int = 0
    size: int = 0
    """Of all files together, in bytes."""
    missing: list[str] = field(default_factory=list)
    """Files that a row names and the store did not have, or had damaged."""
    with_secret: bool = False
    version: int = VERSION

    @classmethod
    def read(cls, text: bytes) -> Self:
        told = json.loads(text)
        if told.get("version") != VERSION:
            raise Refused(f"the backup is of version {told.get('version')}, and this Prosa reads {VERSION}")
        told["tables"] = {name: Sum(**values) for name, values in told["tables"].items()}
        return cls(**told)

    def written(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = _member(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def add_file(tar: tarfile.TarFile, name: str, path: Path) -> tuple[str, int]:
    """Put a file in as it is read, and return the SHA-256 and the size of what was read."""
    with path.open("rb") as file:
        member = _member(name)
        member.size = path.stat().st_size
        read = _Hashing(file)
        tar.addfile(member, read)
    return read.sha256.hexdigest(), member.size


def _member(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.mtime = 0o600, int(time.time())
    return member


class _Hashing(io.RawIOBase):
    """Sums up what is read through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.sha256 = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self.file.read(size)
        self.sha256.update(chunk)
        return chunk


# -------------------------------------------------------------------------------------------- reading


class Archive:
    """A backup that is open for reading. Everything raises Refused where it is not what it should be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with ExitStack() as undo:
            try:
                self.tar = undo.enter_context(tarfile.open(path, "r:"))
                self.members = {member.name: member for member in self.tar}
                self.manifest = Manifest.read(self.content(MANIFEST))
            except (OSError, tarfile.TarError, EOFError) as problem:
                raise Refused(f"{path} cannot be read: {problem}") from None
            except (KeyError, ValueError, TypeError):
                raise Refused(f"{path} is no backup of Prosa, or its end is missing") from None
            self._look_for_strangers()
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tar.close()

    def _look_for_strangers(self) -> None:
        for member in self.members.values():
            known = member.name in (DATABASE, SECRET, MANIFEST) or STORED.fullmatch(member.name)
            if not known or not member.isreg():
                raise Refused(f"{self.path} holds {member.name!r}, which no backup of Prosa does")

    def content(self, name: str) -> bytes:
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        file: IO[Any] | None = self.tar.extractfile(self.members[name])
        assert file is not None
        while chunk := file.read(CHUNK):
            yield chunk

    def extract(self, name: str, to: Path) -> str:
        """Write it there, and return its SHA-256."""
        sha256 = hashlib.sha256()
        with to.open("xb") as file:
            for chunk in self.chunks(name):
                sha256.update(chunk)
                file.write(chunk)
        to.chmod(0o600)
        return sha256.hexdigest()

    def stored(self) -> list[str]:
        """The SHA-256 of every file in it."""
        return [found[2] for name in self.members if (found := STORED.fullmatch(name))]
