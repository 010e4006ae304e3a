"""The background process: queues, the mail listener, the collector and the timetable, on one screen.

Every line of ``PROCESSES`` is a process of its own, forked from this one after the imports, which they
therefore share. One that dies is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

if __name__ == "__main__":
    gc.disable()  # imports leave no garbage, and looking for it takes a quarter of their time

import structlog
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy.orm import configure_mappers

from inbox import (
    collector,
    db,
    figures,
    files,
    handover,
    intake,
    lifeline,
    listener,
    logs,
    memos,
    outbox,
    queue,
    reactions,
    resets,
    signin,
    tags,
    topics,
)
from inbox.audit import seal
from inbox.config import ConfigError, settings
from inbox.notices import centre, digest, push
from inbox.privacy import retention
from inbox.privacy import run as privacy
from inbox.reactions import surveys

log = structlog.get_logger("worker")

TIMETABLE: list[tuple[float, Callable[[], object]]] = [
    (1, outbox.sweep),
    (2, intake.sweep),
    (2, memos.sweep),
    (5, reactions.sweep),
    (5, handover.sweep),
    (5, resets.sweep),
    (15, surveys.sweep),
    (15, privacy.sweep),
    (60, retention.sweep),
    (5, figures.sweep),
    (15, tags.sweep),
    (15, topics.sweep),
    (60, seal.sweep),
    (5, push.sweep),
    (60, digest.sweep),
    (3600, centre.prune),
    (3600, signin.forget_expired),
    (3600, memos.forget),
]
"""Every so many seconds. Each is idempotent: it finds rows whose time has come and rings for them."""

ALIVE_SECONDS = 15


def work(name: str) -> None:
    """Serve one queue."""
    worker = SimpleWorker(
        [Queue(name, connection=queue.connection(), serializer=JSONSerializer)],
        connection=queue.connection(),
        serializer=JSONSerializer,
        maintenance_interval=60,
        worker_ttl=60,
        job_monitoring_interval=5,
        log_job_description=False,
    )
    worker.max_connection_wait_time = 2
    worker.work(logging_level="WARNING")


def keep_time() -> None:
    """Run the timetable. A second one is harmless: it would ring bells that ring already."""
    due = [0.0] * len(TIMETABLE)
    while True:
        for line, (seconds, run) in enumerate(TIMETABLE):
            if time.monotonic() >= due[line]:
                due[line] = time.monotonic() + seconds
                try:
                    run()
                except Exception:
                    log.exception("sweep_failed", sweep=f"{run.__module__}.{run.__qualname__}")
        time.sleep(0.2)


def listen() -> None:
    """Take mail in."""
    asyncio.run(listener.serve())


def processes() -> dict[str, tuple[str, Callable[[], None]]]:
    """What runs: a name for each process, what it is alive as, and what it does."""
    listed: dict[str, tuple[str, Callable[[], None]]] = {
        "timetable": ("timetable", keep_time),
        "collector": ("collector", collector.run),
    }
    if settings().mail.listen_port:
        listed["listener"] = ("listener", listen)
    for name in queue.QUEUES:
        for number in range(getattr(settings().worker, name)):
            listed[f"{name}-{number + 1}"] = (name, partial(work, name))
    return listed


# ------------------------------------------------------------------------------------ being a process


def main() -> None:
    logs.setup(settings().log)
    lifeline.hold()
    running: dict[int, str] = {}
    todo = processes()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    configure_mappers()
    gc.collect()
    gc.freeze()  # a collector that does not touch what is shared leaves it shared
    gc.enable()
    try:
        for name in todo:
            running[_fork(*todo[name])] = name
        while running:
            pid, status = os.wait()
            name = running.pop(pid, "")
            if name:
                log.warning("process_died", process=name, status=os.waitstatus_to_exitcode(status))
                time.sleep(0.5)  # one that cannot start must not spin
                running[_fork(*todo[name])] = name
    finally:
        _stop(running)


def _fork(alive_as: str, run: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells us when to stop
        db.connect(settings().database_url)
        files.use(settings().files_url)
        threading.Thread(target=_say_alive, args=(alive_as,), daemon=True).start()
        run()
        code = 0
    except BaseException:
        log.exception("process_failed", process=alive_as)
    finally:
        os._exit(code)


def _say_alive(name: str) -> None:
    while True:
        try:
            queue.connection().set(f"prosa:alive:{name}", str(os.getpid()), ex=ALIVE_SECONDS)
        except Exception:
            log.debug("alive_not_said", process=name)
        time.sleep(ALIVE_SECONDS / 3)


def _stop(running: dict[int, str]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for pid in running:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + 3
    while running and time.monotonic() < deadline:
        for pid in list(running):
            if _has_ended(pid):
                del running[pid]
        time.sleep(0.02)
    for pid in running:
        _signal(pid, signal.SIGKILL)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] != 0
    except ChildProcessError:  # somebody has waited for it already
        return True


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    try:
        main()
    except ConfigError as problem:
        sys.exit(f"Settings: {problem}")
