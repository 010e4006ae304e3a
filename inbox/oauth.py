"""Mailboxes that let us in by permission instead of by password: asking for it, keeping it, and its end.

Tokens are sealed. Whoever needs one calls ``access_token``; of several processes that find it about to end,
one gets the new one and the others wait for it, because providers may replace the refresh token each time.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import or_, select, update

from inbox import audit, live, vault
from inbox.channels import N_, ConnectError
from inbox.channels.email import oauth as protocol
from inbox.channels.email.oauth import Application, Provider, Refused, Silent, Tokens
from inbox.config import settings
from inbox.db import beside, now, session
from inbox.models import Account, Agent, Authorisation

log = structlog.get_logger("oauth")

MARGIN = timedelta(minutes=5)
"""So long before its end a token is replaced: a clock may be wrong, and a login may take a while."""

LEASE = timedelta(seconds=60)
PATIENCE = 25.0
"""Seconds to wait for another process that is getting the new token."""

STATE_SECONDS = 900
"""How long somebody may take to sign in at the provider."""

WARNING = timedelta(days=7)


class Withdrawn(ConnectError):
    """Only a person helps: somebody has to sign in at the provider again."""

    def __init__(self, label: str) -> None:
        super().__init__(
            N_("%(detail)s no longer lets us in: sign in again, in Settings, Mailboxes."),
            label,
            permanent=True,
        )


class NotNow(ConnectError):
    """There is a permission, but no token for now. Another time there may be one."""


class BadState(Exception):
    """Somebody came back from a provider whom we did not send there, or too late."""


@dataclass(frozen=True, slots=True)
class Request:
    """What we sent somebody to a provider for."""

    account_id: int
    provider: str
    state: str


# ------------------------------------------------------------------------------------------ providers


def provider(name: str) -> Provider:
    """From the table, with what ``[oauth]`` of the settings says instead. Raises KeyError."""
    config, known = settings().oauth, protocol.PROVIDERS[name]
    authorize = getattr(config, f"{name}_authorize_url") or known.authorize_url
    token = getattr(config, f"{name}_token_url") or known.token_url
    scopes = known.scopes
    if name == "microsoft":
        authorize, token = (
            url.replace("/common/", f"/{config.microsoft_tenant}/") for url in (authorize, token)
        )
        scopes = tuple(
            scope.replace("https://outlook.office.com", config.microsoft_resource) for scope in scopes
        )
    return replace(known, authorize_url=authorize, token_url=token, scopes=scopes)


def application(name: str, account: Account | None = None) -> Application | None:
    """What this installation is registered as at the provider: the mailbox's own, the settings', or what
    another mailbox uses.
    """
    if account and account.settings.get("auth", "password") in (name, "password"):
        own = _registered(account)
        if own:
            return own
    config = settings().oauth
    if client_id := getattr(config, f"{name}_client_id"):
        return Application(client_id, getattr(config, f"{name}_client_secret"))
    with beside(read_only=True) as own_session:
        mailboxes = own_session.scalars(select(Account).order_by(Account.id.desc())).all()
    return next(filter(None, (_registered(a) for a in mailboxes if a.settings.get("auth") == name)), None)


def _registered(account: Account) -> Application | None:
    client_id = str(account.settings.get("oauth_client_id") or "")
    secret = vault.unseal(str(account.settings.get("oauth_client_secret") or ""))
    return Application(client_id, secret) if client_id else None


# ------------------------------------------------------------------------------------ asking for it


def request_url(account: Account, name: str, redirect_uri: str, sign_in_id: int) -> str:
    """Where the admin's browser goes to give the permission. It is bound to this sign-in of theirs.

    Raises KeyError for a provider we do not know, LookupError where we are not registered.
    """
    known, registered = provider(name), application(name, account)
    if registered is None:
        raise LookupError(name)
    state = _signer().dumps([account.id, name, sign_in_id, secrets.token_urlsafe(12)])
    assert isinstance(state, str)
    return protocol.authorization_url(
        known,
        registered,
        redirect_uri=redirect_uri,
        state=state,
        verifier=_verifier(state),
        address=user_of(account),
    )


def requested(state: str, sign_in_id: int) -> Request:
    """What a browser that comes back was sent for. Raises BadState unless this sign-in was sent, lately."""
    try:
        account_id, name, sign_in, _nonce = _signer().loads(state, max_age=STATE_SECONDS)
    except (BadData, ValueError, TypeError):
        raise BadState from None
    if sign_in != sign_in_id or name not in protocol.PROVIDERS:
        raise BadState
    return Request(int(account_id), name, state)


def exchange(asked: Request, registered: Application, code: str, redirect_uri: str) -> Tokens:
    """The tokens for what the browser brought. It waits for the provider: hold no transaction.

    Raises Refused, Silent.
    """
    return protocol.exchange(
        provider(asked.provider),
        registered,
        code=code,
        redirect_uri=redirect_uri,
        verifier=_verifier(asked.state),
    )


def keep(account: Account, name: str, tokens: Tokens, by: Agent | None) -> Authorisation:
    """From now on the account uses this permission."""
    kept = session.get(Authorisation, account.id) or Authorisation(account_id=account.id)
    session.add(kept)
    kept.provider, kept.state, kept.reason, kept.leased_until = name, "ok", "", None
    kept.by_id, kept.created_at, kept.refresh_expires_at = by.id if by else None, now(), None
    for column, value in _columns(tokens).items():
        setattr(kept, column, value)
    account.settings = {**account.settings, "auth": name}
    audit.record("account_permitted", by, account=account.id)
    live.attention()
    return kept


def given() -> dict[int, datetime]:
    """When somebody last signed in for an account, by its id."""
    return {kept.account_id: kept.created_at for kept in session.scalars(select(Authorisation))}


def forget(account: Account) -> None:
    """The account goes back to a password, or away."""
    if kept := session.get(Authorisation, account.id):
        session.delete(kept)


def of(account: Account) -> Authorisation | None:
    return session.get(Authorisation, account.id)


def user_of(account: Account) -> str:
    """Whom the provider knows the mailbox by."""
    return str(account.settings.get("in_user") or account.settings.get("smtp_user") or account.address)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(vault.derived(b"oauth-state"))


def _verifier(state: str) -> str:
    """PKCE's secret (RFC 7636, 4.1): only we can make it from what stands in the address."""
    digest = hashlib.blake2b(state.encode(), digest_size=32, key=vault.derived(b"oauth-verifier")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


# ------------------------------------------------------------------------------------------- using it


def access_token(account: Account) -> str:
    """A token that works for some minutes yet. Raises Withdrawn, NotNow, vault.Unreadable.

    It may wait for the provider. It uses a transaction of its own, so hold no write lock.
    """
    kept = _look(account.id)
    name = kept.provider if kept else str(account.settings.get("auth") or "")
    known = provider(name) if name in protocol.PROVIDERS else None
    if kept is None or known is None:
        raise Withdrawn(known.label if known else name)
    deadline = time.monotonic() + PATIENCE
    while True:
        if kept is None or kept.state != "ok":
            raise Withdrawn(known.label)
        if _lasts(kept, MARGIN):
            return vault.unseal(kept.access_token)
        if lease := _claim(account.id):
            return _refreshed(account, known, lease)
        if time.monotonic() > deadline:
            raise NotNow(N_("Another process is still waiting for %(detail)s to let us in."), known.label)
        time.sleep(0.1)
        kept = _look(account.id)


def refused(account: Account) -> None:
    """A server did not take our token although it should still work: the next one is asked for anew."""
    with beside() as own:
        own.execute(
            update(Authorisation)
            .where(Authorisation.account_id == account.id, Authorisation.expires_at > now() + MARGIN)
            .values(expires_at=now() - MARGIN)
        )


def endings() -> Sequence[Authorisation]:
    """Permissions that are gone, or will be within a week: somebody has to sign in again."""
    return session.scalars(
        select(Authorisation)
        .join(Account, Account.id == Authorisation.account_id)
        .where(
            Account.active,
            or_(Authorisation.state == "withdrawn", Authorisation.refresh_expires_at < now() + WARNING),
        )
        .order_by(Authorisation.account_id)
    ).all()


def is_ending(kept: Authorisation, at: datetime | None = None) -> bool:
    """Whether it works now but will not in a week."""
    ends = kept.refresh_expires_at
    return kept.state == "ok" and ends is not None and ends < (at or now()) + WARNING


def _look(account_id: int) -> Authorisation | None:
    with beside(read_only=True) as own:
        return own.get(Authorisation, account_id)


def _lasts(kept: Authorisation, margin: timedelta) -> bool:
    return bool(kept.access_token) and kept.expires_at is not None and kept.expires_at > now() + margin


def _claim(account_id: int) -> datetime | None:
    """Take the refresh for ourselves, unless somebody has it in hand or has done it already."""
    moment = now()
    with beside() as own:
        claimed = own.execute(
            update(Authorisation)
            .where(
                Authorisation.account_id == account_id,
                Authorisation.state == "ok",
                or_(
                    Authorisation.leased_until.is_(None),
                    Authorisation.leased_until < moment,
                    Authorisation.leased_until > moment + 2 * LEASE,  # a clock that was ahead wrote it
                ),
                or_(Authorisation.expires_at.is_(None), Authorisation.expires_at <= moment + MARGIN),
            )
            .values(leased_until=moment + LEASE)
        )
    return moment + LEASE if claimed.rowcount == 1 else None  # type: ignore[attr-defined]


def _refreshed(account: Account, known: Provider, lease: datetime) -> str:
    kept = _look(account.id)
    if kept is None:
        raise Withdrawn(known.label)
    try:
        registered = application(known.name, account)
        if registered is None:
            raise Refused("invalid_client", "no application")
        tokens = protocol.refresh(known, registered, vault.unseal(kept.refresh_token))
    except Refused as problem:
        return _was_refused(kept, known, lease, problem)
    except Silent:
        _end(kept.account_id, lease, {})
        log.warning("oauth_silent", account=kept.account_id, provider=known.name)
        if _lasts(kept, timedelta()):  # it still works, only not for long
            return vault.unseal(kept.access_token)
        raise NotNow(N_("%(detail)s does not answer just now, so we cannot sign in."), known.label) from None
    except BaseException:
        _end(kept.account_id, lease, {})
        raise
    _end(kept.account_id, lease, _columns(tokens))
    log.info("oauth_refreshed", account=kept.account_id, provider=known.name)
    return tokens.access_token


def _was_refused(kept: Authorisation, known: Provider, lease: datetime, problem: Refused) -> str:
    log.warning("oauth_refused", account=kept.account_id, provider=known.name, code=problem.code[:64])
    if not problem.is_withdrawn:
        _end(kept.account_id, lease, {})
        raise NotNow(
            N_("%(detail)s: check the application’s ID and secret in Settings, Mailboxes."),
            f"{known.label} ({problem.code[:64]})",
        ) from problem
    gone = {"state": "withdrawn", "reason": (problem.text or problem.code)[:255], "access_token": ""}
    _end(kept.account_id, lease, gone)
    live.tell("counts", {}, {"attention"})
    raise Withdrawn(known.label) from problem


def _end(account_id: int, lease: datetime, values: dict[str, Any]) -> None:
    """Give the claim back with what came of it, unless a person signed in anew meanwhile."""
    with beside() as own:
        own.execute(
            update(Authorisation)
            .where(Authorisation.account_id == account_id, Authorisation.leased_until == lease)
            .values(leased_until=None, **values)
        )


def _columns(tokens: Tokens) -> dict[str, Any]:
    moment = now()
    columns: dict[str, Any] = {
        "access_token": vault.seal(tokens.access_token),
        "expires_at": moment + timedelta(seconds=tokens.seconds),
    }
    if tokens.refresh_token:
        columns["refresh_token"] = vault.seal(tokens.refresh_token)
    if tokens.refresh_seconds is not None:
        columns["refresh_expires_at"] = moment + timedelta(seconds=tokens.refresh_seconds)
    return columns
