"""One connection to an IMAP server (RFC 9051, RFC 3501), by imapclient.

Nothing of the library's comes out of here: a command that the server refuses raises ``Refused``, and whatever
else goes wrong is a ``ConnectError``, after which the connection is not used again.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from imapclient import IMAPClient, SocketTimeout, imap4, tls
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError

from inbox import fetch
from inbox.channels import ConnectError
from inbox.channels.email import refusals, secrecy

CONNECT_SECONDS = 20
READ_SECONDS = 60
"""A server that says nothing for so long while it owes us an answer is gone."""

ANSWER_SECONDS = 15 * 60
"""For a whole answer: the largest mail over a line of 60 KB a second. Who drips for longer is let go."""

LARGEST = 50_000_000
"""Bytes of a mail, where the settings do not say."""

WINDOW = 40_000
"""So many numbers are asked for at once: the answer is one line, and the library takes a megabyte of it."""

MOST_WINDOWS = 1000
"""Numbers may be sparse: a folder that has used billions of them holds few mails in each window."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

ROLES = ("sent", "drafts", "junk", "trash", "archive", "all")

ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPALIVE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}
"""The system asks a server that has been silent for a minute whether it is there."""

_MESSAGE_ID = re.compile(rb"<[^<>]+>")


class Refused(Exception):
    """The server said NO or BAD to a command. The connection lives."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A folder as it is when it is opened."""

    uidvalidity: int
    uidnext: int | None
    exists: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a mail before it is fetched."""

    size: int
    arrived: datetime
    """INTERNALDATE, by the server's clock."""


@dataclass(frozen=True, slots=True)
class FolderName:
    """A folder that can be opened."""

    name: str
    role: str = ""
    """One of ``ROLES``, where the server says so (RFC 6154)."""


class _InTime:
    """Greets and tells what it can within the time of one answer."""

    sock: socket.socket

    def _connect(self) -> None:
        with fetch.bounded(self.sock, time.monotonic() + ANSWER_SECONDS):
            super()._connect()  # type: ignore[misc]


class _Plain(_InTime, imap4.IMAP4WithTimeout):
    pass


class _Tls(_InTime, tls.IMAP4_TLS):
    pass


class _Client(IMAPClient):
    """The library's, but it hears mail announced before IDLE has begun, or in one breath with that."""

    def _create_IMAP4(self) -> Any:  # noqa: N802 (the library calls it so)
        seconds = self._timeout.connect
        if self.ssl:
            return _Tls(self.host, self.port, self.ssl_context, seconds)
        return _Plain(self.host, self.port, seconds)

    def idle(self) -> None:
        self._idle_tag = self._imap._command("IDLE")
        while self._imap._get_response() is not None:  # not yet the "+" that says it has begun
            if refused := self._imap.tagged_commands[self._idle_tag]:
                raise IMAPClientError(f"IDLE failed: {refused[1][0]!r}")

    heard = 0
    """Bytes of the answer to this command."""

    def take_no_more_than(self, most: int) -> None:
        """Bytes at once, and twice that in one answer: a server may say that anything follows, and the
        library makes room for all of it."""
        read, readline = self._imap.read, self._imap.readline

        def within(size: int) -> bytes:
            if size > most:
                raise IMAPClientAbortError(f"{size} bytes at once")
            return counted(bytes(read(size)))

        def counted(said: bytes) -> bytes:
            self.heard += len(said)
            if self.heard > 2 * most:
                raise IMAPClientAbortError(f"{self.heard} bytes in one answer")
            return said

        self._imap.read = within
        self._imap.readline = lambda: counted(readline())

    def announcements(self) -> int:
        """How often the server has told how many mails there are, since the folder was opened."""
        return len(self._imap.untagged_responses.get("EXISTS", ()))

    def _poll_socket(self, sock: Any, timeout: float | None = None) -> bool:
        """What was read ahead is in a buffer, where no poll sees it: reading tells, and does not wait."""
        return True


