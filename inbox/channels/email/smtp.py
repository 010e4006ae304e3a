"""The line to an account's outgoing server: opened, encrypted, signed in, and tried out.

https://www.rfc-editor.org/rfc/rfc5321 (SMTP), rfc3207 (STARTTLS), rfc8314 (TLS), rfc4954 (AUTH);
https://developers.google.com/workspace/gmail/imap/xoauth2-protocol (XOAUTH2)
"""

from __future__ import annotations

import base64
import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any

from inbox import fetch
from inbox.channels import N_, AccountError, Check, NotLetIn, SendError
from inbox.channels.email import answers, secrecy

CONNECT_SECONDS = 20.0
COMMAND_SECONDS = 30.0
ANSWER_SECONDS = 10 * 60.0
"""For a whole answer, the longest that RFC 5321 knows of (4.5.3.2.6). Who drips for longer is let go."""

LONGEST_ANSWER = 1_000_000
"""Bytes. Lines without end would fill our memory."""
ASK_A_PERSON = 300.0
"""Seconds to the next try where somebody has to change the settings first."""

NO_NAME = N_("There is no server called %(detail)s.")
CLOSED = N_("%(detail)s refused the connection: check the port.")
SILENT = N_("The mail server does not answer: %(detail)s")
NO_STARTTLS = N_("The mail server offers no encryption here: choose TLS on port 465, or ask its operator.")
NO_TLS = N_("The mail server does not speak TLS on this port: choose STARTTLS, or port 465.")
INSECURE = N_("No secure connection to the mail server: %(detail)s")
EXPIRED = N_("The mail server’s certificate has expired, so nothing is sent to it.")
OTHER_NAME = N_("The mail server’s certificate is for another name, so nothing is sent to it: %(detail)s")
UNKNOWN_ISSUER = N_(
    "Nobody we know vouches for the mail server’s certificate, so nothing is sent to it: %(detail)s"
)
WRONG_PASSWORD = N_(
    "The mail server refused the user name or password: see Settings, Mailboxes. It said: %(detail)s"
)
NO_PERMISSION = N_(
    "The provider refused our permission: sign in again, in Settings, Mailboxes. It said: %(detail)s"
)
NO_LOGIN = N_("The mail server wants no user name here: leave it empty, or choose encryption.")

_CERTIFICATE = {10: EXPIRED, 62: OTHER_NAME, 64: OTHER_NAME}  # OpenSSL's X509_V_ERR_…


def opened(settings: Mapping[str, Any], seconds: float = CONNECT_SECONDS) -> smtplib.SMTP:
    """A line that is ready for MAIL. Raises AccountError, SendError."""
    server = _connected(settings, min(seconds, CONNECT_SECONDS))
    try:
        with explained(settings):
            _encrypt(server, settings)
            _sign_in(server, settings)
            server.ehlo_or_helo_if_needed()
    except BaseException:
        server.close()
        raise
    return server


def check(settings: Mapping[str, Any]) -> tuple[Check, ...]:
    """Try the settings out, as far as they work: reach it, encrypt, sign in, and what it takes."""
    found: list[Check] = []
    server = None
    try:
        server = _connected(settings, CONNECT_SECONDS)
        found.append(Check(N_("The outgoing server answers: %(detail)s"), True, _where(settings)))
        with explained(settings):
            _encrypt(server, settings)
            found.append(_encryption(server))
            if _sign_in(server, settings):
                found.append(Check(N_("It lets us in as %(detail)s."), True, user_of(settings)))
            server.ehlo_or_helo_if_needed()
            found.append(_limits(server))
    except SendError as problem:
        found.append(Check(problem.reason, False, problem.detail))
    finally:
        if server is not None:
            leave(server)
    return tuple(found)


def leave(server: smtplib.SMTP) -> None:
    """Say goodbye; whatever it answers, it has taken what it has taken."""
    with contextlib.suppress(OSError, smtplib.SMTPException, AttributeError):
        if server.sock is not None:
            server.sock.settimeout(2)
            server.quit()
    server.close()


def size_limit(server: smtplib.SMTP) -> int:
    """The most bytes it takes at once (RFC 1870); 0 where it does not say."""
    said = server.esmtp_features.get("size", "").strip()
    return int(said) if said.isascii() and said.isdigit() else 0


def user_of(settings: Mapping[str, Any]) -> str:
    """The name to sign in with; empty: none is wanted."""
    if _by_permission(settings):
        return str(settings.get("smtp_user") or settings.get("in_user") or settings.get("address") or "")
    return str(settings.get("smtp_user") or "")


@contextlib.contextmanager
def explained(settings: Mapping[str, Any]) -> Iterator[None]:
    """What goes wrong with the line becomes a sentence about the account."""
    try:
        yield
    except smtplib.SMTPResponseException as problem:
        reply = answers.said(problem.smtp_code, problem.smtp_error)
        if pause := answers.pause_in(problem.smtp_code, reply):
            raise SendError(answers.TOO_FAST, reply, pause=pause) from problem
        raise AccountError(answers.SAID, reply) from problem
    except ssl.SSLCertVerificationError as problem:
        reason = _CERTIFICATE.get(problem.verify_code, UNKNOWN_ISSUER)
        raise AccountError(reason, problem.verify_message, pause=ASK_A_PERSON) from problem
    except ssl.SSLError as problem:
        plain = problem.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
        reason = NO_TLS if plain else INSECURE
        raise AccountError(reason, problem.reason or "", pause=ASK_A_PERSON) from problem
    except (socket.gaierror, UnicodeError) as problem:  # a name that cannot even be asked for
        raise AccountError(NO_NAME, str(settings.get("smtp_host"))) from problem
    except ConnectionRefusedError as problem:
        raise AccountError(CLOSED, _where(settings)) from problem
    except (OSError, smtplib.SMTPException) as problem:
        raise AccountError(SILENT, str(problem)[:200]) from problem


