"""`python -m inbox doctor`: what is wrong with this installation, and how to mend it.

A check is a function that returns a Finding, or raises; `CHECKS` lists them all, in the order they are shown.
"""

import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from inbox.config import ROOT, ConfigError, config_file, is_loopback, settings

WORKERS = ("intake", "outbox", "reactions", "push", "timetable", "collector", "listener")
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Finding:
    """One sentence about one thing, and how to mend it if it needs mending."""

    level: Literal["ok", "warn", "problem"]
    said: str
    mend: str = ""


def ok(said: str) -> Finding:
    return Finding("ok", said)


def warn(said: str, mend: str) -> Finding:
    return Finding("warn", said, mend)


def problem(said: str, mend: str) -> Finding:
    return Finding("problem", said, mend)


_asked_for_production = False


def is_production() -> bool:
    """Asked for, or plain from the public address: then what is careless is a problem."""
    host = urlsplit(settings().web.public_url).hostname or ""
    return _asked_for_production or bool(host and not is_loopback(host))


def careless(said: str, mend: str) -> Finding:
    """Good enough to try Prosa on one's own machine, and not for anything else."""
    return problem(said, mend) if is_production() else warn(said, mend)


# ------------------------------------------------------------------------------------------ machine


def python() -> Finding:
    said = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.platform not in ("linux", "darwin"):
        return warn(said, "Prosa is tried on Debian and macOS only.")
    return ok(said)


def configuration() -> Finding:
    settings()
    return ok(f"settings are read from {config_file() or 'the defaults'}")


def data_directory() -> Finding:
    directory = settings().data_dir
    if not directory.is_dir():
        return warn(f"{directory} is not there yet", "The first `make run` makes it.")
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(b"x")
    if directory.stat().st_mode & 0o007:
        return careless(f"{directory} can be read by everybody on this machine", f"chmod 700 {directory}")
    return ok(f"{directory} can be written")


def free_space() -> Finding:
    directory = settings().data_dir
    free = shutil.disk_usage(directory if directory.is_dir() else ROOT).free
    said = f"{free / 1e9:.1f} GB are free for it"
    if free < 200 * MEGABYTE:
        return problem(said, "Mail is refused when the disk is full: make room.")
    return warn(said, "Make room before it fills up.") if free < 1000 * MEGABYTE else ok(said)


def secret() -> Finding:
    path = settings().data_dir / "secret"
    if not path.exists() and has_data():
        return problem(
            f"{path} is missing, and the data was made with it",
            "Put it back from where you keep it: no mailbox's password opens without it.",
        )
    if not path.exists():
        return warn(
            "the secret that signs links and cookies is not made yet", "The first `make run` makes it."
        )
    assert settings().secret
    return ok("the secret that signs links and cookies is private")


def has_data() -> bool:
    """Whether there is a database that has been set up."""
    from inbox import migrate

    url = settings().database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return False
    return migrate.current(engine()) is not None


def debugging() -> Finding:
    """What helps to find a mistake tells strangers more than they should know."""
    on = [name for name in ("FLASK_DEBUG", "PYTHONDEVMODE") if os.environ.get(name, "0") not in ("", "0")]
    if settings().log.level == "debug":
        on.append("log.level = debug")
    if on:
        return careless(f"debugging is on: {', '.join(on)}", "Turn that off, and start again.")
    return ok("debugging is off")


def demo() -> Finding:
    """Reachable by others it does not even start (``config.refuse_open_demo``)."""
    if settings().demo.enabled:
        return careless(
            "whoever opens the sign-in page gets in without a password: demo.enabled is true",
            "Set it to false, unless this is the sample shop of `make demo`.",
        )
    return ok("nobody gets in without a password")


def front_end() -> Finding:
    if (ROOT / "static" / "build" / "manifest.json").exists():
        return ok("the front end is built")
    return problem("the front end is not built", "Run `make build`.")


# ----------------------------------------------------------------------------------------- database


@cache
def engine() -> Any:
    from inbox import db

    return db.connect(settings().database_url)


