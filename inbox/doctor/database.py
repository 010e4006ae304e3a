"""The database: whether it answers, is sound and up to date, and who else reaches it."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from inbox import config, engines
from inbox.config import is_loopback
from inbox.doctor.finding import Finding, careless, ok, problem, warn


@cache
def engine() -> Any:
    from inbox import db

    return db.connect(config.settings().database_url)


def answers() -> Finding:
    return sqlite() if config.settings().database_url.startswith("sqlite") else postgresql()


def sqlite() -> Finding:

    path = Path(config.settings().database_url.removeprefix("sqlite:///"))
    version = engines.sqlite_module().sqlite_version
    if not path.exists():
        return warn(f"{path} is not there yet (SQLite {version})", "The first `make run` makes it.")
    with engine().connect() as connection:
        said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if said != "ok":
        return problem(
            f"{path} is damaged: {said}", "Stop Prosa and restore the data directory from a backup."
        )
    return ok(f"SQLite {version} finds {path.name} sound")


def postgresql() -> Finding:
    with engine().connect() as connection:
        version = connection.exec_driver_sql("SHOW server_version").scalar()
        off = [
            name
            for name in ("fsync", "synchronous_commit")
            if connection.exec_driver_sql(f"SHOW {name}").scalar() == "off"
        ]
    if off:
        return problem(
            f'PostgreSQL says "committed" before the disk has it ({" and ".join(off)} = off): a power cut '
            "loses mail that was accepted",
            f"Set {' and '.join(off)} to on, in postgresql.conf or with ALTER ROLE.",
        )
    return ok(f"PostgreSQL {version} answers, and waits for its disk")


def migrations() -> Finding:
    from inbox import migrate

    head, current = migrate.head(), migrate.current(engine())
    if head == current:
        return ok(f"the database is up to date ({head})")
    if not migrate.is_known(current):
        return problem(
            f"the database is at {current}, of a newer version of Prosa",
            "Go back to that version, or restore the backup from before the upgrade.",
        )
    return problem(
        f"the database is at {current or 'nothing'}, not at {head}", "Run `python -m inbox migrate`."
    )


def clock() -> Finding:
    """A clock that is off makes answers due too early and links expire at once."""
    if config.settings().database_url.startswith("sqlite"):
        return ok("database and host share one clock")
    with engine().connect() as connection:
        theirs = connection.exec_driver_sql("SELECT clock_timestamp()").scalar()
    off = abs((theirs - datetime.now(UTC)).total_seconds())
    if off > 2:
        return problem(f"the clocks of database and host differ by {off:.0f} s", "Run NTP on both machines.")
    return ok(f"the clocks of database and host differ by {off:.1f} s")


def reach() -> Finding:
    """Whoever reaches a server that asks for no password has everything."""
    if config.settings().database_url.startswith("sqlite"):
        return ok("the database is a file of its own")
    with engine().connect() as connection:
        line = connection.connection.driver_connection
        listens = str(connection.exec_driver_sql("SHOW listen_addresses").scalar())
    if line.info.host.startswith("/"):
        return ok("PostgreSQL is asked through a socket of this machine")
    here = is_loopback(line.info.hostaddr or line.info.host)
    wide = not here or not all(is_loopback(name.strip()) for name in listens.split(","))
    if wide and not line.pgconn.used_password:
        return careless(
            f"PostgreSQL listens to the network ({listens}) and asks Prosa for no password",
            "Give its role a password, and let pg_hba.conf ask for it (scram-sha-256).",
        )
    if not here and not line.pgconn.ssl_in_use:
        return warn("the line to PostgreSQL is not encrypted", "Add ?sslmode=verify-full to database.url.")
    return ok("PostgreSQL is not open to others")
