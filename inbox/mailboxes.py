"""The accounts we receive and answer with: connecting, adding and changing them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from email.utils import parseaddr
from html import escape
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from inbox import audit, channels, files, oauth, pictures, vault
from inbox.channels.email import signing
from inbox.db import session
from inbox.mail.clean import clean_written
from inbox.models import Account, AccountAddress, Agent, Attachment, Payload

if TYPE_CHECKING:
    from inbox.channels.email.servers import Found

DKIM_SELECTOR = "prosa"

LARGEST_READ, LARGEST_HEADERS = 5_000_000, 100_000
"""Bytes."""

_AUTHENTICATION = re.compile(
    r"^Authentication-Results:\s*(?:(?P<name>[A-Za-z0-9.-]{1,253})(?:\s+\d+)?\s*;|[a-z]+=)",
    re.IGNORECASE | re.MULTILINE,
)


class Taken(Exception):
    """The address belongs to another account already: its address, and that account's id."""

    def __init__(self, address: str, account_id: int) -> None:
        super().__init__(address)
        self.account_id = account_id


class Needed(Exception):
    """The account's own address cannot go."""


def every() -> list[Account]:
    query = select(Account).options(selectinload(Account.addresses), selectinload(Account.team))
    return list(session.scalars(query.order_by(Account.active.desc(), Account.name, Account.id)))


def add(kind: str, address: str, by: Agent | None = None, **facts: Any) -> Account:
    """A new account of a channel. Raises Taken."""
    account = Account(kind=channels.of(kind).kind, address=address, settings={})
    session.add(account)
    _set(account, address=address, **facts)
    audit.record("account_added", by, account=account.id)
    return account


def change(account: Account, by: Agent | None = None, **facts: Any) -> None:
    """Raises Taken. Its former address stays one of its addresses."""
    before, kept = _facts(account), dict(account.settings or {})
    _set(account, **facts)
    _note(account, before, kept, by)


def _facts(account: Account) -> dict[str, Any]:
    return {"name": account.name, "team": account.team_id, "active": account.active}


def _note(account: Account, before: dict[str, Any], kept: dict[str, Any], by: Agent | None) -> None:
    """Which settings changed, by their names: what stands in them may be secret."""
    now_ = account.settings or {}
    fields = sorted(name for name in kept.keys() | now_.keys() if kept.get(name) != now_.get(name))
    if (changed := audit.changes(before, _facts(account))) or fields:
        audit.record("account_changed", by, account=account.id, **changed, fields=fields)


def _set(
    account: Account,
    *,
    address: str,
    name: str = "",
    team_id: int | None = None,
    active: bool = True,
    fields: Mapping[str, Any] | None = None,
) -> None:
    account.name, account.address = name or address, address.strip()
    account.team_id, account.active = team_id, active
    if fields is not None:
        _set_fields(account, fields)
    _claim(account, account.address)
    session.flush()


def set_fields(account: Account, fields: Mapping[str, Any], by: Agent | None = None) -> None:
    """Change the settings that are given. An empty secret keeps the one there is, for it is never shown."""
    before, kept = _facts(account), dict(account.settings or {})
    _set_fields(account, fields)
    _note(account, before, kept, by)


def _set_fields(account: Account, fields: Mapping[str, Any]) -> None:
    kept = dict(account.settings or {})
    for field in channels.of(account.kind).fields:
        value = fields.get(field.name)
        if field.kind in channels.SEALED:
            kept[field.name] = vault.seal(value) if value else kept.get(field.name) or ""
        elif field.name in fields:
            kept[field.name] = value
    account.settings = kept
    if kept.get("auth", "password") == "password":
        oauth.forget(account)


def proposal(found: Found) -> dict[str, Any]:
    """What was found for an address, as settings."""
    provider, (incoming, outgoing) = found.provider, (found.incoming, found.outgoing)
    return {
        "auth": found.auth,
        "incoming": incoming.protocol,
        "in_host": incoming.host,
        "in_port": incoming.port,
        "in_security": incoming.security,
        "in_user": incoming.user,
        "smtp_host": outgoing.host,
        "smtp_port": outgoing.port,
        "smtp_security": outgoing.security,
        "smtp_user": outgoing.user,
        **({"authserv_id": provider.authserv_id} if provider and provider.authserv_id else {}),
    }


# ----------------------------------------------------------------------------------------- addresses


