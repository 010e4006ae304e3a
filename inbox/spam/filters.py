"""Asking a spam filter of the house: rspamd over HTTP, or SpamAssassin's spamd.

https://rspamd.com/doc/architecture/protocol.html, and spamd/PROTOCOL in SpamAssassin's source. A filter that
does not answer, or answers nonsense, calls nothing spam: mail never waits for it longer than a few seconds.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import structlog

from inbox.config import settings

log = structlog.get_logger("spam")

LARGEST = 5_000_000
"""Bytes. Spam is small; a larger mail is asked about by its beginning."""

_ANSWER = 200_000
_SPAM_ACTIONS = ("reject", "add header", "rewrite subject")
_SPAMD = re.compile(rb"^SPAMD/[\d.]+ 0 .*?^Spam: *(True|False)\b", re.IGNORECASE | re.DOTALL | re.MULTILINE)


def asked(raw: bytes, sender: str, recipients: Sequence[str]) -> str:
    """Which filter calls it spam: ``rspamd``, ``spamassassin``, or '' for none."""
    ours = settings().spam
    if ours.rspamd_url and _says(lambda until: _rspamd(raw[:LARGEST], sender, recipients, until)):
        return "rspamd"
    if not ours.rspamd_url and ours.spamd_host and _says(lambda until: _spamd(raw[:LARGEST], until)):
        return "spamassassin"
    return ""


def _says(ask: Callable[[float], bool]) -> bool:
    try:
        return ask(time.monotonic() + settings().spam.seconds)
    except (OSError, http.client.HTTPException, ValueError, TypeError) as problem:
        log.warning("filter_failed", problem=f"{type(problem).__name__}: {problem}"[:200])
        return False


def _rspamd(raw: bytes, sender: str, recipients: Sequence[str], until: float) -> bool:
    where = urlsplit(settings().spam.rspamd_url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    line = kind(where.hostname or "", where.port, timeout=_left(until))
    headers = {"From": _plain(sender), "Rcpt": _plain(recipients[0] if recipients else "")}
    try:
        line.request(
            "POST", f"{where.path.rstrip('/')}/checkv2", raw, {k: v for k, v in headers.items() if v}
        )
        answer = line.getresponse()
        body = bytearray()
        while len(body) < _ANSWER and (more := answer.read1(8192)):
            body += more
            _left(until)  # one that answers a byte at a time is too slow, too
    finally:
        line.close()
    if answer.status != 200:
        raise ValueError(f"rspamd answered {answer.status}")
    said = json.loads(bytes(body))
    if not isinstance(said, dict):
        raise ValueError("rspamd answered no object")
    return said.get("action") in _SPAM_ACTIONS


def _spamd(raw: bytes, until: float) -> bool:
    ours = settings().spam
    with socket.create_connection((ours.spamd_host, ours.spamd_port), timeout=_left(until)) as line:
        line.sendall(b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(raw) + raw)
        line.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while len(answer) < _ANSWER:
            line.settimeout(_left(until))
            if not (more := line.recv(8192)):
                break
            answer += more
    found = _SPAMD.search(bytes(answer))
    if not found:
        raise ValueError("spamd answered nothing that could be read")
    return found[1].lower() == b"true"


def _left(until: float) -> float:
    """Seconds that are left of its time."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _plain(address: str) -> str:
    """As it may stand in a header line."""
    return "".join(char for char in address if "!" <= char <= "~")
