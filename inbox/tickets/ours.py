"""Which addresses are our own."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, select

from inbox import vault
from inbox.customers import normal
from inbox.db import plain, session
from inbox.mail.tokens import Signer
from inbox.models import AccountAddress


def ours(addresses: Iterable[str], known: Collection[str] = ()) -> set[str]:
    """Those of these addresses at which we receive: signed ones and ``support+anything@`` are ours, too.

    The database is not asked about what is ``known`` to be ours.
    """
    bases = {address: _bases(address) for address in addresses}
    found = set(known)
    if wanted := set[str]().union(*(under for under in bases.values() if not under & found)):
        found |= set(session.scalars(_AMONG, {"wanted": list(wanted)}))
    return {address for address, under in bases.items() if under & found}


_AMONG = select(AccountAddress.address).where(AccountAddress.address.in_(bindparam("wanted", expanding=True)))


def is_ours(address: str) -> bool:
    """The same of one."""
    return bool(plain(_ANY, _forms(address)))


_ANY = select(AccountAddress.id).where(
    AccountAddress.address.in_([bindparam("whole"), bindparam("unsigned"), bindparam("untagged")])
)


def _bases(address: str) -> set[str]:
    return set(_forms(address).values())


def _forms(address: str) -> dict[str, str]:
    """The address itself, and what is left without its token or tag (RFC 5233)."""
    whole = normal("mail", address)
    signed = Signer(vault.signing_key()).thread_of_address(whole)
    local, _, domain = whole.rpartition("@")
    return {
        "whole": whole,
        "unsigned": signed[0] if signed else whole,
        "untagged": f"{local.partition('+')[0]}@{domain}",
    }
