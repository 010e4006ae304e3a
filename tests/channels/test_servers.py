"""Finding the servers of an address: who is asked, whose word counts, and who may not harm us."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dns.exception
import dns.resolver
import pytest

from inbox import fetch
from inbox.channels.email import autoconfig, providers, servers
from inbox.channels.email.providers import Server
from inbox.channels.email.servers import Internet, Records, find
from tests.peers.certificates import serving

XML = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="x">
  <displayName>Correio da Casa</displayName>
  <incomingServer type="pop3"><hostname>pop.{domain}</hostname><port>995</port>
    <socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
  <incomingServer type="imap"><hostname>imap.{domain}</hostname><port>143</port>
    <socketType>plain</socketType><username>%EMAILADDRESS%</username></incomingServer>
  <incomingServer type="imap"><hostname>IMAP.%EMAILDOMAIN%.</hostname><port>993</port>
    <socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>smtp.{domain}</hostname><port>587</port>
    <socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""


@dataclass
class Network:
    """An internet with a few pages and records in it."""

    pages: dict[str, bytes] = field(default_factory=dict)
    records: Records = field(default_factory=Records)
    services: dict[str, tuple[str, int]] = field(default_factory=dict)
    open: set[tuple[str, int]] = field(default_factory=set)
    offline: bool = False
    asked: list[str] = field(default_factory=list)

    def page(self, url: str) -> bytes | None:
        self.asked.append(url)
        if self.offline:
            raise OSError("no network")
        return next((page for start, page in self.pages.items() if url.startswith(start)), None)

    def exchangers(self, domain: str) -> Records:
        return Records("silent") if self.offline else self.records

    def service(self, name: str) -> tuple[str, int] | None:
        return None if self.offline else self.services.get(name)

    def answers(self, server: Server) -> bool:
        return (server.host, server.port) in self.open


def where(found: servers.Found) -> tuple[str, str, str]:
    return found.how, found.incoming.host, found.outgoing.host


@pytest.mark.parametrize(
    ("address", "label", "imap", "smtp", "auth"),
    [
        ("loja@gmail.com", "Google", "imap.gmail.com", "smtp.gmail.com", "google"),
        ("Loja@HotMail.com", "Outlook.com", "outlook.office365.com", "smtp-mail.outlook.com", "microsoft"),
        ("loja@yahoo.com.br", "Yahoo", "imap.mail.yahoo.com", "smtp.mail.yahoo.com", "password"),
        ("loja@uol.com.br", "UOL", "imap.uol.com.br", "smtps.uol.com.br", "password"),
        ("loja@terra.com.br", "Terra", "imap.terra.com.br", "smtp.terra.com.br", "password"),
    ],
)
def test_a_known_provider_needs_no_network(address: str, label: str, imap: str, smtp: str, auth: str) -> None:
    found = find(address, Network(offline=True))
    assert (found.label, found.incoming.host, found.outgoing.host, found.auth) == (label, imap, smtp, auth)
    assert found.incoming.user == ("loja" if label == "UOL" else address)


@pytest.mark.parametrize(
    ("exchanger", "label"),
    [
        ("aspmx.l.google.com", "Google"),
        ("barro-example.mail.protection.outlook.com", "Microsoft 365"),
        ("mx.zoho.com", "Zoho Mail"),
        ("in1-smtp.messagingengine.com", "Fastmail"),
        ("mx.core.locaweb.com.br", "Locaweb"),
        ("mx-vip-01-farm64.kinghost.net", "KingHost"),
        ("mx1.hostinger.com", "Hostinger"),
        ("mx1.titan.email", "Titan"),
    ],
)
def test_where_the_mail_of_a_domain_goes_counts_more_than_its_web_host(exchanger: str, label: str) -> None:
    """A web host answers for every domain it serves, also for those whose mail is elsewhere."""
    network = Network(
        pages={"https://autoconfig.barro.example/": XML.format(domain="webhost.example").encode()},
        records=Records(exchangers=(exchanger,)),
    )
    found = find("ajuda@barro.example", network)
    assert (found.how, found.label) == ("known", label) and found.incoming.user == "ajuda@barro.example"


def test_a_name_that_only_looks_like_a_provider_is_none() -> None:
    assert providers.of_exchangers(("google.com.evil.example", "notgoogle.com")) is None


def test_the_domain_is_asked_first_then_the_list_then_dns_then_usual_names() -> None:
    xml = {name: XML.format(domain=name).encode() for name in ("own.example", "listed.example", "mx.example")}
    network = Network(
        pages={
            "https://autoconfig.barro.example/mail/": xml["own.example"],
            "https://autoconfig.thunderbird.net/v1.1/barro.example": xml["listed.example"],
            "https://autoconfig.thunderbird.net/v1.1/host.example": xml["mx.example"],
        },
        records=Records(exchangers=("mx1.mail.host.example",)),
        services={
            "_imaps._tcp.barro.example": ("i.example", 993),
            "_submission._tcp.barro.example": ("s.example", 587),
        },
        open={("mail.barro.example", 993), ("mail.barro.example", 465)},
    )
    wanted = ["domain", "list", "list", "dns", "guess", "hand"]
    seen = []
    for _time in wanted:
        found = find("ajuda@barro.example", network)
        seen.append((found.how, found.outgoing.host))
        if network.pages:
            network.pages.pop(next(iter(network.pages)))
        elif network.services:
            network.services.clear()
        else:
            network.open.clear()
    assert [how for how, _host in seen] == wanted
    assert [host for _how, host in seen] == [
        "smtp.own.example", "smtp.listed.example", "smtp.mx.example", "s.example", "mail.barro.example",
        "smtp.barro.example",
    ]  # fmt: skip


def test_srv_says_where_and_how(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(
        services={
            "_pop3s._tcp.barro.example": ("pop.barro.example", 995),
            "_submissions._tcp.barro.example": ("out.barro.example", 465),
            "_submission._tcp.barro.example": ("old.barro.example", 587),
        }
    )
    found = find("ajuda@barro.example", network)
    assert found.incoming == Server("pop3", "pop.barro.example", 995, "tls", "ajuda@barro.example")
    assert (found.outgoing.host, found.outgoing.security) == ("out.barro.example", "tls")


def test_a_server_that_is_found_keeps_its_place_beside_one_to_type() -> None:
    found = find("ajuda@barro.example", Network(open={("imap.barro.example", 993)}))
    assert (found.how, found.trouble, found.incoming.host) == ("hand", "nothing", "imap.barro.example")


@pytest.mark.parametrize(
    ("network", "trouble"),
    [
        (Network(offline=True), "offline"),
        (Network(records=Records("none")), "no_domain"),
        (Network(), "nothing"),
    ],
)
def test_what_is_not_found_is_typed_by_hand_with_what_is_usual(network: Network, trouble: str) -> None:
    found = find("ajuda@barro.example", network)
    assert (found.how, found.trouble) == ("hand", trouble)
    assert found.incoming == Server("imap", "imap.barro.example", 993, "tls", "ajuda@barro.example")
    assert found.outgoing == Server("smtp", "smtp.barro.example", 587, "starttls", "ajuda@barro.example")


def test_somebody_who_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "SECONDS", 0.2)
    ever = threading.Event()

    class Slow(Network):
        def page(self, url: str) -> bytes | None:
            ever.wait(5)
            return None

    try:
        assert find("ajuda@barro.example", Slow()).trouble == "offline"
    finally:
        ever.set()


def test_a_lookup_that_breaks_spoils_no_other() -> None:
    class Broken(Network):
        def exchangers(self, domain: str) -> Records:
            raise RuntimeError("a bug")

    network = Broken(
        services={
            "_imaps._tcp.b.example": ("i.example", 993),
            "_submissions._tcp.b.example": ("s.example", 465),
        }
    )
    assert where(find("a@b.example", network)) == ("dns", "i.example", "s.example")


def test_domains_in_any_script_are_asked_for_as_dns_writes_them() -> None:
    network = Network()
    find("olá@cerâmica.example", network)
    assert any(url.startswith("https://autoconfig.xn--cermica-rwa.example/") for url in network.asked)
    assert all(url.isascii() for url in network.asked)


# ------------------------------------------------------------------------------------------- the XML


def test_imap_with_encryption_is_taken_before_the_others() -> None:
    found = autoconfig.read(XML.format(domain="b.example").encode(), "ajuda@b.example")
    assert found and found.label == "Correio da Casa"
    assert found.incoming == Server("imap", "imap.b.example", 993, "tls", "ajuda")
    assert found.outgoing == Server("smtp", "smtp.b.example", 587, "starttls", "ajuda@b.example")


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<",
        "<html><body>Not found</body></html>",
        BOMB + XML.partition("?>")[2],
        FILE + XML.partition("?>")[2].replace("Correio da Casa", "&e;"),
        XML.replace("IMAP.%EMAILDOMAIN%.", "&lt;script&gt;")
        .replace("imap.{domain}", "-x")
        .replace("pop.{domain}", "a b"),
        XML.replace("<port>587</port>", "<port>99999999999999999999</port>"),
        XML.replace("STARTTLS", "magic"),
        "<a>" * 5000,
        "x" * 200_000,
    ],
)
def test_a_page_that_is_no_such_list_or_hostile_is_nothing(xml: str) -> None:
    assert autoconfig.read(xml.replace("{domain}", "b.example").encode(), "a@b.example") is None


def test_what_a_user_name_may_be_is_limited() -> None:
    xml = XML.format(domain="b.example").replace("%EMAILLOCALPART%", "x" * 1000)
    found = autoconfig.read(xml.encode(), "a@b.example")
    assert found and found.incoming.user == ""


def test_a_utf_16_bomb_hides_no_doctype() -> None:
    xml = (BOMB + XML.format(domain="b.example").partition("?>")[2]).encode("utf-16")
    assert autoconfig.read(xml, "a@b.example") is None


# -------------------------------------------------------------------------------------- the internet


def test_only_addresses_of_the_open_network_are_fetched() -> None:
    for host in ("127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254"):
        with pytest.raises(OSError):
            Internet().page(f"https://{host}/mail/config-v1.1.xml")


def test_a_page_that_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(url: str, **_limits: Any) -> fetch.Response:
        return fetch.Response(404 if "no" in url else 200, "text/xml", b"<x/>", url)

    monkeypatch.setattr(fetch, "get", get)
    assert Internet().page("https://no.example/") is None and Internet().page("https://b.example/") == b"<x/>"


class Answers:
    """A resolver that knows its lines."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def resolve(self, _name: str, _kind: str) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Line:
    preference: int = 0
    exchange: str = ""
    priority: int = 0
    weight: int = 0
    target: str = ""
    port: int = 0