# -------------------------------------------------------------------------------------------- steps


class _Plain(smtplib.SMTP):
    """Takes in no endless answer, neither of bytes that come one by one nor of too many."""

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is None:
            return super().getreply()
        self.file = _Lines(self.file or self.sock.makefile("rb"))
        with fetch.bounded(self.sock, time.monotonic() + ANSWER_SECONDS):
            try:
                return super().getreply()
            finally:
                self.file = self.file and self.file.lines


class _Tls(_Plain, smtplib.SMTP_SSL):
    pass


class _Lines:
    """The lines of one answer."""

    def __init__(self, lines: Any) -> None:
        self.lines, self.heard = lines, 0

    def readline(self, most: int) -> bytes:
        said = bytes(self.lines.readline(most))
        self.heard += len(said)
        if self.heard > LONGEST_ANSWER:
            raise OSError(f"more than {LONGEST_ANSWER} bytes in one answer")
        return said

    def close(self) -> None:
        self.lines.close()


def _connected(settings: Mapping[str, Any], seconds: float) -> smtplib.SMTP:
    host, port = str(settings["smtp_host"]), int(settings.get("smtp_port") or 587)
    # our name is asked of no name server, which may be slow: what we call ourselves follows
    with explained(settings):
        if settings.get("smtp_security") == "tls":
            context = fetch.tls()
            server: smtplib.SMTP = _Tls(host, port, "localhost", timeout=seconds, context=context)
        else:
            server = _Plain(host, port, "localhost", timeout=seconds)
    if server.sock is not None:
        address = server.sock.getsockname()[0]
        server.local_hostname = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        server.sock.settimeout(min(seconds, COMMAND_SECONDS))
    return server


def _encrypt(server: smtplib.SMTP, settings: Mapping[str, Any]) -> None:
    """STARTTLS where it is wanted: a server that does not offer it gets nothing, least of all a password."""
    if (settings.get("smtp_security") or "starttls") != "starttls":
        return
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("starttls"):
        raise AccountError(NO_STARTTLS, pause=ASK_A_PERSON)
    server.starttls(context=fetch.tls())


def _sign_in(server: smtplib.SMTP, settings: Mapping[str, Any]) -> bool:
    """Whether there was something to sign in with."""
    user = user_of(settings)
    if not user:
        return False
    if not secrecy.is_between_us(server.sock):
        raise AccountError(secrecy.READABLE, str(settings["smtp_host"]), pause=ASK_A_PERSON)
    try:
        if _by_permission(settings):
            _show_permission(server, user, str(settings["access_token"]))
        else:
            _show_password(server, user, str(settings.get("smtp_password") or ""))
    except smtplib.SMTPAuthenticationError as problem:
        reply = answers.said(problem.smtp_code, problem.smtp_error)
        if problem.smtp_code < 500:  # it cannot tell just now
            raise AccountError(answers.SAID, reply) from problem
        if _by_permission(settings):
            raise NotLetIn(NO_PERMISSION, reply, pause=ASK_A_PERSON) from problem
        raise AccountError(WRONG_PASSWORD, reply, pause=ASK_A_PERSON) from problem
    except smtplib.SMTPNotSupportedError as problem:
        raise AccountError(NO_LOGIN, pause=ASK_A_PERSON) from problem
    return True


def _show_password(server: smtplib.SMTP, user: str, password: str) -> None:
    """The library chooses how, but knows ASCII only; PLAIN is UTF-8 by its definition (RFC 4616)."""
    if f"{user}{password}".isascii():
        server.login(user, password)
        return
    said = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
    code, reply = server.docmd("AUTH", f"PLAIN {said}")
    if code not in (235, 503):
        raise smtplib.SMTPAuthenticationError(code, reply)


def _show_permission(server: smtplib.SMTP, user: str, token: str) -> None:
    """OAuth 2 by XOAUTH2. To a refusal it wants an empty answer, and then says no."""
    server.ehlo_or_helo_if_needed()
    if "XOAUTH2" not in server.esmtp_features.get("auth", "").upper():
        raise smtplib.SMTPNotSupportedError("XOAUTH2")
    said = f"user={user}\1auth=Bearer {token}\1\1"
    server.auth("XOAUTH2", lambda challenge=None: said if challenge is None else "")


def _by_permission(settings: Mapping[str, Any]) -> bool:
    return (settings.get("auth") or "password") != "password"


def _encryption(server: smtplib.SMTP) -> Check:
    if isinstance(server.sock, ssl.SSLSocket):
        return Check(N_("The line is encrypted: %(detail)s"), True, server.sock.version() or "")
    return Check(N_("The line is not encrypted, as you chose."), True)


def _limits(server: smtplib.SMTP) -> Check:
    limit = size_limit(server)
    if not limit:
        return Check(N_("It does not say how large a mail may be."), True)
    return Check(N_("It takes mails of up to %(detail)s."), True, f"{limit / 1_000_000:.0f} MB")


def _where(settings: Mapping[str, Any]) -> str:
    return f"{settings.get('smtp_host')}:{settings.get('smtp_port') or 587}"
