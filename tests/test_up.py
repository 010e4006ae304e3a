"""`python -m inbox up` with real processes: it starts, says where, keeps running, leaves nothing behind."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.house import PATIENCE, free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+\S*")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        not (ROOT / "static" / "build" / "manifest.json").exists(),
        reason="the front end is not built: make build",
    ),
]


class Up:
    """One supervisor on a data directory and a port of its own, and what it has printed."""

    def __init__(self, data_dir: Path, port: int, **variables: str) -> None:
        self.data_dir, self.port, self.mail_port = data_dir, port, free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inbox", "up"],
            cwd=ROOT,
            env=environment(data_dir, port, self.mail_port) | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        with contextlib.suppress(ValueError):  # closed under us at the end of a test
            for line in self.process.stdout:
                self.lines.append(line.rstrip())

    def address(self, seconds: float = 30) -> str:
        """The one line to look for, once it is there."""
        return wait_for(lambda: next(iter(self.addresses()), ""), seconds, self.said)

    def addresses(self) -> list[str]:
        return [
            found[0] for line in self.lines if (found := ADDRESS.search(line)) and line.startswith("prosa")
        ]

    def said(self) -> str:
        return "\n".join(self.lines)

    def family(self) -> list[psutil.Process]:
        """Everything it has started, in any generation."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, word: str) -> psutil.Process | None:
        """Its process with this word on its command line, unless it is just being started again."""
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):
                if any(word in part for part in child.cmdline()):
                    return child
        return None

    def stop(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)
        self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop(signal.SIGTERM)
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def environment(data_dir: Path, port: int, mail_port: int) -> dict[str, str]:
    """Of the settings only these; of the rest of the environment everything."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROSA")}
    return inherited | {
        "PROSA__DATA__DIR": str(data_dir),
        "PROSA__MAIL__LISTEN_PORT": str(mail_port),
        "PROSA__WEB__PUBLIC_URL": "http://127.0.0.1",
        "PORT": str(port),
    }


def gone(processes: list[psutil.Process]) -> bool:
    """A zombie has ended too; whoever adopted it has only not noticed yet."""
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def up(data_dir: Path = tmp_path / "data", port: int = 0, **variables: str) -> Up:
        started.append(Up(data_dir, port or free_port(), **variables))
        return started[-1]

    yield up
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One for all who only look at it, or kill what it starts again."""
    up = Up(tmp_path_factory.mktemp("running") / "data", free_port())
    up.address()
    yield up
    up.close()


def test_the_first_start_prints_one_address_with_a_set_up_link(running):
    assert "/setup/" in running.address()
    assert len(running.addresses()) == 1
    labels = {line.partition("|")[0].strip() for line in running.lines}
    assert labels <= {"prosa", "web", "worker", "valkey", "migrate"}


def test_it_stops_leaves_nothing_and_starts_again(start):
    first = start()
    first.address()
    assert_stops(first, signal.SIGINT)
    second = start()
    second.address()
    assert_stops(second, signal.SIGTERM)


def assert_stops(up: Up, number: int) -> None:
    family = up.family()
    assert len(family) >= 3
    up.stop(number)
    assert up.process.returncode == 0, up.said()
    assert gone(family), up.said()


def test_a_killed_supervisor_takes_everything_along_and_the_next_start_is_an_ordinary_one(start):
    up = start()
    up.address()
    family = up.family()
    up.process.kill()
    wait_for(lambda: gone(family), 20, lambda: str(family))
    start(port=up.port).address()


@pytest.mark.parametrize("name", ["valkey-server", "app.py", "worker.py"])
def test_a_process_that_dies_is_started_again(running, name):
    before = wait_for(lambda: running.child(name), 20, running.said)
    said = len(running.lines)
    before.kill()
    wait_for(lambda: any("starting it again" in line for line in running.lines[said:]), 20, running.said)
    wait_for(lambda: (child := running.child(name)) and child.pid != before.pid, 20, running.said)
    assert running.process.poll() is None


def test_a_port_in_use_is_one_line_that_says_what_to_do(start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        up = start(port=port)
        assert up.process.wait(60) == 1
    wait_for(lambda: up.lines, 5)
    assert len(up.lines) == 1
    assert f"Port {port} is in use" in up.said()
    assert f"PORT={port + 1} make run" in up.said()


def test_a_second_supervisor_on_the_same_data_says_so(running, start):
    second = start(data_dir=running.data_dir)
    assert second.process.wait(60) == 1
    wait_for(lambda: second.lines, 5)
    assert len(second.lines) == 1
    assert "already running on" in second.said()
    assert str(running.process.pid) in second.said()


def test_a_wrong_setting_is_one_line_and_exit_code_two(start):
    up = start(PROSA__WEB__PROCESSES="many")
    assert up.process.wait(60) == 2
    wait_for(lambda: up.lines, 5)
    assert len(up.lines) == 1
    assert "web.processes = 'many'" in up.said()


def test_a_data_directory_that_cannot_be_written_is_one_line(start, tmp_path):
    (tmp_path / "file").write_text("in the way")
    up = start(data_dir=tmp_path / "file" / "data")
    assert up.process.wait(60) == 2
    wait_for(lambda: up.lines, 5)
    assert len(up.lines) == 1, up.said()
    assert "data.dir" in up.said()


def test_a_socket_path_too_long_for_the_system_still_works(start, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    start(data_dir=deep).address()


def test_the_doctor_finds_a_running_prosa_well_and_a_stopped_one_not(running, tmp_path):
    assert is_well(running), running.said()
    stopped = [sys.executable, "-m", "inbox", "migrate"]
    ports = {"port": free_port(), "mail_port": free_port()}
    subprocess.run(stopped, cwd=ROOT, env=environment(tmp_path / "data", **ports), check=True)
    assert examined(tmp_path / "data", **ports) == (1, ["secret", "Redis", "mail"])


def is_well(up: Up) -> bool:
    """Perhaps something of it was killed a moment ago."""
    deadline = time.monotonic() + 20 * PATIENCE
    while (found := examined(up.data_dir, up.port, up.mail_port)) != (0, []):
        assert time.monotonic() < deadline, found
    return True


def examined(data_dir: Path, port: int, mail_port: int) -> tuple[int, list[str]]:
    """The doctor's exit code, and the names of what it found to be a problem."""
    done = subprocess.run(
        [sys.executable, "-m", "inbox", "doctor"],
        cwd=ROOT,
        env=environment(data_dir, port, mail_port),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, re.findall(r"^✗ (\w+)", done.stdout, flags=re.MULTILINE)


def test_what_it_logs_can_be_json(start):
    up = start(PROSA__LOG__FORMAT="json")
    wait_for(lambda: any("http://127.0.0.1" in line for line in up.lines), 30, up.said)
    assert all(line.startswith("{") for line in up.lines), up.said()
