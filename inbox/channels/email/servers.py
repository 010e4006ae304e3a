"""Which servers belong to an address: known providers, what its domain and Mozilla's list say, its DNS, and
at last names that are usual and really answer.

All of it is asked at once, and the best answer that came in time counts. RFC 6186 and 8314 for SRV.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import quote

import dns.exception
import dns.resolver

from inbox import fetch
from inbox.channels.email import autoconfig, providers
from inbox.channels.email.autoconfig import Servers
from inbox.channels.email.providers import Provider, Security, Server

SECONDS = 8.0
"""For everything together: somebody is looking at the screen."""

EACH = 4.0
LIST = "https://autoconfig.thunderbird.net/v1.1/"
"""Mozilla's list of providers."""

SERVICES: tuple[tuple[str, str, Security], ...] = (
    ("_imaps._tcp", "imap", "tls"),
    ("_imap._tcp", "imap", "starttls"),
    ("_pop3s._tcp", "pop3", "tls"),
    ("_submissions._tcp", "smtp", "tls"),
    ("_submission._tcp", "smtp", "starttls"),
)
GUESSES: tuple[tuple[str, tuple[str, ...], int, Security], ...] = (
    ("imap", ("imap", "mail", ""), 993, "tls"),
    ("smtp", ("smtp", "mail", ""), 465, "tls"),
    ("smtp", ("smtp", "mail", ""), 587, "starttls"),
    ("pop3", ("pop", "mail", ""), 995, "tls"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """The servers of an address, and how we know. ``how`` is ``known`` (our table), ``domain`` (its own
    word), ``list`` (Mozilla's), ``dns``, ``guess`` (they answered) or ``hand`` (a proposal to type over).
    """

    incoming: Server
    outgoing: Server
    how: str
    label: str = ""
    provider: Provider | None = None
    trouble: str = ""
    """Why there is only a proposal: ``offline``, ``no_domain`` or ``nothing``."""

    @property
    def auth(self) -> str:
        return self.provider.auth if self.provider else "password"


@dataclass(frozen=True, slots=True)
class Records:
    """What DNS says; ``state`` is ``ok``, ``none`` (the domain does not exist) or ``silent``."""

    state: str = "ok"
    exchangers: tuple[str, ...] = ()


class Network(Protocol):
    """What is asked of the outside. Tests bring their own."""

    def page(self, url: str) -> bytes | None:
        """What stands there; empty if nothing does. OSError if nobody answers."""

    def exchangers(self, domain: str) -> Records: ...

    def service(self, name: str) -> tuple[str, int] | None: ...

    def answers(self, server: Server) -> bool: ...


def find(address: str, network: Network | None = None) -> Found:
    """The servers of an address. Never fails, and never takes longer than SECONDS and a little."""
    address = address.strip()
    domain = _ascii(address.rpartition("@")[2].lower())
    if known := providers.of_domain(domain):
        return _of_provider(known, address)
    return _Search(address, domain, network or Internet()).result()


def _of_provider(provider: Provider, address: str) -> Found:
    user = address.rpartition("@")[0] if provider.short_user else address
    return Found(
        replace(provider.incoming, user=user),
        replace(provider.outgoing, user=user),
        "known",
        provider.label,
        provider,
    )


def _by_hand(address: str, domain: str, trouble: str) -> Found:
    return Found(
        Server("imap", f"imap.{domain}", 993, "tls", address),
        Server("smtp", f"smtp.{domain}", 587, "starttls", address),
        "hand",
        trouble=trouble,
    )


class _Search:
    """One question to everybody at once."""

    def __init__(self, address: str, domain: str, network: Network) -> None:
        self.address, self.domain, self.network = address, domain, network
        self.deadline = time.monotonic() + SECONDS
        self.pool = ThreadPoolExecutor(max_workers=24, thread_name_prefix="servers")
        who = f"?emailaddress={quote(address)}"
        ask = self.pool.submit
        self.records = ask(network.exchangers, domain)
        self.own = [
            ask(self._page, f"https://autoconfig.{domain}/mail/config-v1.1.xml{who}"),
            ask(self._page, f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
        ]
        self.listed = ask(self._page, LIST + domain)
        self.services = [ask(self._service, *service) for service in SERVICES]
        self.guesses = [
            ask(
                self._guess, Server(protocol, ".".join(filter(None, (name, domain))), port, security, address)
            )
            for protocol, names, port, security in GUESSES
            for name in names
        ]

    def result(self) -> Found:
        try:
            return self._known() or self._said() or self._of_dns() or self._guessed() or self._nothing()
        finally:
            self.pool.shutdown(wait=False, cancel_futures=True)

    # Where the mail of a domain really goes is told by its MX: the autoconfig of a web host, which answers
    # for every domain it serves, is wrong about those that have their mail at Google or Microsoft.
    def _known(self) -> Found | None:
        records = self._of(self.records) or Records("silent")
        provider = providers.of_exchangers(records.exchangers)
        return _of_provider(provider, self.address) if provider else None

    def _said(self) -> Found | None:
        for asked, how in ((self.own[0], "domain"), (self.own[1], "domain"), (self.listed, "list")):
            if servers := self._of(asked):
                return _found(servers, how)
        return self._listed_by_exchanger()

    def _listed_by_exchanger(self) -> Found | None:
        """Mozilla's list also has the domains that MX point to."""
        records = self._of(self.records)
        if not records or not records.exchangers:
            return None
        labels = records.exchangers[0].split(".")
        asked = [
            self.pool.submit(self._page, LIST + ".".join(labels[-n:])) for n in (2, 3) if len(labels) >= n
        ]
        servers = next(filter(None, map(self._of, asked)), None)
        return _found(servers, "list") if servers else None

    def _of_dns(self) -> Found | None:
        found = self._first(self.services)
        if "smtp" in found and ({"imap", "pop3"} & found.keys()):
            return _found(Servers(found.get("imap") or found["pop3"], found["smtp"]), "dns")
        return None

    def _guessed(self) -> Found | None:
        found = self._first(self.guesses)
        incoming, outgoing = found.get("imap") or found.get("pop3"), found.get("smtp")
        if incoming and outgoing:
            return _found(Servers(incoming, outgoing), "guess")
        hand = _by_hand(self.address, self.domain, "nothing")
        if incoming or outgoing:
            return replace(hand, incoming=incoming or hand.incoming, outgoing=outgoing or hand.outgoing)
        return None

    def _nothing(self) -> Found:
        records = self._of(self.records) or Records("silent")
        if self._failed(self.listed) and not records.exchangers:
            return _by_hand(self.address, self.domain, "offline")
        return _by_hand(self.address, self.domain, "no_domain" if records.state == "none" else "nothing")

    def _first(self, asked: list[Future[Server | None]]) -> dict[str, Server]:
        """Of each protocol the first that answered, in our order of preference."""
        found: dict[str, Server] = {}
        for future in asked:
            if server := self._of(future):
                found.setdefault(server.protocol, server)
        return found

    def _of(self, asked: Future[Any]) -> Any:
        """An answer, if it comes in time."""
        wait([asked], max(0.0, self.deadline - time.monotonic()))
        return None if not asked.done() or asked.cancelled() or asked.exception() else asked.result()

    @staticmethod
    def _failed(asked: Future[Any]) -> bool:
        return not asked.done() or asked.cancelled() or asked.exception() is not None

    def _page(self, url: str) -> Servers | None:
        xml = self.network.page(url)
        return autoconfig.read(xml, self.address) if xml else None

    def _service(self, name: str, protocol: str, security: Security) -> Server | None:
        target = self.network.service(f"{name}.{self.domain}")
        return Server(protocol, *target, security, self.address) if target else None

    def _guess(self, server: Server) -> Server | None:
        return server if self.network.answers(server) else None


def _found(servers: Servers, how: str) -> Found:
    """What stands in our table about these servers is added to what others say."""
    known = providers.of_hosts(servers.incoming.host, servers.outgoing.host)
    label = known.label if known else servers.label
    return Found(servers.incoming, servers.outgoing, how, label, known)


def _ascii(domain: str) -> str:
    with contextlib.suppress(UnicodeError):
        return domain.encode("idna").decode()
    return domain


# -------------------------------------------------------------------------------------- the internet


@dataclass(slots=True)
class Internet:
    """The outside as it is."""

    tls: Callable[[], ssl.SSLContext] = fetch.tls
    connect: Callable[[str, int, float], socket.socket] = fetch.line
    may_be_called: Callable[[str, int, float], bool] = fetch.may_be_called
    resolver: dns.resolver.Resolver | None = field(default=None)

    def page(self, url: str) -> bytes | None:
        try:
            answer = fetch.get(
                url, limit=autoconfig.LONGEST, timeout=EACH, accept="application/xml, text/xml"
            )
        except (fetch.Refused, fetch.Failed) as problem:
            raise OSError from problem
        return answer.body if answer.status == 200 else None

    def exchangers(self, domain: str) -> Records:
        try:
            answer = self._resolver().resolve(domain, "MX")
        except dns.resolver.NXDOMAIN:
            return Records("none")
        except dns.resolver.NoAnswer:
            return Records()
        except (dns.exception.DNSException, OSError):
            return Records("silent")
        found = sorted((mx.preference, _host(mx.exchange)) for mx in answer)
        return Records(exchangers=tuple(host for _preference, host in found if host))

    def service(self, name: str) -> tuple[str, int] | None:
        """The first by priority; a dot for a host says that there is none (RFC 6186, 3.4)."""
        try:
            answer = self._resolver().resolve(name, "SRV")
        except (dns.exception.DNSException, OSError):
            return None
        found = sorted((srv.priority, -srv.weight, _host(srv.target), srv.port) for srv in answer)
        host, port = next(((host, port) for *_order, host, port in found if host), ("", 0))
        return (host, port) if host and self.may_be_called(host, port, EACH) else None

    def answers(self, server: Server) -> bool:
        """Whether a mail server greets there, with a certificate of that name where TLS comes first."""
        greeting = {"imap": b"* OK", "pop3": b"+OK", "smtp": b"220"}[server.protocol]
        try:
            with self.connect(server.host, server.port, EACH) as plain:
                plain.settimeout(EACH)
                if server.security != "tls":
                    return plain.recv(4096).startswith(greeting)
                with self.tls().wrap_socket(plain, server_hostname=server.host) as secure:
                    return secure.recv(4096).startswith(greeting)
        except (OSError, ValueError, fetch.Refused, fetch.Failed):
            return False

    def _resolver(self) -> dns.resolver.Resolver:
        if self.resolver is None:
            self.resolver = dns.resolver.Resolver()
            self.resolver.timeout, self.resolver.lifetime = EACH / 2, EACH
        return self.resolver


def _host(name: Any) -> str:
    return str(name).rstrip(".").lower()
