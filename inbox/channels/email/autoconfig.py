"""What a domain, or Mozilla's list of providers, says of its mail servers: ``config-v1.1.xml``.

https://www.ietf.org/archive/id/draft-ietf-mailmaint-autoconfig-00.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from inbox.channels.email.providers import Security, Server

LONGEST = 100_000
"""Bytes. Real ones have some three thousand."""

_HOST = re.compile(r"(?=.{1,253}$)(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*")
_SECURITY: dict[str, Security] = {"SSL": "tls", "STARTTLS": "starttls", "plain": "none"}


@dataclass(frozen=True, slots=True)
class Servers:
    incoming: Server
    outgoing: Server
    label: str = ""


def read(xml: bytes, address: str) -> Servers | None:
    """The best server of each way for an address: encrypted before plain, IMAP before POP3. Nothing where
    it names none that could be used. Whoever wrote it may be hostile.
    """
    if len(xml) > LONGEST or any(mark in xml for mark in (b"<!DOCTYPE", b"<!ENTITY", b"\0")):
        return None  # a zero byte: UTF-16 would hide the others
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    provider = root.find("emailProvider")
    if root.tag != "clientConfig" or provider is None:
        return None
    incoming = _best(_servers(provider.iterfind("incomingServer"), address, ("imap", "pop3")))
    outgoing = _best(_servers(provider.iterfind("outgoingServer"), address, ("smtp",)))
    if incoming is None or outgoing is None:
        return None
    label = " ".join(
        (provider.findtext("displayShortName") or provider.findtext("displayName") or "").split()
    )
    return Servers(incoming, outgoing, label[:60])


def _servers(elements: Iterator[Any], address: str, protocols: tuple[str, ...]) -> Iterator[Server]:
    for element in elements:
        protocol = element.get("type", "").lower()
        host = _filled(element.findtext("hostname"), address).lower().rstrip(".")
        port = (element.findtext("port") or "").strip()
        security = _SECURITY.get((element.findtext("socketType") or "").strip())
        user = _filled(element.findtext("username"), address)
        if protocol not in protocols or security is None or not _HOST.fullmatch(host):
            continue
        if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            continue
        user = user if len(user) <= 320 and user.isprintable() else ""
        yield Server(protocol, host, int(port), security, user)


def _filled(text: str | None, address: str) -> str:
    local, _, domain = address.rpartition("@")
    text = (text or "").strip()
    for name, value in (("ADDRESS", address), ("LOCALPART", local), ("DOMAIN", domain)):
        text = text.replace(f"%EMAIL{name}%", value)
    return text


def _best(servers: Iterator[Server]) -> Server | None:
    """IMAP is worth more than encryption in the first second: STARTTLS encrypts as well."""
    found = list(servers)

    def worth(server: Server) -> tuple[bool, bool, bool]:
        return (server.security == "none", server.protocol == "pop3", server.security != "tls")

    return min(found, key=worth, default=None)
