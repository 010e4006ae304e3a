"""One session with a POP3 server (RFC 1939), by poplib. It fails with ``ConnectError`` or ``Refused``."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import poplib
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inbox import fetch
from inbox.channels import ConnectError
from inbox.channels.email import refusals, secrecy

SECONDS = 60
ANSWER_SECONDS = 15 * 60
"""For a whole answer: the largest mail over a line of 60 KB a second. Who drips for longer is let go."""

# RFC 5322 allows lines of 998 bytes and poplib 2,048; many programs write a whole paragraph into one
poplib._MAXLINE = 16_000_000  # type: ignore[attr-defined]


class Refused(Exception):
    """The server said -ERR to a command. The session lives."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail of this session."""

    number: int
    key: str
    """What it is called in every session: its UIDL, or a hash where the server has none."""
    size: int


class _Plain(poplib.POP3):
    """Leaves no line open where the greeting is none, and takes in no endless answer."""

    most = heard = 0
    """Bytes of one answer; 0 is no limit."""

    def _putline(self, line: bytes) -> None:
        self.heard = 0
        super()._putline(line)  # type: ignore[misc]

    def _getline(self) -> tuple[bytes, int]:
        line, size = super()._getline()  # type: ignore[misc]
        self.heard += size
        if self.heard > self.most > 0:
            raise OSError(f"more than {self.most} bytes at once")
        return line, size

    def _getresp(self) -> bytes:
        try:
            with in_time(self):
                return bytes(super()._getresp())  # type: ignore[misc]
        except BaseException:
            if not hasattr(self, "welcome"):
                self.close()
            raise


class _Tls(_Plain, poplib.POP3_SSL):
    pass


@contextlib.contextmanager
def in_time(pop: poplib.POP3) -> Iterator[None]:
    """Each byte has its time; an answer of bytes that come one by one has this one."""
    with fetch.bounded(pop.sock, time.monotonic() + ANSWER_SECONDS):
        yield


class Server:
    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Connected and signed in. Raises ConnectError."""
        host = str(settings.get("in_host") or "").strip()
        if not host:
            raise ConnectError(refusals.NO_HOST, permanent=True)
        security = settings.get("in_security") or "tls"
        port = int(settings.get("in_port") or (995 if security == "tls" else 110))
        self.where = f"{host}:{port}"
        try:
            self._pop = self._connected(host, port, security)
        except (OSError, UnicodeError) as problem:
            known = problem if isinstance(problem, OSError) else OSError(str(problem))
            raise refusals.unreachable(known, self.where) from problem
        except poplib.error_proto as problem:
            raise refusals.lost(problem, self.where) from problem
        self._pop.most = 2 * int(settings.get("max_bytes") or 0)
        try:
            self._secure(security)
            self._sign_in(settings)
        except BaseException:
            self._pop.close()
            raise

    def _connected(self, host: str, port: int, security: str) -> _Plain:
        if security == "tls":
            return _Tls(host, port, timeout=SECONDS, context=fetch.tls())
        return _Plain(host, port, timeout=SECONDS)

    def _secure(self, security: str) -> None:
        if security != "starttls":
            return
        try:
            self._pop.stls(fetch.tls())
        except poplib.error_proto as problem:
            raise ConnectError(refusals.NO_STARTTLS, permanent=True) from problem
        except OSError as problem:
            raise refusals.unreachable(problem, self.where) from problem

    def _sign_in(self, settings: Mapping[str, Any]) -> None:
        if not secrecy.is_between_us(self._pop.sock):
            raise ConnectError(secrecy.READABLE, self._pop.host, permanent=True)
        user = str(settings.get("in_user") or settings.get("address") or "")
        token = settings.get("access_token")
        try:
            if token:
                self._by_token(user, str(token))
            else:
                self._pop.user(user)
                self._pop.pass_(str(settings.get("in_password") or ""))
        except OSError as problem:
            raise refusals.lost(problem, self.where) from problem
        except poplib.error_proto as problem:
            raise refusals.not_let_in(_said(problem), by_token=bool(token)) from problem
        except ValueError as problem:  # what no command may contain
            raise ConnectError(refusals.PASSWORD, refusals.tidy(problem), permanent=True) from problem

    def _by_token(self, user: str, token: str) -> None:
        """XOAUTH2 in two steps, as Microsoft wants it; a refusal is explained before it is said."""
        answer = base64.b64encode(f"user={user}\1auth=Bearer {token}\1\1".encode()).decode()
        self._pop._shortcmd("AUTH XOAUTH2")  # type: ignore[attr-defined]
        said = self._pop._shortcmd(answer)  # type: ignore[attr-defined]
        if not said.startswith(b"+OK"):
            self._pop._shortcmd("")  # type: ignore[attr-defined]

    @property
    def encryption(self) -> str:
        """``TLSv1.3``, or empty for none."""
        line = self._pop.sock
        return (line.version() or "") if isinstance(line, ssl.SSLSocket) else ""

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            with in_time(self._pop):
                yield
        except OSError as problem:
            raise refusals.lost(problem, self.where) from problem
        except poplib.error_proto as problem:
            said = _said(problem)
            if said in ("-ERR EOF", "line too long"):
                raise refusals.lost(problem, self.where) from problem
            if pause := refusals.pause_in(said):
                raise ConnectError(refusals.WAIT, said, pause=pause) from problem
            raise Refused(said) from problem
        except (ValueError, LookupError) as problem:
            raise ConnectError(refusals.NONSENSE, refusals.tidy(problem)) from problem

    # ------------------------------------------------------------------------------------- asking

    def mails(self) -> list[Listed]:
        """Everything in the mailbox, oldest first, each with a name that no other has."""
        with self._plainly():
            sizes = dict(_numbers(row) for row in self._pop.list()[1])
        named = self._names()
        taken: set[str] = set()
        found = []
        for number, size in sorted(sizes.items()):
            key = named.get(number, "")
            if not key or key in taken:  # no UIDL, or one that another mail has: a hash of what it says
                key = self._hashed(number, size)
            taken.add(key)
            found.append(Listed(number, key, size))
        return found

    def _names(self) -> dict[int, str]:
        try:
            with self._plainly():
                rows = self._pop.uidl()[1]
        except Refused:
            return {}
        pairs = (row.decode("latin-1").split(None, 1) for row in rows)
        return {int(pair[0]): pair[1].strip()[:200] for pair in pairs if len(pair) == 2 and pair[0].isdigit()}

    def _hashed(self, number: int, size: int) -> str:
        return hashlib.sha256(f"{size} ".encode() + self.head(number)).hexdigest()[:40]

    def head(self, number: int) -> bytes:
        """Its headers; the whole of it where the server knows no TOP."""
        try:
            with self._plainly():
                return _joined(self._pop.top(number, 0)[1])
        except Refused:
            return self.body(number)

    def body(self, number: int) -> bytes:
        with self._plainly():
            return _joined(self._pop.retr(number)[1])

    def delete(self, number: int) -> None:
        """When the session ends in peace."""
        with self._plainly():
            self._pop.dele(number)

    def leave(self) -> None:
        """End the session in peace: only now does it delete."""
        with self._plainly():
            self._pop.quit()

    def close(self) -> None:
        self._pop.close()


def _numbers(row: bytes) -> tuple[int, int]:
    number, size = row.split()[:2]
    return int(number), int(size)


def _joined(lines: list[bytes]) -> bytes:
    return b"\r\n".join(lines) + b"\r\n"


def _said(problem: Exception) -> str:
    """poplib hands over the server's line as bytes."""
    return refusals.tidy(problem.args[0] if problem.args else problem)
