"""An authorisation server as Google and Microsoft run one (RFC 6749, 7636, 6750), on this machine.

``with AuthorisationServer() as server`` answers at ``server.url`` and remembers what it gave to whom. Whoever
comes to its authorisation page signs in at once; ``denies`` makes them refuse. It is as strict as the real
ones: registered redirect addresses, codes that work once, PKCE, client secrets, and refresh tokens that are
replaced with each use when ``rotates`` is set.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

CLIENT, SECRET = "prosa-client", "prosa-secret"


@dataclass
class Permission:
    """What one person allowed: the scopes, and the refresh tokens that are good for it."""

    user: str
    scope: str
    refresh_tokens: set[str] = field(default_factory=set)
    revoked: bool = False


@dataclass
class AuthorisationServer:
    rotates: bool = False
    denies: str = ""
    """``access_denied``, say, instead of a code."""
    lifetime: int = 3600
    refresh_lifetime: int | None = None
    grants: str | None = None
    """The scope it gives instead of what was asked for."""
    keeps_refresh_token: bool = False
    """It gives none, as Google does to who was here before."""
    delay: float = 0.0
    answer: tuple[int, str, bytes] | None = None
    """Status, content type and body of every answer of the token endpoint, instead of a proper one."""
    redirect_uris: set[str] = field(default_factory=set)
    """Empty: any."""

    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    access: dict[str, tuple[Permission, float]] = field(default_factory=dict)
    permissions: list[Permission] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    """The forms that came to the token endpoint."""

    def __enter__(self) -> Self:
        self.lock = threading.Lock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def settings(self, name: str = "google") -> dict[str, str]:
        """``[oauth]`` for an installation that is registered here."""
        return {
            f"{name}_client_id": CLIENT,
            f"{name}_client_secret": SECRET,
            f"{name}_authorize_url": f"{self.url}/authorize",
            f"{name}_token_url": f"{self.url}/token",
        }

    def refreshes(self) -> int:
        return sum(form.get("grant_type") == "refresh_token" for form in self.asked)

    def revoke(self) -> None:
        """The person took all permissions back, on the provider's own pages."""
        with self.lock:
            for permission in self.permissions:
                permission.revoked = True
            self.access.clear()

    # ------------------------------------------------------------------------------------- the pages

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent; ValueError where a real one shows its own error page."""
        if query.get("client_id") != CLIENT or (
            self.redirect_uris and query.get("redirect_uri") not in self.redirect_uris
        ):
            raise ValueError("unknown client or redirect address")
        back = {"state": query.get("state", "")}
        if self.denies:
            return f"{query['redirect_uri']}?{urlencode({**back, 'error': self.denies})}"
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            raise ValueError("no code, or no PKCE")
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({**back, 'code': code})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        with self.lock:
            self.asked.append(form)
            if form.get("client_id") != CLIENT or form.get("client_secret") != SECRET:
                return 401, {"error": "invalid_client"}
            if form.get("grant_type") == "authorization_code":
                return self._by_code(form)
            if form.get("grant_type") == "refresh_token":
                return self._by_refresh(form)
            return 400, {"error": "unsupported_grant_type"}

    def _by_code(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if (
            asked is None
            or asked["redirect_uri"] != form.get("redirect_uri")
            or asked["code_challenge"] != challenge
        ):
            return 400, {"error": "invalid_grant", "error_description": "Bad code."}
        scope = asked["scope"] if self.grants is None else self.grants
        permission = Permission(asked.get("login_hint", ""), scope)
        self.permissions.append(permission)
        return 200, self._tokens(permission, with_refresh=not self.keeps_refresh_token)

    def _by_refresh(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        token = form.get("refresh_token", "")
        permission = next((p for p in self.permissions if token in p.refresh_tokens), None)
        if permission is None or permission.revoked:
            return 400, {
                "error": "invalid_grant",
                "error_description": "Token has been expired or revoked.\r\nTrace ID: 1",
            }
        if self.rotates:
            permission.refresh_tokens.discard(token)
        return 200, self._tokens(permission, with_refresh=self.rotates)

    def _tokens(self, permission: Permission, *, with_refresh: bool) -> dict[str, Any]:
        access = secrets.token_urlsafe(24)
        self.access[access] = (permission, time.time() + self.lifetime)
        given: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": permission.scope.replace(" offline_access", ""),
        }
        if with_refresh:
            refresh = secrets.token_urlsafe(24)
            permission.refresh_tokens.add(refresh)
            given["refresh_token"] = refresh
        if self.refresh_lifetime is not None:
            given["refresh_token_expires_in"] = self.refresh_lifetime
        return given

    def token_info(self, access_token: str) -> tuple[int, dict[str, Any]]:
        """What a mail server asks about a token that it is shown."""
        permission, until = self.access.get(access_token, (None, 0.0))
        if permission is None or permission.revoked or until < time.time():
            return 400, {"error": "invalid_token"}
        return 200, {"email": permission.user, "active": True}


def _handler(server: AuthorisationServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = _flat(parts.query)
            if parts.path == "/authorize":
                try:
                    self._answer(302, {}, {"Location": server.authorize(query)})
                except ValueError as problem:
                    self._answer(400, {"error": str(problem)})
            elif parts.path == "/tokeninfo":
                self._answer(*server.token_info(query.get("access_token", "")))
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            time.sleep(server.delay)
            if server.answer:
                status, kind, content = server.answer
                server.asked.append(_flat(body))
                self._write(status, kind, content)
            else:
                self._answer(*server.token(_flat(body)))

        def _answer(self, status: int, said: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            self._write(status, "application/json", json.dumps(said).encode(), headers)

        def _write(
            self, status: int, kind: str, content: bytes, headers: dict[str, str] | None = None
        ) -> None:
            self.send_response(status)
            for name, value in {
                "Content-Type": kind,
                "Content-Length": str(len(content)),
                **(headers or {}),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """The tests look at ``asked`` instead."""

    return Handler


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def visit(url: str) -> dict[str, str]:
    """What a browser brings back from the authorisation page: the query of the address it is sent to."""
    answer = requests.get(url, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return _flat(urlsplit(answer.headers["Location"]).query)


DOVECOT = """
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {file}
}}
"""


def let_in_by_token(folder: Any, server: AuthorisationServer) -> str:
    """Settings with which a Dovecot asks this server about tokens. ``folder`` is where its own lie."""
    file = folder / "oauth2.conf"
    file.write_text(
        f"tokeninfo_url = {server.url}/tokeninfo?access_token=\n"
        "introspection_mode = auth\nusername_attribute = email\n"
    )
    return DOVECOT.format(file=file)
