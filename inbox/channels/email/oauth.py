"""Letting us into a mailbox at Google or Microsoft without its password: OAuth 2 with PKCE (RFC 6749, 7636).

https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from inbox import fetch

SECONDS = 15
"""For the provider to answer."""

LIMIT = 100_000
"""Bytes of an answer: Microsoft's tokens have several thousand."""

WITHDRAWN = ("invalid_grant", "interaction_required", "consent_required", "login_required", "access_denied")
"""What providers say when only a person's signing in again helps (RFC 6749, 5.2; OpenID Connect, 3.1.2.6)."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where somebody is asked for permission, where we get tokens for it, and what we ask for."""

    name: str
    label: str
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    more: Mapping[str, str] = field(default_factory=dict)
    """What its authorisation page wants to be told besides."""


GOOGLE = Provider(
    "google",
    "Google",
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
    ("https://mail.google.com/",),
    {"access_type": "offline", "prompt": "consent"},  # else only the first sign-in brings a refresh token
)
MICROSOFT = Provider(
    "microsoft",
    "Microsoft",
    "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    (
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
    ),
    {"prompt": "select_account"},
)
PROVIDERS = {provider.name: provider for provider in (GOOGLE, MICROSOFT)}


@dataclass(frozen=True, slots=True)
class Application:
    """What the provider knows this installation by."""

    client_id: str
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gave us; seconds are from now, None where it did not say."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    """Empty: the one there was stays good."""
    seconds: int = 3600
    refresh_seconds: int | None = None


class Refused(Exception):
    """The provider said no: ``code`` is one of RFC 6749, 5.2, the text is its own."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code, text)
        self.code, self.text = code, text

    @property
    def is_withdrawn(self) -> bool:
        return self.code in WITHDRAWN


class Silent(Exception):
    """The provider does not answer, or not in a way one could read. Another time it may."""


def authorization_url(
    provider: Provider,
    application: Application,
    *,
    redirect_uri: str,
    state: str,
    verifier: str,
    address: str = "",
) -> str:
    """Where to send the browser of whoever may give the permission."""
    asked = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(provider.scopes),
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        "login_hint": address,
        **provider.more,
    }
    return f"{provider.authorize_url}{'&' if '?' in provider.authorize_url else '?'}{urlencode(asked)}"


def challenge(verifier: str) -> str:
    """What may be seen of PKCE's secret (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def exchange(
    provider: Provider, application: Application, *, code: str, redirect_uri: str, verifier: str
) -> Tokens:
    """The tokens for a code the browser came back with. Raises Refused, Silent."""
    given = _given(
        provider,
        application,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        },
    )
    granted = str(given.get("scope") or " ".join(provider.scopes)).split()
    if not {scope for scope in provider.scopes if ":" in scope} <= set(granted):
        raise Refused("insufficient_scope")  # somebody may untick what is asked for
    tokens = _tokens(given)
    if not tokens.refresh_token:
        raise Refused("no_refresh_token")  # we would be locked out in an hour
    return tokens


def refresh(provider: Provider, application: Application, refresh_token: str) -> Tokens:
    """New tokens for the permission we have. Raises Refused, Silent."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "scope": " ".join(provider.scopes),
    }
    return _tokens(_given(provider, application, form))


def _given(provider: Provider, application: Application, form: dict[str, str]) -> Mapping[str, object]:
    """What the token endpoint says. It stands in the table or in the settings, so it may be our own."""
    form["client_id"] = application.client_id
    if application.client_secret:
        form["client_secret"] = application.client_secret
    try:
        answer = fetch.post(provider.token_url, form, limit=LIMIT, timeout=SECONDS, allow_private=True)
        said = json.loads(answer.body)
    except (fetch.Refused, fetch.Failed, ValueError, RecursionError) as problem:
        raise Silent(type(problem).__name__) from problem
    if not isinstance(said, dict) or answer.status >= 500 or answer.status == 429:
        raise Silent(f"HTTP {answer.status}")
    if "error" in said:
        raise Refused(str(said["error"])[:64], _line(said.get("error_description")))
    if answer.status != 200:
        raise Silent(f"HTTP {answer.status}")
    return said


def _tokens(given: Mapping[str, object]) -> Tokens:
    access, kept = given.get("access_token"), given.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise Silent("no access token")
    return Tokens(
        access,
        kept if isinstance(kept, str) else "",
        _seconds(given.get("expires_in")) or 3600,
        _seconds(given.get("refresh_token_expires_in")),
    )


def _seconds(value: object) -> int | None:
    """Some say ``"3599"`` and some 3599."""
    text = str(value)
    return min(int(text), 10**9) if text.isascii() and text.isdigit() else None


def _line(text: object) -> str:
    """A provider's own words, short enough to show: Microsoft adds trace numbers on more lines."""
    return " ".join(str(text or "").splitlines()[:1])[:200].strip()
