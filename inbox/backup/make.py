"""Write the backup, while Prosa runs: the database as it was at one moment, then the files.

Files are only ever added, so those that the database names are there once it has been read.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, Engine, select
from sqlalchemy.pool import NullPool

from inbox import engines, migrate, vault
from inbox.backup import Refused, archive, tables
from inbox.backup.archive import Manifest
from inbox.config import settings


def make(path: Path, with_secret: bool = False) -> tuple[Path, Manifest]:
    """Write a backup to this file, or under a name of its own into this folder.

    Under another name until it is whole and on the disk. Raises Refused.
    """
    moment = datetime.now(UTC)
    target = path / f"prosa-{moment:%Y-%m-%dT%H%M%SZ}.tar" if path.is_dir() else path
    if target.exists():
        raise Refused(f"{target} is there already: name another file, or a folder")
    if not target.parent.is_dir():
        raise Refused(f"{target.parent} is no folder")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".prosa-backup-") as folder:
        snapshot, whole = Path(folder) / archive.DATABASE, Path(folder) / "whole.tar"
        manifest = _snapshot(snapshot, moment)
        manifest.with_secret = with_secret
        with tarfile.open(whole, "w", format=tarfile.PAX_FORMAT) as tar:
            manifest.database, _ = archive.add_file(tar, archive.DATABASE, snapshot)
            _add_files(tar, manifest, _named_files(snapshot))
            if with_secret:
                archive.add(tar, archive.SECRET, settings().secret)
            archive.add(tar, archive.MANIFEST, manifest.written())
        whole.chmod(0o600)
        sync(whole)
        whole.replace(target)
        sync(target.parent)
    return target, manifest


def key_mark() -> str:
    """By which two secrets are known to be the same."""
    return vault.derived(b"backup").hex()[:16]


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ------------------------------------------------------------------------------------------- database


def _snapshot(to: Path, moment: datetime) -> Manifest:
    engine = engines.make(settings().database_url)
    try:
        kind = engine.dialect.name
        revision = migrate.current(engine)
        if revision is None:
            raise Refused("there is nothing to back up yet: the database is empty")
        if revision != migrate.head():
            raise Refused(
                f"the database is at {revision}, not at {migrate.head()}: back it up with the version of "
                "Prosa that it belongs to, or run `python -m inbox migrate` first"
            )
        _copy_sqlite(engine, to) if kind == "sqlite" else _copy_postgres(engine, to)
    finally:
        engine.dispose()
    with reading(to) as connection:
        summed = tables.sums(connection)
    return Manifest(made_at=moment.isoformat(), revision=revision, origin=kind, key=key_mark(), tables=summed)


def _copy_sqlite(engine: Engine, to: Path) -> None:
    """By SQLite's own backup, which sees one moment and stops no writer."""
    module = engines.sqlite_module()
    source, target = module.connect(engine.url.database, timeout=10), module.connect(str(to))
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, whole in itself
        if (said := target.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise Refused(f"the database is damaged: {said}; ask `python -m inbox doctor`")
    finally:
        target.close()
        source.close()


def _copy_postgres(engine: Engine, to: Path) -> None:
    """Every table in one transaction that sees one moment."""
    portable = engines.make(f"sqlite:///{to}")
    try:
        migrate.upgrade(portable)
        with (
            tables.reading(engine, isolation_level="REPEATABLE READ") as source,
            portable.connect() as target,
            tables.in_any_order(target),
        ):
            tables.copy_all(source, target)
            target.commit()
        with portable.connect() as target:
            target.connection.driver_connection.execute("PRAGMA journal_mode=DELETE")  # type: ignore[union-attr]
    finally:
        portable.dispose()


# ---------------------------------------------------------------------------------------------- files


def files_root() -> Path:
    return Path(unquote(urlsplit(settings().files_url).path))


def _named_files(snapshot: Path) -> set[str]:
    """Every file that a row points at: columns called ``sha256`` do."""
    found: set[str] = set()
    with reading(snapshot) as connection:
        for table in tables.of(connection).values():
            for column in table.columns:
                if column.name.endswith("sha256"):
                    named = select(column).where(column.is_not(None), column != "")  # "": its time was over
                    found |= set(connection.scalars(named.distinct()))
    return found


def _add_files(tar: tarfile.TarFile, manifest: Manifest, named: set[str]) -> None:
    there: set[str] = set()
    damaged: set[str] = set()
    for path in sorted(files_root().glob("??/*")):
        name = f"files/{path.parent.name}/{path.name}"
        if not archive.STORED.fullmatch(name):
            continue
        try:
            sha256, size = archive.add_file(tar, name, path)
        except FileNotFoundError:  # erased meanwhile
            continue
        manifest.files += 1
        manifest.size += size
        (there if sha256 == path.name else damaged).add(path.name)
    manifest.missing = sorted(damaged | named - there)


def reading(path: Path) -> AbstractContextManager[Connection]:
    return tables.reading(engines.make(f"sqlite:///{path}", poolclass=NullPool))