def database() -> Finding:
    return sqlite() if settings().database_url.startswith("sqlite") else postgresql()


def sqlite() -> Finding:
    from inbox import db

    path = Path(settings().database_url.removeprefix("sqlite:///"))
    version = db.sqlite_module().sqlite_version
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
    if settings().database_url.startswith("sqlite"):
        return ok("database and host share one clock")
    with engine().connect() as connection:
        theirs = connection.exec_driver_sql("SELECT clock_timestamp()").scalar()
    off = abs((theirs - datetime.now(UTC)).total_seconds())
    if off > 2:
        return problem(f"the clocks of database and host differ by {off:.0f} s", "Run NTP on both machines.")
    return ok(f"the clocks of database and host differ by {off:.1f} s")


def database_network() -> Finding:
    """Whoever reaches a server that asks for no password has everything."""
    if settings().database_url.startswith("sqlite"):
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


def standing_still() -> Finding:
    from inbox import db, quarantine

    engine()
    with db.reading():
        since = quarantine.held_since()
    if since:
        return warn(
            f"this copy was restored at {since:%Y-%m-%d %H:%M} UTC: it neither fetches nor sends",
            "If the original is stopped for good: Needs attention in the app, or `python -m inbox release`.",
        )
    return ok("it may fetch and send")


def payloads() -> Finding:
    from inbox.models import Payload

    failed = count(Payload, Payload.state == "failed")
    return needs_attention(failed, "received mails could not be read")


def messages() -> Finding:
    from inbox.models import Message

    failed = count(Message, Message.state == "failed")
    return needs_attention(failed, "replies could not be sent")


def mailboxes() -> Finding:
    """A line for each that cannot be read or sent through; the sentence says what to do."""
    from inbox import connections, db

    engine()
    with db.reading():
        failing = [
            f"{account.address} {'cannot be read' if row.direction == 'in' else 'cannot send'}: "
            f"{row.reason % {'detail': row.reason_detail}} (since {row.failing_since:%Y-%m-%d %H:%M} UTC)"
            for account, row in connections.broken()
        ]
    if failing:
        return problem("\n  ".join(failing), "Settings, Mailboxes: mend what is said there and try it out.")
    return ok("every mailbox answers that was tried")


def needs_attention(number: int, said: str) -> Finding:
    if number:
        return warn(
            f"{number} {said}", "See *Needs attention* in the app: each says why and has a Retry button."
        )
    return ok(f"0 {said}")


def counts() -> Finding:
    from inbox import db
    from inbox.models import tally

    engine()
    with db.reading():
        wrong = len(tally.drift())
    if wrong:
        return problem(f"{wrong} counts beside the views are wrong", "Run `python -m inbox recount`.")
    return ok("the counts beside the views are right")


def trail() -> Finding:
    """Sealing stands still when the timetable does, or when somebody took the database's guards away."""
    from inbox import db
    from inbox.audit import seal

    engine()
    with db.reading():
        last, oldest = seal.last(), seal.oldest_open()
    if oldest and db.now() - oldest > seal.LATE_SEAL:
        return warn(
            f"what happened since {oldest:%Y-%m-%d %H:%M} UTC is not sealed yet",
            "Prosa seals while it runs: start it, and look again in a few minutes.",
        )
    if last is None:
        return ok("nothing has happened that could be sealed")
    return ok(f"sealed up to event {last.to_id} at {last.made_at:%Y-%m-%d %H:%M} UTC: {last.digest[:16]}…")


def count(model: Any, condition: Any) -> int:
    from sqlalchemy import func, select

    with engine().connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(model).where(condition)) or 0)


# -------------------------------------------------------------------------------------------- Redis


@cache
def store() -> Any:
    import redis

    return redis.Redis.from_url(settings().redis_url, socket_connect_timeout=2, socket_timeout=2)


def redis_answers() -> Finding:
    store().ping()
    return ok("Valkey answers" if not settings().redis.url else "Redis answers")


