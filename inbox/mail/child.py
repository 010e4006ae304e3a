"""The process that reads mail and draws its pictures anew: one question after another on stdin, answers on
stdout, and little else it may do.

It imports only `inbox.mail` and its libraries, has no secrets, no files and no more memory, time and file
size than a mail needs. Whatever kills it, `reader.Reader` puts another in its place; when the parent goes,
stdin ends and so does it. Start it with `python -m inbox.mail.child`.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import resource
import signal
import sys
from typing import BinaryIO

from inbox.mail import wire
from inbox.mail.parse import parse
from inbox.mail.values import Unreadable

_MEMORY = 1024**3  # of address space
_SECONDS = 1.8  # of processor time for a small mail
_BYTES_A_SECOND = 20 * 1024 * 1024


def main() -> None:
    """Answer until stdin ends."""
    source, sink = sys.stdin.buffer, _own_stdout()
    restrict()
    gc.freeze()  # what is imported stays
    gc.set_threshold(20_000)  # a mail is read before it is worth looking for what of it could go
    while (asked := _question(source)) is not None:
        what, raw = asked
        grant_time(len(raw))
        for data in _answer(what, raw):
            sink.write(wire.frame(data))
        sink.flush()


def _own_stdout() -> BinaryIO:
    """Stdout for answers alone: anything a library prints goes to stderr."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")


def _question(source: BinaryIO) -> tuple[bytes, bytes] | None:
    def exactly(size: int) -> bytes:
        data = source.read(size)
        if len(data) < size:
            raise EOFError
        return data

    try:
        return wire.read_frame(exactly), wire.read_frame(exactly)
    except EOFError:
        return None


def _answer(what: bytes, raw: bytes) -> list[bytes]:
    try:
        return wire.answer(parse(raw)) if what == wire.MAIL else _drawn(what, raw)
    except Unreadable as error:
        return wire.refusal(error)
    except MemoryError:
        return wire.refusal(Unreadable("This mail needs more memory to read than it may use.", "memory"))
    except Exception:  # the mail found a fault in the code that reads it: that is no reason to stop reading
        return wire.refusal(Unreadable("This mail is malformed in a way that cannot be read.", "broken"))


def _drawn(what: bytes, raw: bytes) -> list[bytes]:
    from inbox.mail.picture import redraw  # imported late: who only reads mail needs no decoders

    _draw, wide, high, *how = what.split()
    return wire.drawn(redraw(raw, int(wide), int(high), b"moving" in how, b"filling" in how))


def restrict() -> None:
    """Bound memory, files and core dumps. What a system lacks is skipped."""
    _limit(resource.RLIMIT_AS, _MEMORY)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 32)
    _limit_processes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes our stdin


def _limit_processes() -> None:
    if hasattr(resource, "RLIMIT_NPROC"):
        _limit(resource.RLIMIT_NPROC, 0)


def _limit(which: int, value: int) -> None:
    with contextlib.suppress(ValueError, OSError):  # macOS refuses some of them
        _, hard = resource.getrlimit(which)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (allowed, allowed))


def grant_time(size: int) -> None:
    """Seconds of processor time for the next mail, by its size in bytes; beyond them SIGPROF ends us.

    The limit of the system counts whole seconds only: it stands behind, should the timer be switched off.
    """
    seconds = _SECONDS + size / _BYTES_A_SECOND
    signal.setitimer(signal.ITIMER_PROF, seconds)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = math.ceil(spent.ru_utime + spent.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main()
