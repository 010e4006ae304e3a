"""Why a mailbox cannot be read, in sentences for whoever set it up.

Codes in brackets are RFC 5530's (IMAP) and RFC 3206's (POP3); what stands in ``THROTTLED`` and in
``APP_PASSWORD`` is what large providers say in words.
"""

from __future__ import annotations

import re
import socket
import ssl

from inbox.channels import N_, ConnectError, TokenRefused

PAUSE = 300.0
"""Seconds a provider is left alone that wants less of us, and does not say for how long."""

LONGEST_PAUSE = 6 * 3600.0

LET_IN = N_("The incoming server lets us in: %(detail)s")

NO_HOST = N_("No incoming server is set.")
UNKNOWN_HOST = N_("There is no server called %(detail)s: check its name.")
REFUSED = N_("The server %(detail)s refuses connections: check its name, port and encryption.")
SILENT = N_("The server %(detail)s does not answer: check its name, port and encryption, or try again later.")
UNREACHABLE = N_("The server cannot be reached: %(detail)s")
DROPPED = N_("The server ended the connection: %(detail)s")
CERTIFICATE = N_("The certificate of the server is not trusted: %(detail)s")
NO_TLS = N_("The server does not speak TLS on this port; choose STARTTLS, or another port: %(detail)s")
NO_STARTTLS = N_("The server offers no STARTTLS on this port: choose TLS and its port (IMAP 993, POP3 995).")
IN_CLEAR = N_("The server takes no password without encryption: choose TLS or STARTTLS.")
PASSWORD = N_("The server refused the user name or password: %(detail)s")
APP_PASSWORD = N_("The provider wants an app password here, made in its security settings: %(detail)s")
SWITCHED_OFF = N_(
    "The provider does not let programs read this mailbox; turn IMAP or POP3 on there: %(detail)s"
)
TOKEN = N_("The provider no longer takes our permission; sign in again: %(detail)s")
WAIT = N_("The provider asks us to wait: %(detail)s")
SAID = N_("The server said: %(detail)s")
NONSENSE = N_("What the server says cannot be understood: %(detail)s")

_THROTTLED = re.compile(
    r"\[(?:throttled|limit|overquota|unavailable|in-?use|login-delay|sys/temp)\b|throttl|too many|"
    r"rate limit|bandwidth limit|server (?:is )?busy|try again later|temporar(?:y|ily)",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"backoff time: (\d+) milliseconds|(?:in|after|for|wait) (\d{1,5}) ?(s|m|h)", re.IGNORECASE
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_AS_BYTES = re.compile(r"b(['\"])(.*)\1", re.DOTALL)
_COMMAND = re.compile(r"^(?:UID )?[A-Za-z]+ (?:failed|command error): (?:BAD )?(?:b(?=['\"]))?")
_APP_PASSWORD = re.compile(r"app(?:lication)?[- ]specific password|app password|basic ?auth", re.IGNORECASE)
_SWITCHED_OFF = re.compile(
    r"(?:imap|pop3?)(?: access)? is disabled|not enabled for (?:imap|pop)|"
    r"protocol (?:is )?disabled|web login required",
    re.IGNORECASE,
)


def tidy(text: object) -> str:
    """What a server said, as one short line, without what the libraries put around it."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    if quoted := _AS_BYTES.fullmatch(words):
        words = quoted[2]
    printable = "".join(c if c.isprintable() else " " for c in _COMMAND.sub("", words))
    return " ".join(printable.split())[:200]


def unreachable(problem: OSError, where: str) -> ConnectError:
    """No connection to ``where`` (host and port), or not the kind that was asked for."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return ConnectError(CERTIFICATE, tidy(f"{where}: {problem.verify_message}"), permanent=True)
    if isinstance(problem, ssl.SSLError):
        return ConnectError(NO_TLS, tidy(f"{where}: {problem.reason or problem}"))
    if isinstance(problem, socket.gaierror):
        return ConnectError(UNKNOWN_HOST, where)
    if isinstance(problem, ConnectionRefusedError):
        return ConnectError(REFUSED, where)
    if isinstance(problem, TimeoutError):
        return ConnectError(SILENT, where)
    return ConnectError(UNREACHABLE, tidy(f"{where}: {problem.strerror or problem}"))


def lost(problem: Exception, where: str) -> ConnectError:
    """A connection that worked, and ended or went quiet."""
    said = tidy(problem)
    if pause := pause_in(said):  # some say so in their goodbye
        return ConnectError(WAIT, said, pause=pause)
    if isinstance(problem, TimeoutError):
        return ConnectError(SILENT, where)
    return ConnectError(DROPPED, said or where)


def not_let_in(text: object, *, by_token: bool) -> ConnectError:
    """The server did not accept who we say we are."""
    said = tidy(text)
    if pause := pause_in(said):
        return ConnectError(WAIT, said, pause=pause)
    if _SWITCHED_OFF.search(said):
        return ConnectError(SWITCHED_OFF, said, permanent=True)
    if by_token:
        return TokenRefused(TOKEN, said, permanent=True)
    if _APP_PASSWORD.search(said):
        return ConnectError(APP_PASSWORD, said, permanent=True)
    return ConnectError(PASSWORD, said, permanent=True)


def pause_in(said: str) -> float | None:
    """For how many seconds the provider wants to be left alone; None where it does not say so at all."""
    if not _THROTTLED.search(said):
        return None
    asked = _ASKED.search(said)
    if asked is None:
        seconds = PAUSE
    elif asked[1]:
        seconds = int(asked[1]) / 1000
    else:
        seconds = int(asked[2]) * _SECONDS[asked[3].lower()]
    return min(max(seconds, 1.0), LONGEST_PAUSE)