def redis_keeps() -> Finding:
    """Losing it loses a few seconds, and evicting keys loses bells without a word."""
    from redis.exceptions import ResponseError

    try:
        policy = store().config_get("maxmemory-policy")["maxmemory-policy"]
        kept = store().config_get("appendonly")["appendonly"]
    except ResponseError:
        return warn(
            "Redis does not tell how it is set up", "Make sure that it has maxmemory-policy noeviction."
        )
    if policy != "noeviction":
        return problem(f"Redis may evict keys ({policy})", "Set maxmemory-policy to noeviction.")
    if kept != "yes":
        return warn(
            "Redis keeps nothing over a restart", "Set appendonly to yes: jobs start again sooner then."
        )
    return ok("it evicts nothing and keeps what it has")


def redis_network() -> Finding:
    """Whoever reaches it can put jobs into the queues and listen to every nudge."""
    url = urlsplit(settings().redis.url)
    if url.scheme in ("", "unix"):
        return ok("it is reached through a socket of this machine")
    host = url.hostname or "localhost"
    if not url.password and (not is_loopback(host) or listens_widely()):
        return careless(
            f"Redis at {host} is open to the network and asks for no password",
            "Set requirepass and bind 127.0.0.1 in redis.conf, and name the password in redis.url.",
        )
    if not is_loopback(host) and url.scheme != "rediss":
        return warn("the line to Redis is not encrypted", "Use rediss:// or a private network.")
    return ok("Redis is not open to others")


def listens_widely() -> bool:
    from redis.exceptions import ResponseError

    try:
        bound = store().config_get("bind")["bind"].split()
        protected = store().config_get("protected-mode")["protected-mode"] == "yes"
    except ResponseError:
        return False
    return not protected and not (bound and all(is_loopback(name.lstrip("-")) for name in bound))


def workers() -> Finding:
    wanted = WORKERS if settings().mail.listen_port else WORKERS[:-1]
    silent = [name for name in wanted if not store().exists(f"prosa:alive:{name}")]
    if silent:
        return problem(
            f"no sign of life from {', '.join(silent)}", "Start Prosa, or see why in its log: `make run`."
        )
    return ok(f"alive: {', '.join(wanted)}")


# ------------------------------------------------------------------------------------------ network


def mail_listener() -> Finding:
    host, port = settings().mail.listen_host, settings().mail.listen_port
    if not port:
        return ok("the mail listener is turned off")
    with socket.create_connection((reachable(host), port), timeout=3) as line:
        greeting = line.recv(512)
    if not greeting.startswith(b"220"):
        return problem(f"something else answers on {host}:{port}", "Free that port or set mail.listen_port.")
    return ok(f"mail is received on {host}:{port}")


def public_address() -> Finding:
    """Customers' links are built from it, and cookies are only safe over https."""
    url = settings().web.public_url or set_up_url()
    if not url:
        return warn("there is no public address yet", "Finish the set-up, or set web.public_url.")
    parts = urlsplit(url)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return ok(f"customers' links begin with {url}")
    return careless(
        f"{url} is not https", "Put a reverse proxy with a certificate in front and set web.public_url."
    )


def proxy() -> Finding:
    """Whose address a request came from, and whether it was encrypted, is known from the proxy alone."""
    if settings().web.public_url.startswith("https:") and not settings().web.trusted_proxies:
        return careless(
            "a proxy stands in front (the public address is https), and web.trusted_proxies is 0",
            "Set it to how many there are: else limits count everybody together, and cookies are not secure.",
        )
    return ok(f"{settings().web.trusted_proxies} proxies are believed")


def set_up_url() -> str:
    from inbox import db
    from inbox.models import Installation

    engine()
    with db.reading():
        return Installation.current().public_url