def test_exchangers_come_in_their_order_and_silence_is_not_absence() -> None:
    def asked(answer: Any) -> Records:
        return Internet(resolver=Answers(answer)).exchangers("b.example")  # type: ignore[arg-type]

    lines = [Line(20, "MX2.b.example."), Line(10, "mx1.b.example."), Line(0, ".")]
    assert asked(lines).exchangers == ("mx1.b.example", "mx2.b.example")
    assert asked(dns.resolver.NXDOMAIN()).state == "none"
    assert asked(dns.resolver.NoAnswer()).state == "ok"
    assert asked(dns.exception.Timeout()).state == "silent"


def test_a_service_by_priority_and_a_dot_for_none() -> None:
    def asked(answer: Any) -> Any:
        known = Internet(resolver=Answers(answer), may_be_called=lambda *_: True)  # type: ignore[arg-type]
        return known.service("_imaps._tcp.b.example")

    lines = [Line(priority=10, target="b.x.", port=993), Line(priority=0, target="a.x.", port=994)]
    assert asked(lines) == ("a.x", 994)
    assert asked([Line(target=".", port=0)]) is None
    assert asked(dns.resolver.NXDOMAIN()) is None


@pytest.fixture
def greeter() -> Iterator[Any]:
    """Servers that say one line and hang up."""
    made: list[socket.socket] = []

    def start(line: bytes, context: ssl.SSLContext | None = None) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        made.append(listener)

        def serve() -> None:
            try:
                plain, _peer = listener.accept()
                with plain if context is None else context.wrap_socket(plain, server_side=True) as line_out:
                    line_out.sendall(line)
            except OSError:
                pass  # the other side did not like our certificate

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in made:
        listener.close()


