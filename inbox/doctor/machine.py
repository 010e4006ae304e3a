"""This machine, its folders and its settings."""

import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from inbox import config
from inbox.config import ROOT, config_file
from inbox.doctor import database
from inbox.doctor.finding import Finding, careless, ok, problem, warn

MEGABYTE = 1_000_000


def python() -> Finding:
    said = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.platform not in ("linux", "darwin"):
        return warn(said, "Prosa is tried on Debian and macOS only.")
    return ok(said)


def configuration() -> Finding:
    config.settings()
    return ok(f"settings are read from {config_file() or 'the defaults'}")


def data_directory() -> Finding:
    directory = config.settings().data_dir
    if not directory.is_dir():
        return warn(f"{directory} is not there yet", "The first `make run` makes it.")
    with tempfile.TemporaryFile(dir=directory) as file:
        file.write(b"x")
    if directory.stat().st_mode & 0o007:
        return careless(f"{directory} can be read by everybody on this machine", f"chmod 700 {directory}")
    return ok(f"{directory} can be written")


def free_space() -> Finding:
    directory = config.settings().data_dir
    free = shutil.disk_usage(directory if directory.is_dir() else ROOT).free
    said = f"{free / 1e9:.1f} GB are free for it"
    if free < 200 * MEGABYTE:
        return problem(said, "Mail is refused when the disk is full: make room.")
    return warn(said, "Make room before it fills up.") if free < 1000 * MEGABYTE else ok(said)


def secret() -> Finding:
    path = config.settings().data_dir / "secret"
    if not path.exists() and has_data():
        return problem(
            f"{path} is missing, and the data was made with it",
            "Put it back from where you keep it: no mailbox's password opens without it.",
        )
    if not path.exists():
        return warn(
            "the secret that signs links and cookies is not made yet", "The first `make run` makes it."
        )
    assert config.settings().secret
    return ok("the secret that signs links and cookies is private")


def has_data() -> bool:
    """Whether there is a database that has been set up."""
    from inbox import migrate

    url = config.settings().database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return False
    return migrate.current(database.engine()) is not None


def debugging() -> Finding:
    """What helps to find a mistake tells strangers more than they should know."""
    on = [name for name in ("FLASK_DEBUG", "PYTHONDEVMODE") if os.environ.get(name, "0") not in ("", "0")]
    if config.settings().log.level == "debug":
        on.append("log.level = debug")
    if on:
        return careless(f"debugging is on: {', '.join(on)}", "Turn that off, and start again.")
    return ok("debugging is off")


def demo() -> Finding:
    """Reachable by others it does not even start (``config.refuse_open_demo``)."""
    if config.settings().demo.enabled:
        return careless(
            "whoever opens the sign-in page gets in without a password: demo.enabled is true",
            "Set it to false, unless this is the sample shop of `make demo`.",
        )
    return ok("nobody gets in without a password")


def front_end() -> Finding:
    if (ROOT / "static" / "build" / "manifest.json").exists():
        return ok("the front end is built")
    return problem("the front end is not built", "Run `make build`.")
