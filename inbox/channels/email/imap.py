"""Mail fetched by IMAP (RFC 9051, RFC 3501): trying a mailbox out, listening to it, its history."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from inbox.channels import N_, Batch, Check, ConnectError, Known
from inbox.channels.email import refusals
from inbox.channels.email.imap_folder import NO_FOLDER, Folder, Position
from inbox.channels.email.imap_server import FolderName, Refused, Server

IDLE_SECONDS = 5 * 60
"""IDLE is begun anew well before the 29 minutes after which a server may hang up (RFC 2177), and often
enough to notice one that no longer announces anything."""

BRAKE = (0.0, 0.0, 1.0, 5.0, 15.0, 60.0)
"""Seconds of rest after so many announcements in a row without any mail: a server that announces for ever is
asked ever less often."""

POLL_SECONDS = 60
"""How often we look into what is not announced: further folders, and servers without IDLE."""


def folder_names(settings: Mapping[str, Any]) -> list[str]:
    """The folders that are listened to, the first one by IDLE."""
    named = [name.strip() for name in str(settings.get("in_folders") or "").split(",")]
    return list(dict.fromkeys(filter(None, named))) or ["INBOX"]


def folders(settings: Mapping[str, Any]) -> list[FolderName]:
    """What there is to choose from. Raises ConnectError."""
    server = Server(settings)
    try:
        return server.folders()
    except Refused as problem:
        raise ConnectError(NO_FOLDER, str(problem)) from problem
    finally:
        server.close()


def listen(
    settings: Mapping[str, Any],
    cursors: Mapping[str, Mapping[str, Any]],
    stopped: Callable[[], bool],
    known: Known,
) -> Iterator[Batch]:
    """As ``Channel.listen``: one connection, and the end of it is an end."""
    server = Server(settings)
    try:
        named = folder_names(settings)
        idles = server.can("IDLE")
        opened = [Folder(server, name, settings, cursors.get(name, {}), known) for name in named]
        long = IDLE_SECONDS if idles and len(opened) == 1 else POLL_SECONDS
        announced, in_vain = False, 0
        while not stopped():
            found = False
            for batch in _round(opened):
                found = found or bool(batch.items)
                yield batch
                if stopped():
                    return
            in_vain = in_vain + 1 if announced and not found else 0
            _rest(BRAKE[min(in_vain, len(BRAKE) - 1)], stopped)
            until_next_try = min(folder.next_try() for folder in opened)
            announced = _wait(server, idles, stopped, min(long, until_next_try))
    finally:
        server.close()


def _round(opened: list[Folder]) -> Iterator[Batch]:
    """Every folder once, the first one last, so that it is the one that is open while we wait. A further one
    that cannot be opened keeps no other from being read.
    """
    trouble: ConnectError | None = None
    for folder in [*opened[1:], opened[0]]:
        try:
            yield from folder.catch_up()
        except Refused as problem:
            trouble = ConnectError(NO_FOLDER, f"{folder.name}: {problem}")
            if folder is opened[0]:
                raise trouble from problem
    yield Batch(trouble=trouble)


def _wait(server: Server, idles: bool, stopped: Callable[[], bool], seconds: float) -> bool:
    """Whether the server announced something."""
    if idles:
        return server.wait(seconds, stopped)
    _rest(seconds, stopped)
    return False


def _rest(seconds: float, stopped: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not stopped() and time.monotonic() < until:
        time.sleep(min(0.5, seconds))


def history(
    settings: Mapping[str, Any],
    folder: str,
    cursor: Mapping[str, Any],
    since: datetime | None,
    heard: Mapping[str, Any],
) -> Iterator[Batch]:
    """As ``Channel.history``."""
    server = Server(settings)
    reading = {**settings, "in_after": "keep"}
    try:
        yield from Folder(server, folder, reading, cursor, Known(), since).history(Position.of(heard))
    except Refused as problem:
        raise ConnectError(NO_FOLDER, f"{folder}: {problem}", permanent=True) from problem
    finally:
        server.close()


def check(settings: Mapping[str, Any]) -> list[Check]:
    """Try out the incoming side as typed, with the sentences an admin reads. Never raises."""
    try:
        server = Server(settings)
    except ConnectError as problem:
        return [Check(problem.reason, False, problem.detail)]
    try:
        return [
            Check(refusals.LET_IN, True, f"{server.where} {server.encryption}".strip()),
            *(_looked_into(server, name) for name in folder_names(settings)),
            _announced(server),
        ]
    except ConnectError as problem:
        return [Check(problem.reason, False, problem.detail)]
    finally:
        server.close()


def _looked_into(server: Server, name: str) -> Check:
    try:
        selected = server.select(name, read_only=True)
    except Refused as problem:
        return Check(NO_FOLDER, False, f"{name}: {problem}")
    return Check(N_("The folder can be read: %(detail)s"), True, f"{name} ({selected.exists})")


def _announced(server: Server) -> Check:
    if server.can("IDLE"):
        return Check(N_("New mail is announced at once."), True)
    return Check(N_("New mail is not announced: we look for it every minute."), True)