@pytest.mark.parametrize(
    ("protocol", "line", "answers"),
    [
        ("smtp", b"220 mail.b.example ESMTP\r\n", True),
        ("imap", b"* OK ready\r\n", True),
        ("imap", b"* BYE no\r\n", False),
        ("smtp", b"HTTP/1.1 400 Bad Request\r\n", False),
        ("pop3", b"", False),
    ],
)
def test_a_guess_counts_only_if_a_mail_server_greets(
    greeter: Any, protocol: str, line: bytes, answers: bool
) -> None:
    port = greeter(line)
    assert Internet(connect=straight).answers(Server(protocol, "127.0.0.1", port, "starttls")) is answers


def straight(host: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((host, port), seconds)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "0.0.0.0"])
def test_attack_25_nobodys_records_make_us_knock_at_an_inner_door(host: str, greeter: Any) -> None:
    port = greeter(b"* OK ready\r\n")
    assert not Internet().answers(Server("imap", host, port, "starttls"))
    named = Internet(resolver=Answers([Line(target=f"{host}.", port=port)]))  # type: ignore[arg-type]
    assert named.service("_imaps._tcp.b.example") is None


def test_a_guess_whose_certificate_nobody_vouches_for_does_not_count(greeter: Any, tmp_path: Path) -> None:
    context, trusted = serving(tmp_path, name="mail.b.example")
    other, _ = serving(tmp_path)

    def connect(_host: str, _port: int, seconds: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), seconds)

    def tls() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=trusted)

    there = Server("imap", "mail.b.example", 993, "tls")
    port = greeter(b"* OK ready\r\n", context)
    assert Internet(tls=tls, connect=connect).answers(there)
    port = greeter(b"* OK ready\r\n", context)
    assert not Internet(connect=connect).answers(there)
    port = greeter(b"* OK ready\r\n", other)
    assert not Internet(tls=tls, connect=connect).answers(there)
