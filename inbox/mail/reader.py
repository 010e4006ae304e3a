"""Reading mail in a child process that is kept warm: a mail that kills its reader costs one mail, not the
worker.

Starting a process takes some 150 ms, reading a mail some 2 ms, so one child reads many mails. It is replaced
when it dies, hangs, or has read enough that a slow leak would show.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from inbox.mail import limits, wire
from inbox.mail.values import Mail, Picture, Unreadable

Answer = TypeVar("Answer")

_ROOT = str(Path(__file__).resolve().parents[2])
# Isolated (-I): neither the environment nor the working directory decides what is imported.
_START = f"import sys; sys.path.insert(0, {_ROOT!r}); from inbox.mail.child import main; main()"
_SECONDS = 10.0  # of the clock: on a busy machine that is no fault of the mail; the child limits its work
_CHANCES = 3
_START_SECONDS = 10.0
_BYTES_A_SECOND = 10 * 1024 * 1024
_MAILS = 1_000
_CHUNK = 1024 * 1024


class _TooLate(Exception):
    pass


class _Died(Unreadable):
    """The child was killed, and not by us: by an operator, or by a system short of memory."""


class Reader:
    """Reads mails one at a time; safe to share between threads, and after a fork each process gets its own
    child.

    `seconds` is how long a small mail may take; larger ones get a share more.
    """

    def __init__(self, seconds: float = _SECONDS, mails: int = _MAILS) -> None:
        self._seconds = seconds
        self._mails = mails
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._read = 0

    def read(self, raw: bytes, meanwhile: Callable[[], object] | None = None) -> Mail:
        """One mail. Raises `Unreadable` when it is over a limit, or took its child's time, memory or life.

        What is to be done `meanwhile` is done while the child reads; again, if another child has to.
        """
        if len(raw) > limits.MAX_MAIL_BYTES:
            raise Unreadable("This mail is too large to be read.", "too_large")
        return self._asked_again(wire.MAIL, raw, wire.understand, meanwhile)

    def draw(
        self, content: bytes, wide: int, high: int, *, moving: bool = False, filling: bool = False
    ) -> Picture:
        """A picture drawn anew within `wide` × `high` pixels, or `filling` them. Raises as `read` does."""
        if len(content) > limits.MAX_PICTURE_BYTES:
            raise Unreadable("This picture is too large.", "too_large")
        ways = (b" moving" if moving else b"") + (b" filling" if filling else b"")
        how = b"%s %d %d%s" % (wire.DRAW, wide, high, ways)
        return self._asked_again(how, content, wire.understand_picture)

    def _asked_again(
        self,
        what: bytes,
        raw: bytes,
        understand: Callable[[wire.ReadExactly], Answer],
        meanwhile: Callable[[], object] | None = None,
    ) -> Answer:
        if self._owner not in (0, os.getpid()):
            self._forget()
        with self._lock:
            for chance in range(1, _CHANCES + 1):
                try:
                    return self._ask(what, raw, understand, meanwhile)
                except _Died as died:  # killed from outside: not the mail's fault, perhaps
                    if chance == _CHANCES:
                        raise Unreadable(died.reason, died.code) from None
        raise AssertionError("every chance answers or raises")

    def close(self) -> None:
        """End the child. The reader can be used again afterwards; it then starts another."""
        if self._owner not in (0, os.getpid()):
            self._forget()
        with self._lock:
            self._stop()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def _ask(
        self,
        what: bytes,
        raw: bytes,
        understand: Callable[[wire.ReadExactly], Answer],
        meanwhile: Callable[[], object] | None,
    ) -> Answer:
        child, fresh = self._ready()
        wait = self._seconds + len(raw) / _BYTES_A_SECOND + (_START_SECONDS if fresh else 0)
        talk = _Talk(child, time.monotonic() + wait)
        done = False
        try:
            talk.say(wire.frame(what) + wire.frame(raw))
            if meanwhile is not None:
                meanwhile()
            answer = understand(talk.hear)
            done = True
            return answer
        except Unreadable as error:
            done = error.code != "memory"  # after that its memory is in pieces
            raise
        except _TooLate:
            raise Unreadable("This mail took too long to read.", "timeout") from None
        except (OSError, EOFError):
            raise self._death(child) from None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unreadable("The reading of this mail gave no sense.", "crash") from error
        finally:
            if not done:
                self._stop()

    def _ready(self) -> tuple[subprocess.Popen[bytes], bool]:
        if self._child is not None and (self._read >= self._mails or self._child.poll() is not None):
            self._stop()
        self._read += 1
        if self._child is not None:
            return self._child, False
        self._child, self._owner, self._read = _start(), os.getpid(), 1
        return self._child, True

    def _death(self, child: subprocess.Popen[bytes]) -> Unreadable:
        try:
            code = child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            code = 0
        if code in (-signal.SIGPROF, -signal.SIGXCPU):
            return Unreadable("This mail took too much computing time to read.", "timeout")
        kind = _Died if code == -signal.SIGKILL else Unreadable
        return kind("This mail made its reader fail.", "crash")

    def _stop(self) -> None:
        child, self._child, self._read = self._child, None, 0
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

    def _forget(self) -> None:
        """After a fork: the child is the parent's. Close our copies of its pipes, which else keep it
        alive.
        """
        child, self._child, self._owner, self._read = self._child, None, 0, 0
        self._lock = threading.Lock()
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
            child.returncode = 0  # not ours to wait for


def _start() -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-I", "-c", _START],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env={"PATH": os.defpath},
        cwd="/",
        close_fds=True,
    )
    assert child.stdin is not None and child.stdout is not None
    for pipe in (child.stdin.fileno(), child.stdout.fileno()):
        os.set_blocking(pipe, False)
        _widen(pipe)
    return child


def _widen(pipe: int) -> None:
    """Let a whole mail lie in it, so that nobody waits for the other to take the next 64 kB; Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _CHUNK)


class _Talk:
    """One question and its answer, by a deadline."""

    def __init__(self, child: subprocess.Popen[bytes], deadline: float) -> None:
        assert child.stdin is not None and child.stdout is not None
        self.into = child.stdin.fileno()
        self.out = child.stdout.fileno()
        self.deadline = deadline

    def say(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if self._wait(self.into, select.POLLOUT):
                rest = rest[os.write(self.into, rest[:_CHUNK]) :]

    def hear(self, size: int) -> bytes:
        heard = bytearray()
        while len(heard) < size:
            if self._wait(self.out, select.POLLIN):
                data = os.read(self.out, min(_CHUNK, size - len(heard)))
                if not data:
                    raise EOFError
                heard += data
        return bytes(heard)

    def _wait(self, fd: int, event: int) -> bool:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise _TooLate
        waiting = select.poll()  # select() knows no descriptor beyond 1,023
        waiting.register(fd, event)
        return bool(waiting.poll(left * 1000))
