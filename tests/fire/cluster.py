"""A PostgreSQL of our own, which can be restarted: never the machine's."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import psycopg

from tests.house import free_port, wait_for

MISSING = "no initdb of PostgreSQL (Debian: apt install postgresql): its restarts are left out"
NOBODY_TO_RUN_IT = "PostgreSQL refuses to be run by root, and there is no user postgres"


def binaries() -> Path | None:
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if newest:
        return newest[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Cluster:
    """``with Cluster(folder) as cluster``: its database is at ``cluster.url``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.port = folder, folder / "pg", free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/prosa"
        self.user = "postgres" if os.geteuid() == 0 else None

    def __enter__(self) -> Cluster:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            shutil.chown(self.folder, self.user)
        made = self._run(
            "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"
        )
        assert made == 0, f"initdb could not make {self.data}"
        options = {
            "port": self.port, "listen_addresses": "'127.0.0.1'", "max_connections": 200,
            "unix_socket_directories": f"'{self.folder}'", "shared_buffers": "'64MB'",
            "max_wal_size": "'128MB'", "min_wal_size": "'32MB'",
        }  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in options.items())
        self.start()
        with psycopg.connect(self.url.replace("/prosa", "/postgres"), autocommit=True) as line:
            line.execute("CREATE DATABASE prosa")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("immediate")

    def _run(self, name: str, *arguments: str) -> int:
        bins = binaries()
        assert bins, MISSING
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LD_", "FAKETIME"))}
        done = subprocess.run(
            [str(bins / name), *arguments],
            user=self.user, env=inherited, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode

    def answers(self) -> bool:
        with contextlib.suppress(psycopg.Error):
            psycopg.connect(self.url.replace("/prosa", "/postgres"), connect_timeout=3).close()
            return True
        return False

    def start(self) -> None:
        """Again and again, as a service manager would: a full disk keeps it from coming back."""
        log = str(self.folder / "pg.log")

        def comes_up() -> bool:
            if self.answers():
                return True
            self._run("pg_ctl", "-D", str(self.data), "-l", log, "-w", "-t", "20", "start")
            return self.answers()

        wait_for(comes_up, 60, lambda: Path(log).read_text()[-2000:] if Path(log).exists() else "no log")

    def stop(self, mode: str) -> None:
        """``fast`` ends every transaction and says goodbye, ``immediate`` is a crash."""
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", "20", "-m", mode, "stop")
