"""Row F22: a backup under load, restored into an empty place, is equal, and nothing is sent again."""

from __future__ import annotations

import io
import stat
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inbox import attention, collector, db, migrate, outbox, quarantine, search
from inbox.backup import Refused, archive
from inbox.backup.archive import Archive
from inbox.backup.make import make
from inbox.backup.restore import restore
from inbox.channels import Person
from inbox.models import Agent, Event, Handling, Message, Ticket
from inbox.outbox import claims
from inbox.reactions import acknowledge
from tests.backup.conftest import Furnish, Place, Traffic, answer, write
from tests.conftest import Bells

New = Callable[[str], Place]


def keep(place: Place, folder: Path) -> Path:
    """Its backup, with the key in it."""
    place.enter()
    return make(folder, with_secret=True)[0]


def test_f22_a_backup_under_load_is_restored_equal(
    shop: Place, new_place: New, kind: str, tmp_path: Path
) -> None:
    with Traffic() as traffic:
        while len(traffic.written) < 3:
            time.sleep(0.01)
        file, manifest = make(tmp_path, with_secret=True)
        during = len(traffic.written)
        while len(traffic.written) < during + 2:
            time.sleep(0.01)
    assert 3 < manifest.tables["payload"].rows < shop.sums()["payload"].rows
    assert manifest.tables["payload"].rows == manifest.tables["attachment"].rows and not manifest.missing
    named = {row for column in ("payload", "attachment") for row in hashes(shop, column)}

    copy = new_place(kind)
    copy.enter()
    restore(file)
    assert (copy.data / "secret").read_bytes() == (shop.data / "secret").read_bytes()
    copy.enter()
    changed = {name for name, there in manifest.tables.items() if copy.sums()[name] != there}
    assert changed == {"message", "handling", "event"}, "only what keeps it still"
    assert copy.sums()["message"].rows == manifest.tables["message"].rows
    assert (
        {row for column in ("payload", "attachment") for row in hashes(copy, column)}
        <= copy.stored()
        <= named
    )


def hashes(place: Place, table: str) -> set[str]:
    from sqlalchemy import text

    assert place.engine
    with place.engine.connect() as connection:
        return set(connection.scalars(text(f"SELECT sha256 FROM {table}")))


