"""Lines to outgoing servers that are kept for the next mail, for greeting and TLS cost more than a mail.

Each process has its own. A line carries one mail at a time; it is given up when its account's settings
change, after so many mails, when nothing was sent for a while, and when the process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import smtplib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.channels import SendError
from inbox.channels.email import smtp

MAILS = 100
"""On one line; then a new one, as some servers insist."""

IDLE_SECONDS = 60.0
"""Well below the five minutes after which servers hang up (RFC 5321, 4.5.3.2.7)."""

_WHAT_MATTERS = (
    "auth", "smtp_host", "smtp_port", "smtp_security", "smtp_user", "smtp_password", "access_token",
)  # fmt: skip


@dataclass
class Line:
    server: smtplib.SMTP
    settings: str
    """A digest of what it was opened with."""
    mails: int = 0
    used_at: float = field(default_factory=time.monotonic)


class Lines:
    """The lines of this process, one an account."""

    def __init__(self, mails: int = MAILS, idle: float = IDLE_SECONDS) -> None:
        self.mails, self.idle = mails, idle
        self._kept: dict[str, Line] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    @contextlib.contextmanager
    def line(self, settings: Mapping[str, Any], seconds: float) -> Iterator[smtplib.SMTP]:
        """A line that is ready for MAIL; kept afterwards unless something broke. Raises SendError."""
        account = f"{settings.get('address') or ''} {user_and_host(settings)}"
        line = self._take(account, _digest(settings)) or Line(
            smtp.opened(settings, seconds), _digest(settings)
        )
        line.mails += 1
        sound = False
        try:
            yield line.server
            sound = True
        except SendError as problem:
            sound = problem.pause is None
            raise
        finally:
            if sound and line.server.sock is not None and line.mails < self.mails:
                self._keep(account, line)
            else:
                _give_up(line, politely=sound)

    def close(self) -> None:
        """Give up all of them."""
        with self._lock:
            lines, self._kept = list(self._kept.values()), {}
            if self._timer:
                self._timer.cancel()
                self._timer = None
        for line in lines:
            _give_up(line)

    def _take(self, account: str, settings: str) -> Line | None:
        with self._lock:
            line = self._kept.pop(account, None)
        if line is None:
            return None
        fresh = line.settings == settings and time.monotonic() - line.used_at < self.idle
        if fresh and _answers(line.server):
            return line
        _give_up(line, politely=fresh)
        return None

    def _keep(self, account: str, line: Line) -> None:
        line.used_at = time.monotonic()
        with self._lock:
            extra, self._kept[account] = self._kept.get(account), line
            self._watch()
        if extra:
            _give_up(extra)

    def _watch(self) -> None:
        """One timer for all, for as long as there are any."""
        if self._timer is None and self._kept:
            self._timer = threading.Timer(self.idle / 2, self._tidy)
            self._timer.daemon = True
            self._timer.start()

    def _tidy(self) -> None:
        with self._lock:
            self._timer = None
            old = [a for a, line in self._kept.items() if time.monotonic() - line.used_at >= self.idle]
            idle = [self._kept.pop(account) for account in old]
            self._watch()
        for line in idle:
            _give_up(line)


def user_and_host(settings: Mapping[str, Any]) -> str:
    return f"{settings.get('smtp_user') or ''}@{settings.get('smtp_host')}:{settings.get('smtp_port')}"


def _digest(settings: Mapping[str, Any]) -> str:
    said = "\0".join(str(settings.get(name) or "") for name in _WHAT_MATTERS)
    return hashlib.sha256(said.encode()).hexdigest()


def _answers(server: smtplib.SMTP) -> bool:
    """Whether it is still there, and has forgotten the mail before."""
    try:
        if server.sock is None:
            return False
        server.sock.settimeout(5)
        server.command_encoding = "ascii"
        return server.rset()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _give_up(line: Line, *, politely: bool = True) -> None:
    if politely:
        smtp.leave(line.server)
    else:
        line.server.close()


kept = Lines()
atexit.register(kept.close)
