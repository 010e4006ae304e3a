"""Put a backup back, into a place where nothing is, and leave it standing still (`inbox.quarantine`).

Everything is verified first. The database comes last and at once: whatever happens before, the place still
counts as empty and the same command goes on.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect

from inbox import db, engines, migrate, quarantine, search
from inbox.backup import Refused, tables
from inbox.backup.archive import DATABASE, SECRET, Archive, Manifest
from inbox.backup.make import files_root, key_mark, reading, sync
from inbox.config import settings
from inbox.supervisor import Trouble
from inbox.up import take_lock


def restore(path: Path, new_secret: bool = False) -> tuple[Manifest, int]:
    """The manifest, and how many messages are held for a person to decide. Raises Refused.

    ``new_secret``: go on although the one that the backup was made with is lost.
    """
    with Archive(path) as archive:
        manifest = archive.manifest
        if not migrate.is_known(manifest.revision):
            raise Refused(
                f"the backup is of a newer Prosa (its database is at {manifest.revision}): use that one"
            )
        try:
            lock = take_lock(settings().data_dir)
        except Trouble as problem:
            raise Refused(str(problem)) from None
        with lock, _at_hand(settings().database_url) as target:
            _must_be_empty(target, archive)
            _check_secret(manifest, new_secret)
            _check_files(archive)
            with tempfile.TemporaryDirectory(dir=settings().data_dir, prefix=".restoring-") as folder:
                staged = Path(folder) / DATABASE
                _check_database(archive, staged)
                _put_secret(archive)
                _put_files(archive)
                held = _still(staged, manifest)
                _put_database(staged, target)
        return manifest, held


@contextmanager
def _at_hand(url: str) -> Iterator[Engine]:
    engine = engines.make(url)
    try:
        yield engine
    finally:
        engine.dispose()


# ------------------------------------------------------------------------------------------- before


def _must_be_empty(target: Engine, archive: Archive) -> None:
    if target.dialect.name == "sqlite":
        if Path(target.url.database or "").exists():
            raise Refused(f"{target.url.database} is there already: restore into an empty data directory")
    elif names := inspect(target).get_table_names():
        raise Refused(f"the database is not empty (it has a table {names[0]}): restore into a fresh one")
    ours = {*archive.stored()}
    for found in files_root().glob("??/*"):
        if found.name not in ours:
            raise Refused(f"{files_root()} is not empty: restore into an empty data directory")


def _check_secret(manifest: Manifest, new_secret: bool) -> None:
    """Without the key, no sealed password opens and no signed address is believed."""
    path = settings().data_dir / "secret"
    if new_secret or (manifest.with_secret and not path.exists()):
        return
    wrong = (
        "is not the key of this backup" if path.exists() else "is missing, and the key is not in this backup"
    )
    if not path.exists() or key_mark() != manifest.key:
        raise Refused(
            f"{path} {wrong}: put the right one there, or say --new-secret and type every mailbox's password "
            "again"
        )


def _check_files(archive: Archive) -> None:
    """Each is what its name says, and none is missing that was not missing before."""
    manifest, stored, size = archive.manifest, archive.stored(), 0
    for name in stored:
        sha256 = hashlib.sha256()
        for chunk in archive.chunks(_member(name)):
            sha256.update(chunk)
            size += len(chunk)
        if sha256.hexdigest() != name and name not in manifest.missing:
            raise Refused(f"the backup is damaged: the file {name} is not what was put in")
    if (len(stored), size) != (manifest.files, manifest.size):
        raise Refused(f"the backup is damaged: it has {len(stored)} files instead of {manifest.files}")


def _check_database(archive: Archive, staged: Path) -> None:
    if archive.extract(DATABASE, staged) != archive.manifest.database:
        raise Refused("the backup is damaged: its database is not what was put in")
    if archive.manifest.revision == migrate.head():
        with reading(staged) as connection:
            tables.compare(archive.manifest.tables, tables.sums(connection))


# --------------------------------------------------------------------------------------------- after


def _put_secret(archive: Archive) -> None:
    path = settings().data_dir / "secret"
    if path.exists() or not archive.manifest.with_secret:
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(archive.content(SECRET))
        file.flush()
        os.fsync(file.fileno())


def _put_files(archive: Archive) -> None:
    """What is there already under its name is the same: a restore that was killed goes on."""
    root = files_root()
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in archive.stored():
        path = root / name[:2] / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        if path.exists():
            continue
        draft = path.with_name(f".new-{name}")
        draft.unlink(missing_ok=True)
        archive.extract(_member(name), draft)
        draft.replace(path)
    os.sync()  # once for all of them: one by one would take hours


def _still(staged: Path, manifest: Manifest) -> int:
    """Bring the copy up to date and make it keep still, before anybody can start it."""
    with _at_hand(f"sqlite:///{staged}") as engine:
        migrate.upgrade(engine)
        db.bind(engine)
        with db.writing():
            held = quarantine.begin(datetime.fromisoformat(manifest.made_at))
            if manifest.origin != "sqlite":  # copied row by row, and the index is no row
                search.reindex()
    return held


def _put_database(staged: Path, target: Engine) -> None:
    if target.dialect.name == "sqlite":
        final = Path(target.url.database or "")
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _at_hand(f"sqlite:///{staged}") as engine, engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        sync(staged)
        staged.replace(final)
        sync(final.parent)
        return
    migrate.upgrade(target)
    fill(staged, target)


def fill(source: Path, target: Engine) -> None:
    """Everything in one transaction, compared before it is committed."""
    with reading(source) as theirs:
        wanted = tables.sums(theirs)
        with target.connect() as ours:
            with tables.in_any_order(ours):
                tables.copy_all(theirs, ours)
            tables.compare(wanted, tables.sums(ours))
            db.bind(ours)
            search.reindex()
            db.session.commit()
            db.session.remove()
            ours.commit()


def _member(sha256: str) -> str:
    return f"files/{sha256[:2]}/{sha256}"