@pytest.mark.parametrize(("origin", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_f22_a_backup_fits_either_database(
    furnish: Furnish, new_place: New, origin: str, target: str, tmp_path: Path
) -> None:
    shop = furnish(origin)
    write(2)
    with db.writing() as session:
        session.get_one(Ticket, 1).continues_id = 2  # points at a row that comes later
    file = keep(shop, tmp_path)
    copy = new_place(target)
    copy.enter()
    manifest, _ = restore(file)
    copy.enter()
    kept = {name for name, there in manifest.tables.items() if copy.sums()[name] == there}
    assert set(manifest.tables) - kept == {"message", "handling", "event"}
    with db.reading():
        ada = db.session.get_one(Agent, 1)
        assert [ticket.id for ticket in search.find(ada, "acai zoe2")] == [2]
    assert migrate.current(copy.engine) == migrate.head()  # type: ignore[arg-type]
    write(3)
    assert copy.scalar("SELECT max(id) FROM ticket") == 3, "numbers go on"
    assert copy.scalar("SELECT count(*) FROM message WHERE undo IS NULL") == shop_nulls(shop), (
        "NULL is no null"
    )


def shop_nulls(shop: Place) -> int:
    """One more message was written in the copy."""
    return int(str(shop.scalar("SELECT count(*) FROM message WHERE undo IS NULL"))) + 1


def test_f22_a_restored_copy_sends_nothing_and_fetches_nothing(
    shop: Place, new_place: New, kind: str, tmp_path: Path, bells: Bells, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(2)
    doubted = answer(2)
    another = answer_again(2)
    with db.writing() as session:
        session.get_one(Message, doubted).state = "unconfirmed"
        scheduled = session.get_one(Message, another)
        scheduled.send_at = scheduled.not_before = db.now()
    file = keep(shop, tmp_path)
    copy = new_place(kind)
    copy.enter()
    _, held = restore(file)
    copy.enter()
    assert held == 3

    bells.rung.clear()
    outbox.sweep()
    assert not [bell for bell in bells.rung if bell[0] == "outbox"]
    with db.reading():
        ada = db.session.get_one(Agent, 1)
        waiting = attention.messages(ada)
        assert len(waiting) == 3 and {one.failure for one in waiting} == {quarantine.MAY_HAVE_LEFT}
        assert attention.held_since(ada) and attention.count(ada) == 4
        assert not db.session.query(Handling).filter(Handling.handled_at.is_(None)).count()

    fresh = answer_again(1)
    outbox.sweep()
    assert claims.claim(fresh) is None, "not even what is written now, before it is released"
    with db.reading():
        assert db.session.get_one(Message, fresh).failure == quarantine.HOLDS
    monkeypatch.setattr(collector, "Listening", lambda *_: pytest.fail("it fetches"))
    monkeypatch.setattr(collector.channels.of("mail").__class__, "listens", lambda *_: True)
    collector.Collector().look()

    with db.writing() as session:
        quarantine.release(session.get_one(Agent, 1))
    claim = claims.claim(fresh)
    assert claim is not None and claim.message_id == fresh, "what was held stays so until a person decides"
    with db.reading():
        ada = db.session.get_one(Agent, 1)
        assert attention.held_since(ada) is None and len(attention.messages(ada)) == 3


def answer_again(ticket_id: int) -> int:
    from inbox import tickets

    with db.writing() as session:
        ticket = session.get_one(Ticket, ticket_id)
        sent = tickets.reply(ticket, session.get_one(Agent, 1), html="<p>Again</p>", key=f"a{ticket_id}")
        sent.not_before = None
        return sent.id


def test_f22_mail_from_before_the_restore_is_not_confirmed_again(
    shop: Place, new_place: New, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The original confirmed it, after the backup was made; the copy fetches it, as it should."""
    file = keep(shop, tmp_path)
    copy = new_place(kind)
    copy.enter()
    restore(file)
    copy.enter()
    confirmed: list[int] = []
    monkeypatch.setattr(acknowledge, "acknowledge", lambda message: confirmed.append(message.ticket_id))
    with db.writing() as session:
        quarantine.release(None)
        restored = quarantine.restored_at()
    assert restored
    write(2)
    write(3)
    with db.writing() as session:
        old, new = session.get_one(Message, first_of(2)), session.get_one(Message, first_of(3))
        old.written_at = restored.replace(year=restored.year - 1)
        new.written_at = new.created_at
        for message in (old, new):
            event = session.query(Event).filter_by(message_id=message.id, kind="message_received").one()
            acknowledge.confirm_requests([event])
    assert confirmed == [3]


def first_of(ticket_id: int) -> int:
    return int(
        db.session.query(Message.id).filter_by(ticket_id=ticket_id).order_by(Message.id).limit(1).scalar()
    )


def test_what_was_not_held_is_not_released(shop: Place) -> None:
    with db.writing():
        quarantine.release(None)
    assert shop.scalar("SELECT count(*) FROM event WHERE kind = 'released'") == 0


# ------------------------------------------------------------------------------------- on SQLite alone


@pytest.fixture
def small(furnish: Furnish) -> Place:
    return furnish("sqlite")


@pytest.fixture
def file(small: Place, tmp_path: Path) -> Path:
    return keep(small, tmp_path)


@pytest.fixture
def empty(file: Path, new_place: New) -> Place:
    place = new_place("sqlite")
    place.enter()
    return place


def test_a_backup_is_private_whole_and_named_by_its_moment(small: Place, tmp_path: Path) -> None:
    made, manifest = make(tmp_path)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600 and made.name.startswith("prosa-2")
    with tarfile.open(made) as tar:
        assert tar.getnames()[0] == "prosa.db" and tar.getnames()[-1] == "manifest.json"
        assert "secret" not in tar.getnames(), "the key is not in it unless asked for"
    assert manifest.files == 2 and (small.data / "secret").read_bytes() not in made.read_bytes()
    assert not list(tmp_path.glob(".prosa-backup-*"))
    with pytest.raises(Refused, match="is there already"):
        make(made)


def test_a_file_that_the_store_has_lost_is_named_and_hinders_nothing(
    small: Place, new_place: New, tmp_path: Path
) -> None:
    lost, bad = sorted((small.data / "files").glob("??/*"))
    lost.unlink()
    bad.write_bytes(b"else")
    made, manifest = make(tmp_path, with_secret=True)
    assert manifest.missing == sorted([lost.name, bad.name])
    copy = new_place("sqlite")
    copy.enter()
    restore(made)


def test_a_disk_that_fills_up_leaves_nothing_behind(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "add_file", full)
    with pytest.raises(OSError, match="No space"):
        make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [small.data.name]


def test_without_the_key_it_says_so_and_goes_on_only_when_told(
    small: Place, new_place: New, tmp_path: Path
) -> None:
    made, _ = make(tmp_path)
    copy = new_place("sqlite")
    copy.enter()
    with pytest.raises(Refused, match="the key is not in this backup"):
        restore(made)
    assert not (copy.data / "prosa.db").exists() and not copy.stored()
    (copy.data / "secret").write_bytes(b"another key of thirty-two bytes!")
    (copy.data / "secret").chmod(0o600)
    copy.enter()
    with pytest.raises(Refused, match="is not the key of this backup"):
        restore(made)
    restore(made, new_secret=True)
    assert (copy.data / "secret").read_bytes() == b"another key of thirty-two bytes!"


def test_only_an_empty_place_is_restored_into(empty: Place, file: Path) -> None:
    restore(file)
    before = (empty.data / "prosa.db").read_bytes()
    with pytest.raises(Refused, match="is there already"):
        restore(file)
    (empty.data / "prosa.db").unlink()
    restore(file)  # the files of this very backup are no hindrance: a restore that was killed goes on
    (empty.data / "prosa.db").unlink()
    from inbox import files

    files.put(b"something else")
    with pytest.raises(Refused, match="is not empty"):
        restore(file)
    assert before


def test_a_database_with_a_table_is_not_empty(file: Path, new_place: New) -> None:
    other = new_place("postgresql")
    other.enter()
    migrate.upgrade()
    with pytest.raises(Refused, match="the database is not empty"):
        restore(file)


def test_nothing_is_restored_under_a_running_prosa(empty: Place, file: Path) -> None:
    from inbox.up import take_lock

    with take_lock(empty.data), pytest.raises(Refused, match="already running"):
        restore(file)


def rewritten(file: Path, change: Callable[[str, bytes], tuple[str, bytes]], upto: int = 99) -> Path:
    """The backup with its members changed, or without the last ones."""
    other = file.with_name("other.tar")
    with tarfile.open(file) as old, tarfile.open(other, "w") as new:
        for member in old.getmembers()[:upto]:
            stream = old.extractfile(member)
            assert stream
            member.name, content = change(member.name, stream.read())
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return other


def flipped(wanted: str) -> Callable[[str, bytes], tuple[str, bytes]]:
    return lambda name, content: (name, content[:-1] + b"?" if name.startswith(wanted) else content)


@pytest.mark.parametrize(
    ("change", "upto", "said"),
    [
        (flipped("files/"), 99, "is not what was put in"),
        (flipped("prosa.db"), 99, "its database is not what was put in"),
        (lambda n, c: (n, c), -1, "its end is missing"),
        (lambda n, c: (n.replace("files/", "../files/"), c), 99, "which no backup of Prosa does"),
        (lambda n, c: (n.replace("secret", "/etc/cron.d/x"), c), 99, "which no backup of Prosa does"),
        (lambda n, c: (n, c.replace(b'"version": 1', b'"version": 9')), 99, "of version 9"),
        (lambda n, c: (n, c.replace(b'"files": 2', b'"files": 3')), 99, "has 2 files instead of 3"),
        (lambda n, c: (n, c.replace(b'"revision": "0', b'"revision": "9')), 99, "a newer Prosa"),
        (lambda n, c: (n, c.replace(b'"rows": 2', b'"rows": 7', 1)), 99, "rows instead of 7"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused_in_one_line(
    empty: Place, file: Path, change: Callable[[str, bytes], tuple[str, bytes]], upto: int, said: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        restore(rewritten(file, change, upto))
    assert len(str(refused.value).splitlines()) == 1
    assert not (empty.data / "prosa.db").exists() and not (empty.data / "secret").exists()


def test_no_file_at_all_is_refused(empty: Place, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello")
    with pytest.raises(Refused):
        Archive(tmp_path / "x")


def test_a_backup_of_an_older_prosa_is_brought_up_to_date(
    small: Place, new_place: New, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an upgrade and its rollback need it: the file of yesterday's version, restored by today's."""
    from alembic import command

    old = new_place("sqlite")
    old.data.mkdir(mode=0o700)
    old.enter()
    prepared = migrate.configuration()
    command.upgrade(prepared, "0001")
    snapshot = old.data / "prosa.db"
    made = tmp_path / "old.tar"
    manifest = archive.Manifest("2026-01-01T00:00:00+00:00", "0001", "sqlite", "", with_secret=True)
    old.leave()
    with tarfile.open(made, "w") as tar:
        manifest.database, _ = archive.add_file(tar, archive.DATABASE, snapshot)
        archive.add(tar, archive.SECRET, b"x" * 32)
        archive.add(tar, archive.MANIFEST, manifest.written())
    copy = new_place("sqlite")
    copy.enter()
    restore(made)
    copy.enter()
    assert migrate.current(copy.engine) == migrate.head()  # type: ignore[arg-type]


assert Person