class Server:
    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Connected and signed in. Raises ConnectError."""
        self.host = str(settings.get("in_host") or "").strip()
        if not self.host:
            raise ConnectError(refusals.NO_HOST, permanent=True)
        self.security = settings.get("in_security") or "tls"
        self.port = int(settings.get("in_port") or (993 if self.security == "tls" else 143))
        self.where = f"{self.host}:{self.port}"
        self._client = self._connected()
        self._client.take_no_more_than(2 * int(settings.get("max_bytes") or LARGEST))
        self._announced = 0
        try:
            with self._in_time():
                self._secure()
                self._sign_in(settings)
        except BaseException:
            self.close()
            raise

    # --------------------------------------------------------------------------------- connecting

    def _connected(self) -> _Client:
        try:
            client = _Client(
                self.host,
                self.port,
                ssl=self.security == "tls",
                ssl_context=fetch.tls(),
                timeout=SocketTimeout(CONNECT_SECONDS, READ_SECONDS),
            )
        except (OSError, UnicodeError) as problem:
            raise refusals.unreachable(_as_os_error(problem), self.where) from problem
        except IMAPClientError as problem:  # it greets us with BYE, or is no IMAP server at all
            raise refusals.lost(problem, self.where) from problem
        client.normalise_times = False
        _tune(client.socket())
        return client

    def _secure(self) -> None:
        if self.security != "starttls":
            return
        with self._plainly():
            if not self._client.has_capability("STARTTLS"):
                raise ConnectError(refusals.NO_STARTTLS, permanent=True)
        try:
            self._client.starttls(fetch.tls())
        except OSError as problem:
            raise refusals.unreachable(problem, self.where) from problem
        except IMAPClientError as problem:
            raise refusals.lost(problem, self.where) from problem

    def _sign_in(self, settings: Mapping[str, Any]) -> None:
        if not secrecy.is_between_us(self._client.socket()):
            raise ConnectError(secrecy.READABLE, self.host, permanent=True)
        user = str(settings.get("in_user") or settings.get("address") or "")
        token = settings.get("access_token")
        try:
            if token:
                self._client.oauth2_login(user, token)
            elif self._client.has_capability("LOGINDISABLED"):
                raise ConnectError(refusals.IN_CLEAR, permanent=True)
            else:
                self._client.login(user, settings.get("in_password") or "")
        except (OSError, IMAPClientAbortError) as problem:
            raise refusals.lost(problem, self.where) from problem
        except IMAPClientError as problem:
            if isinstance(problem.__context__, IMAPClientAbortError):  # it hung up, and refused nothing
                raise refusals.lost(problem.__context__, self.where) from problem
            raise refusals.not_let_in(problem, by_token=bool(token)) from problem
        except UnicodeError as problem:
            raise ConnectError(refusals.PASSWORD, str(problem), permanent=True) from problem

    def close(self) -> None:
        """Say goodbye if it still listens, and do not wait for it."""
        with contextlib.suppress(OSError, IMAPClientError):
            self._client.socket().settimeout(2)
            self._client.logout()
        with contextlib.suppress(OSError, IMAPClientError):
            self._client.shutdown()

    @property
    def encryption(self) -> str:
        """``TLSv1.3``, or empty for none."""
        line = self._client.socket()
        return (line.version() or "") if isinstance(line, ssl.SSLSocket) else ""

    def can(self, capability: str) -> bool:
        with self._plainly():
            return bool(self._client.has_capability(capability))

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        """Each byte has its time; an answer of bytes that come one by one has this one."""
        self._client.heard = 0
        with fetch.bounded(self._client.socket(), time.monotonic() + ANSWER_SECONDS):
            yield

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            with self._in_time():
                yield
        except (OSError, IMAPClientAbortError) as problem:
            raise refusals.lost(problem, self.where) from problem
        except IMAPClientError as problem:
            said = refusals.tidy(problem)
            if pause := refusals.pause_in(said):
                raise ConnectError(refusals.WAIT, said, pause=pause) from problem
            raise Refused(said) from problem
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError) as problem:
            raise ConnectError(refusals.NONSENSE, refusals.tidy(problem)) from problem

    # ------------------------------------------------------------------------------------- asking

    def folders(self) -> list[FolderName]:
        """Those that hold mail, in the server's order."""
        with self._plainly():
            listed = self._client.list_folders()
        found = []
        for flags, _delimiter, name in listed:
            marks = {flag.decode("ascii", "replace").lstrip("\\").lower() for flag in flags}
            if not marks & {"noselect", "nonexistent"}:
                role = next(
                    (r for r in ("sent", "drafts", "junk", "trash", "archive", "all") if r in marks), ""
                )
                found.append(FolderName(str(name), role))
        return found

    def select(self, folder: str, *, read_only: bool) -> Selected:
        """Open a folder; read-only leaves not even a trace of our having looked. Raises Refused."""
        with self._plainly():
            told = self._client.select_folder(folder, readonly=read_only)
            self._announced = self._client.announcements()
            uidnext = told.get(b"UIDNEXT")
            return Selected(int(told.get(b"UIDVALIDITY", 0)), uidnext and int(uidnext), int(told[b"EXISTS"]))

    def uids(self, first: int, last: int | None, exists: int, since: date | None = None) -> list[int]:
        """The numbers from ``first`` to ``last`` (or the newest) that are in use, ascending, each once."""
        found: set[int] = set()
        start, step = first, max(WINDOW, ((last or 0) - first) // MOST_WINDOWS)
        while last is None or start <= last:
            end = None if last is None else last if exists <= WINDOW else min(start + step - 1, last)
            criteria: list[Any] = ["UID", f"{start}:{'*' if end is None else end}"]
            if since:
                criteria += ["SINCE", since]
            with self._plainly():
                found.update(map(int, self._client.search(criteria)))
            if end is None:
                break
            start = end + 1
        # "n:*" names the newest even if it is below n
        return sorted(uid for uid in found if uid >= first and (last is None or uid <= last))

    def facts(self, uids: Sequence[int]) -> dict[int, Facts]:
        with self._plainly():
            rows = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return {
            uid: Facts(int(row.get(b"RFC822.SIZE") or 0), _moment(row.get(b"INTERNALDATE")))
            for uid, row in rows.items()
            if b"RFC822.SIZE" in row
        }

    def message_ids(self, uids: Sequence[int]) -> dict[int, str]:
        """Empty where a mail has none."""
        with self._plainly():
            rows = self._client.fetch(uids, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
        return {uid: _message_id(_body(row) or b"") for uid, row in rows.items()}

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole mails, without marking them as read. What has vanished is missing here."""
        return self._fetched(uids, "BODY.PEEK[]")

    def headers(self, uid: int) -> bytes | None:
        return self._fetched([uid], "BODY.PEEK[HEADER]").get(uid)

    def _fetched(self, uids: Sequence[int], what: str) -> dict[int, bytes]:
        with self._plainly():
            rows = self._client.fetch(uids, [what])
        return {uid: body for uid, row in rows.items() if (body := _body(row)) is not None}

    # -------------------------------------------------------------------------------- taking away

    def move(self, uids: Sequence[int], target: str) -> None:
        """To another folder, which is made if it is not there. Raises Refused."""
        with self._plainly():
            try:
                self._move(uids, target)
            except IMAPClientAbortError:
                raise
            except IMAPClientError as problem:
                if self._client.folder_exists(target):
                    raise
                if refusals.pause_in(str(problem)):
                    raise
                self._client.create_folder(target)
                self._move(uids, target)

    def _move(self, uids: Sequence[int], target: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, target)
        else:
            self._client.copy(uids, target)
            self._delete(uids)

    def delete(self, uids: Sequence[int]) -> None:
        """For good. Raises Refused."""
        with self._plainly():
            self._delete(uids)

    def _delete(self, uids: Sequence[int]) -> None:
        self._client.delete_messages(uids, silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
        elif set(map(int, self._client.search(["DELETED"]))) <= set(uids):
            self._client.expunge()  # would take along what somebody else has marked

    # ------------------------------------------------------------------------------------ waiting

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> bool:
        """Until the server announces something (IDLE, RFC 2177), or for so long; whether it did."""
        deadline = time.monotonic() + seconds
        try:
            with self._plainly():
                self._client.idle()
        except (Refused, CapabilityError) as problem:
            raise ConnectError(refusals.SAID, refusals.tidy(problem)) from problem
        with self._plainly():
            news = self._client.announcements() > self._announced or _is_of_mail(self._client.idle_check())
            while not news and not stopped() and (left := deadline - time.monotonic()) > 0:
                if _is_readable(self._client.socket(), min(left, 0.5)):
                    said = self._client.idle_check()
                    news = not said or _is_of_mail(said)  # nothing to read: DONE tells whether it is gone
            self._client.idle_done()
        return news


def _is_of_mail(news: Sequence[Any]) -> bool:
    return any(len(one) > 1 and one[1] == b"EXISTS" for one in news)


def _is_readable(line: socket.socket, seconds: float) -> bool:
    poller = select.poll()
    poller.register(line.fileno(), select.POLLIN)
    return bool(poller.poll(seconds * 1000))


def _tune(line: socket.socket) -> None:
    # the library sends a command in two parts, and the second would wait for the server's ACK of the first
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ALIVE.items():
        if hasattr(socket, option):
            with contextlib.suppress(OSError):
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _as_os_error(problem: Exception) -> OSError:
    """A name that cannot even be asked for is a name that nobody has."""
    return problem if isinstance(problem, OSError) else socket.gaierror(str(problem))


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime):
        return LONG_AGO
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _body(row: Mapping[bytes, Any]) -> bytes | None:
    """The one body in a row, whatever the server calls it; a NIL is none."""
    return next((v for k, v in row.items() if k.startswith(b"BODY[") and isinstance(v, bytes)), None)


def _message_id(header: bytes) -> str:
    found = _MESSAGE_ID.search(header.replace(b"\r\n", b""))
    return found[0].decode("latin-1") if found else ""