def open_ports() -> Finding:
    listening = {
        "web.host": (settings().web.host, settings().web.port),
        "mail.listen_host": (settings().mail.listen_host, settings().mail.listen_port),
    }
    wide = [f"{key} = {host}" for key, (host, port) in listening.items() if port and not is_loopback(host)]
    if wide:
        return warn(
            f"other machines can connect: {', '.join(wide)}",
            "Let a firewall or a reverse proxy decide who may; the mail port asks for no password.",
        )
    return ok("only this machine can connect")


def reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


# ----------------------------------------------------------------------------------------- together

CHECKS: tuple[tuple[str, Callable[[], Finding], str, str], ...] = (
    # name, check, the check that must be ok before, and what to do if this one cannot even look
    ("Python", python, "", ""),
    ("settings", configuration, "", "Mend config.toml or the environment."),
    ("data", data_directory, "settings", "Give this user the folder, or name another with data.dir."),
    ("disk", free_space, "settings", ""),
    ("secret", secret, "settings", "It must be the one the data was made with."),
    ("debugging", debugging, "settings", ""),
    ("demo", demo, "settings", ""),
    ("front end", front_end, "", ""),
    ("database", database, "settings", "Is it running, and is database.url right?"),
    ("migrations", migrations, "database", ""),
    ("open", database_network, "database", ""),
    ("clock", clock, "database", ""),
    ("copy", standing_still, "migrations", ""),
    ("received", payloads, "migrations", ""),
    ("sent", messages, "migrations", ""),
    ("mailboxes", mailboxes, "migrations", ""),
    ("counts", counts, "migrations", ""),
    ("audit", trail, "migrations", ""),
    ("Redis", redis_answers, "settings", "Start Prosa with `make run`, or check redis.url."),
    ("keeping", redis_keeps, "Redis", ""),
    ("reach", redis_network, "Redis", ""),
    ("workers", workers, "Redis", ""),
    ("mail", mail_listener, "settings", "Start Prosa with `make run`; mail.listen_port = 0 turns this off."),
    ("address", public_address, "migrations", ""),
    ("ports", open_ports, "settings", ""),
    ("proxy", proxy, "settings", ""),
)

BEFORE_START: tuple[str, ...] = (
    "settings",
    "data",
    "disk",
    "secret",
    "debugging",
    "demo",
    "front end",
    "database",
    "open",
    "proxy",
)
"""What can be looked at while nothing runs; of a Redis of somebody else's also what it lets in."""


def refusals() -> list[Finding]:
    """What production may not start with."""
    global _asked_for_production
    _asked_for_production = True
    names = BEFORE_START
    with suppress(ConfigError):
        names += ("Redis", "reach") if settings().redis.url else ()
    return [finding for finding in examine(names).values() if finding.level == "problem"]


def examine(names: Collection[str] = ()) -> dict[str, Finding]:
    """Everything, or these, one after the other; nothing that only repeats what an earlier check has said."""
    found: dict[str, Finding] = {}
    for name, check, needs, remedy in CHECKS:
        if names and name not in names:
            continue
        if not needs or (needs in found and found[needs].level == "ok"):
            found[name] = look(check, remedy)
    return found


def look(check: Callable[[], Finding], remedy: str) -> Finding:
    try:
        return check()
    except ConfigError as error:
        return problem(str(error), remedy)
    except Exception as error:
        why = str(error).strip().split("\n")[0] or type(error).__name__
        return problem(f"could not be checked: {why}", remedy)


def main(production: bool = False) -> int:
    """Show everything; 1 if there is a problem."""
    global _asked_for_production
    _asked_for_production = production
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    signs = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "problem": ("✗", "red")}
    found = examine()
    for name, finding in found.items():
        sign, colour = signs[finding.level]
        console.print(Text.assemble((sign, colour), f" {name:<11} {finding.said}"))
        if finding.mend:
            console.print(Text(f"  {'':<11} → {finding.mend}", style="bold"))
    problems = sum(finding.level == "problem" for finding in found.values())
    left = len(CHECKS) - len(found)
    rest = f"; {left} more checks once that is mended" if left else ""
    console.print(f"\n{problems} problem{'' if problems == 1 else 's'}{rest}.")
    return 1 if problems else 0
