"""`python -m inbox up`: check that Prosa can run here, then let the supervisor keep it running.

`start()` reads the settings and then replaces itself by `python -m inbox.up PLAN`, which stays in memory for
as long as Prosa runs and therefore imports nothing but the standard library.
"""

import errno
import fcntl
import json
import os
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

from inbox import valkey
from inbox.supervisor import ROOT, Plan, Stop, Supervisor, Trouble, dressed


def start() -> None:
    """Read the settings, then become the supervisor."""
    from inbox.config import settings

    now = settings()
    assert now.secret  # made before several processes want it, and refused here if it can be read by others
    directory = now.data_dir / "valkey"
    plan = Plan(
        address=now.address,
        host=now.web.host,
        port=now.web.port,
        processes=now.web.processes,
        mail_host=now.mail.listen_host,
        mail_port=now.mail.listen_port,
        data_dir=str(now.data_dir),
        valkey_socket=str(now.valkey_socket),
        valkey=[] if now.redis.url else valkey.command(directory, now.valkey_socket),
        json=now.log.format == "json",
    )
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "inbox.up", json.dumps(asdict(plan))])  # noqa: S606


# ------------------------------------------------------------------------------------------- checks


def check(plan: Plan) -> IO[str]:
    """Everything that can be seen to be wrong before the start; returns the lock to keep open."""
    if not any((ROOT / "static" / "build").glob("*")):
        raise Trouble("The front end is not built: run `make build`.")
    lock = take_lock(Path(plan.data_dir))
    if plan.valkey:
        valkey.prepare(Path(plan.data_dir) / "valkey", Path(plan.valkey_socket))
        valkey.stop_leftover(Path(plan.valkey_socket))
    check_port(plan.host, plan.port, "web.host", f"PORT={plan.port + 1} make run")
    if plan.mail_port:
        hint = f"PROSA__MAIL__LISTEN_PORT={plan.mail_port + 1} make run"
        check_port(plan.mail_host, plan.mail_port, "mail.listen_host", hint)
    return lock


def take_lock(data_dir: Path) -> IO[str]:
    """One supervisor per data directory. The system lets go of the lock when we end, however we end."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data_dir / "up.lock").open("a+")
    except OSError as error:
        raise Trouble(
            f"The data directory {data_dir} cannot be written ({error.strerror}): mend that, or name another "
            "with data.dir in config.toml."
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            lock.seek(0)
            running = lock.read().strip() or "unknown"
        raise Trouble(
            f"Prosa is already running on {data_dir} (process {running}): stop that one first, or give this "
            "one its own with PROSA__DATA__DIR."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def check_port(host: str, port: int, key: str, hint: str) -> None:
    """Is it ours to listen on? Asked for a moment longer, because a killed predecessor may still be going."""
    deadline = time.monotonic() + 1.5
    while (problem := try_port(host, port)) == errno.EADDRINUSE and time.monotonic() < deadline:
        time.sleep(0.1)
    if problem == errno.EADDRINUSE:
        raise Trouble(f"Port {port} is in use by another program: stop that one, or choose another: {hint}")
    if problem == errno.EACCES:
        raise Trouble(f"Port {port} is reserved for root: choose one above 1023: {hint}")
    if problem:
        raise Trouble(
            f"{key} = {host!r} is not an address of this machine ({os.strerror(problem)}): mend it."
        )


def try_port(host: str, port: int) -> int:
    """0, or the system's number for what is wrong."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except socket.gaierror:
        return errno.EADDRNOTAVAIL
    except OSError as error:
        return error.errno or errno.EINVAL
    return 0


def main(plan: Plan) -> int:
    os.environ["PYTHONUNBUFFERED"] = "1"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        os.environ["FORCE_COLOR"] = "1"
    try:
        lock = check(plan)
        with lock:
            Supervisor(plan).run()
    except (Stop, KeyboardInterrupt):
        return 0
    except Trouble as trouble:
        print(dressed(str(trouble), "prosa", plan.json), file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        print(dressed(f"Prosa cannot start: {error}", "prosa", plan.json), file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Plan(**json.loads(sys.argv[1]))))
