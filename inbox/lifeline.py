"""A process that must not outlive its parent.

`hold()` at the start of web and worker: when the supervisor is gone, however it went, so are they. On Linux
the kernel sees to it, elsewhere a thread looks once a second. Forked children hold on to their parent in the
same way. (On Linux the *thread* that forked counts as the parent: fork from the main one what shall live.)

`python -m inbox.lifeline COMMAND …` does it for a program that cannot do it itself.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def hold() -> None:
    """Die with the present parent, and let children that are forked from now on die with us."""
    die_with(os.getppid())
    os.register_at_fork(before=_remember, after_in_child=_hold_in_child)


def die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it went while we were asking
        os.kill(os.getpid(), signal.SIGKILL)


_forking: int = 0


def _remember() -> None:
    global _forking
    _forking = os.getpid()


def _hold_in_child() -> None:
    die_with(_forking)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)


def guard(command: list[str]) -> int:
    """Run a program that knows nothing of this, and take it along when our parent goes."""
    parent = os.getppid()
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while child.poll() is None:
        if os.getppid() != parent:
            child.kill()
        time.sleep(0.2)
    return child.returncode


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))