def add_address(
    account: Account, address: str, name: str = "", team_id: int | None = None, by: Agent | None = None
) -> AccountAddress:
    """Raises Taken."""
    row = _claim(account, address)
    row.name, row.team_id = name, team_id
    session.flush()
    audit.record("address_added", by, account=account.id, address=row.id)
    return row


def change_address(
    row: AccountAddress, name: str, team_id: int | None, signature: str, by: Agent | None = None
) -> None:
    """What customers see beside it, who answers it, and what stands under what is written from it."""
    before = {"name": row.name, "team": row.team_id, "signature": row.signature}
    html = signature if "<" in signature else "<br>".join(escape(signature.strip()).splitlines())
    row.name, row.team_id = name, team_id
    row.signature, row.pictures = pictures.keep(clean_written(html).strip(), row.pictures)
    changed = audit.changes(before, {"name": name, "team": team_id, "signature": row.signature})
    if changed:
        fields = ["signature"] if changed.pop("signature", None) else []  # its words are nobody's business
        audit.record("address_changed", by, account=row.account_id, address=row.id, **changed, fields=fields)


def add_picture(row: AccountAddress, filename: str, content_type: str, content: bytes) -> Attachment:
    """For the signature of an address; it goes with the next change of that, unless that shows it."""
    picture = pictures.made(filename, content_type, content)
    row.pictures.append(picture)
    session.flush()
    return picture


def remove_address(row: AccountAddress, by: Agent | None = None) -> None:
    """Raises Needed. What came to it stays."""
    if row.address == row.account.address.lower():
        raise Needed(row.address)
    audit.record("address_removed", by, account=row.account_id, address=row.id)
    row.account.addresses.remove(row)
    session.flush()


def _claim(account: Account, address: str) -> AccountAddress:
    wanted = address.strip().lower()
    with session.no_autoflush:
        row = session.scalar(select(AccountAddress).where(AccountAddress.address == wanted))
        if row is not None and row.account_id != account.id:
            raise Taken(wanted, row.account_id)
        if row is None:
            row = next((a for a in account.addresses if a.address == wanted), None)
        if row is None:
            row = AccountAddress(address=wanted, name="", signature="")
            account.addresses.append(row)
    return row


# --------------------------------------------------------------------------------------- proving it


def make_dkim_key(account: Account, by: Agent | None = None) -> None:
    """A new key under a name of its own: the record of the former one goes on proving what it signed."""
    private, _record = signing.new_key()
    selector = str(account.settings.get("dkim_selector") or "")
    if account.settings.get("dkim_key") or not selector:
        selector = _next_selector(selector)
    _set_fields(account, {"dkim_key": private, "dkim_selector": selector})
    audit.record("account_key_made", by, account=account.id)


def _next_selector(selector: str) -> str:
    name = selector.rstrip("0123456789")
    number = selector[len(name) :]
    return f"{name}{int(number or 1) + 1}" if selector else DKIM_SELECTOR


def dkim_record(account: Account) -> tuple[str, str] | None:
    """The name and the text of the DNS record that belongs to the account's key."""
    try:
        private = vault.unseal(str(account.settings.get("dkim_key") or ""))
        record = signing.record(private) if private else ""
    except (vault.Unreadable, channels.SendError):
        return None
    domain = parseaddr(account.address)[1].rpartition("@")[2]
    return (
        (f"{account.settings.get('dkim_selector') or DKIM_SELECTOR}._domainkey.{domain}", record)
        if record
        else None
    )


def suggested_authserv_id(account: Account) -> str:
    """What the server that checks senders calls itself in the last mails; empty if they do not agree.

    One mail proves nothing: its sender may have written the name.
    """
    query = select(Payload.sha256).where(
        Payload.account_id == account.id, Payload.imported.is_(False), Payload.size < LARGEST_READ
    )
    names = Counter(map(_checked_by, session.scalars(query.order_by(Payload.id.desc()).limit(5)).all()))
    name, times = names.most_common(1)[0] if names else ("", 0)
    return name if times > 1 else ""


def _checked_by(sha256: str) -> str:
    """The name in the topmost Authentication-Results (RFC 8601, 2.2). Microsoft leaves it out."""
    try:
        head = files.get(sha256)[:LARGEST_HEADERS].partition(b"\n\n")[0].partition(b"\r\n\r\n")[0]
    except files.Missing:
        return ""
    found = _AUTHENTICATION.search(head.decode("utf-8", "replace"))
    if found is None:
        return ""
    if found["name"]:
        return found["name"].lower()
    return "protection.outlook.com" if ".protection.outlook.com" in head.decode("latin-1").lower() else ""
