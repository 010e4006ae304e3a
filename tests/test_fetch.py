"""Calling an address somebody gave us: what is called, what is not, and what one hears of it."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inbox import config, fetch
from tests.peers.certificates import serving

PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:220:1:248:1893:25c8:1946"

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.8.8.8",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "192.88.99.1", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:101::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1",
    "ff02::1", "ff0e::1", "100::1", "3fff::1", "fe80::1%eth0",
]  # fmt: skip
OUTSIDE = [PUBLIC, "8.8.8.8", "172.32.0.1", "100.128.0.1", PUBLIC_6, "::ffff:8.8.8.8", "64:ff9b::808:808"]


# -------------------------------------------------------------------------------------- the world


@dataclass
class World:
    """Names as DNS would answer, and web servers behind public addresses that are all on loopback."""

    names: dict[str, list[str]] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)
    called: list[tuple[str, int]] = field(default_factory=list)
    heard: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    port: int = 0
    tls_port: int = 0

    def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        return self.names.get(host, [])

    def connect(self, address: str, port: int, timeout: float) -> socket.socket:
        self.called.append((address, port))
        return socket.create_connection(("127.0.0.1", self.tls_port if port == 443 else self.port), timeout)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World({"shop.example": [PUBLIC]})
    monkeypatch.setattr(fetch, "resolve", made.resolve)
    monkeypatch.setattr(fetch, "connect", made.connect)
    server = serve(made)
    made.port = server.server_address[1]
    yield made
    server.shutdown()
    server.server_close()


def serve(world: World, context: ssl.SSLContext | None = None) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            world.heard.append((self.command, self.path, dict(self.headers.items()), body))
            world.answers.get(self.path, hello)(self)
            self.close_connection = True

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_said: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_about: object) -> None:
            pass  # whoever asked has hung up, which is what some of these tests are about

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def hello(to: http.server.BaseHTTPRequestHandler) -> None:
    say(to, b"hello", {"Content-Type": "Text/Plain; charset=utf-8"})


def say(
    to: http.server.BaseHTTPRequestHandler, body: bytes, headers: dict[str, str], status: int = 200
) -> None:
    to.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        to.send_header(name, value)
    to.end_headers()
    to.wfile.write(body)


def moved(where: str, status: int = 302) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    return lambda to: say(to, b"", {"Location": where}, status)


def get(url: str = "http://shop.example/", limit: int = 1000, timeout: float = 5, **more: bool):
    return fetch.get(url, limit=limit, timeout=timeout, **more)


# ------------------------------------------------------------------------------------- what is called


def test_a_public_address_is_called_by_the_number_that_was_checked(world: World) -> None:
    answer = get("http://shop.example:8080/a b?q=ü".replace(" ", "%20"))
    assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", b"hello")
    assert world.called == [(PUBLIC, 8080)]
    method, path, headers, _body = world.heard[0]
    assert (method, path, headers["Host"]) == ("GET", "/a%20b?q=%C3%BC", "shop.example:8080")
    assert not {"Cookie", "Referer", "Authorization", "Origin"} & set(headers)


def test_attack_25_a_name_is_resolved_once_so_nobody_can_rebind_it(world: World) -> None:
    get()
    assert world.resolved == ["shop.example"]


@pytest.mark.parametrize("address", INSIDE)
def test_attack_25_an_address_inside_is_refused_however_it_is_named(world: World, address: str) -> None:
    world.names["inside.example"] = [address]
    world.names["both.example"] = [PUBLIC, address]
    literal = f"[{address}]" if ":" in address else address
    for url in ("http://inside.example/", "http://both.example/", f"http://{literal}/"):
        with pytest.raises(fetch.Refused):
            get(url)
    assert world.called == []


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_may_be_called(world: World, address: str) -> None:
    world.names["outside.example"] = [address]
    assert get("http://outside.example/").body == b"hello"
    assert world.called == [(address, 80)]


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/",
        "http://017700000001/", "http://127.0.0.1./", "http://1.2.3.4.5/", "http://[::1%25lo]/", "http://[::1",
        "http://shop.example@127.0.0.1/", "http://user:secret@shop.example/", "http://@shop.example/",
        "http://shop.example\\@127.0.0.1/", "http://shop.example:22/", "http://shop.example:99999/",
        "http://shop.example/\r\nX: y", "http://shop.example/\0", " http://shop.example/", "http:///x",
        "http://-shop.example/", "http://shop..example/", "http://sh op.example/", "http://shop.example:x/",
        "ftp://shop.example/", "file:///etc/passwd", "gopher://shop.example/", "//shop.example/",
        "shop.example", "data:text/plain,x", "javascript:alert(1)", "", "http://" + "a" * 9000,
        "http://" + "ü" * 99 + ".example/",
    ],
)  # fmt: skip
def test_attack_25_an_address_written_to_deceive_is_refused(world: World, url: str) -> None:
    world.names = {name: [PUBLIC] for name in ("127.1", "0x7f.1", "2130706433")}
    with pytest.raises(fetch.Refused):
        get(url)
    assert world.called == world.resolved == []


def test_a_name_in_any_script_is_asked_for_as_dns_knows_it(world: World) -> None:
    world.names["xn--bcher-kva.example"] = [PUBLIC]
    get("http://Bücher.example./")
    assert world.heard[0][2]["Host"] == "xn--bcher-kva.example"


# ---------------------------------------------------------------------------------------- redirects


def test_a_redirect_is_followed_and_says_where_it_ended(world: World) -> None:
    world.names["cdn.example"] = [PUBLIC_6]
    world.answers["/a"] = moved("//cdn.example/b", 301)
    answer = get("http://shop.example/a")
    assert (answer.body, answer.url) == (b"hello", "http://cdn.example/b")
    assert world.called == [(PUBLIC, 80), (PUBLIC_6, 80)]


@pytest.mark.parametrize(
    "where",
    ["http://127.0.0.1:8000/", "http://inside.example/", "file:///etc/passwd", "http://0x7f.1/", "//["],
)
def test_attack_25_a_redirect_is_checked_like_the_first_address(world: World, where: str) -> None:
    world.names["inside.example"] = ["169.254.169.254"]
    world.answers["/a"] = moved(where)
    with pytest.raises(fetch.Refused):
        get("http://shop.example/a")
    assert world.called == [(PUBLIC, 80)]


def test_a_redirect_that_goes_on_and_on_ends(world: World) -> None:
    world.answers["/a"] = moved("/a", 307)
    with pytest.raises(fetch.Failed):
        get("http://shop.example/a")
    assert len(world.called) == fetch.REDIRECTS + 1


# --------------------------------------------------------------------------------------------- bounds


def test_no_more_is_read_than_the_limit(world: World) -> None:
    def endless(to: http.server.BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.end_headers()
        for _ in range(10_000):
            to.wfile.write(b"x" * 10_000)

    world.answers["/exact"] = lambda to: say(to, b"x" * 1000, {})
    world.answers["/more"] = lambda to: say(to, b"x" * 1001, {})
    world.answers["/endless"] = endless
    assert len(get("http://shop.example/exact").body) == 1000
    for path in ("more", "endless"):
        with pytest.raises(fetch.Failed):
            get(f"http://shop.example/{path}")


def test_time_is_counted_as_a_whole_however_steadily_it_drips(world: World) -> None:
    over = threading.Event()

    def drip(to: http.server.BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.send_header("Content-Length", "500")
        to.end_headers()
        while not over.wait(0.05):
            to.wfile.write(b"x")

    def drip_headers(to: http.server.BaseHTTPRequestHandler) -> None:
        to.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not over.wait(0.05):
            to.wfile.write(b"x")

    world.answers |= {"/drip": drip, "/headers": drip_headers, "/silent": lambda _to: over.wait(30) and None}
    try:
        for path in ("drip", "headers", "silent"):
            began = time.monotonic()
            with pytest.raises(fetch.Failed):
                get(f"http://shop.example/{path}", timeout=0.4)
            assert time.monotonic() - began < 20  # it would have gone on for ever
    finally:
        over.set()


def test_a_resolver_that_never_answers_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(fetch, "resolve", lambda _host, _port: over.wait(30) and [])
    with pytest.raises(fetch.Failed):
        get(timeout=0.2)
    over.set()


def test_a_broken_answer_is_no_answer(world: World) -> None:
    world.answers |= {
        "/packed": lambda to: say(to, b"\x1f\x8b", {"Content-Encoding": "gzip"}),
        "/short": lambda to: say(to, b"abc", {"Content-Length": "10"}),
        "/garbage": lambda to: to.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n"),
    }
    for path in ("packed", "short", "garbage"):
        with pytest.raises(fetch.Failed):
            get(f"http://shop.example/{path}")


def test_an_error_page_is_an_answer(world: World) -> None:
    world.answers["/gone"] = lambda to: say(to, b"no", {}, 404)
    assert get("http://shop.example/gone").status == 404


def test_attack_25_what_failed_says_the_same_whatever_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_address: str, _port: int, _timeout: float) -> socket.socket:
        raise ConnectionRefusedError("refused by 10.0.0.7:22")

    said = set()
    for url in ("http://nowhere.example/", "http://shop.example/packed", "http://shop.example:8443/"):
        world.answers["/packed"] = lambda to: say(to, b"", {"Content-Encoding": "br"})
        if url.endswith("8443/"):
            monkeypatch.setattr(fetch, "connect", closed)
        with pytest.raises(fetch.Failed) as caught:
            get(url)
        said.add(str(caught.value))
        assert caught.value.__cause__ is None
    assert len(said) == 1


# ------------------------------------------------------------------------------------ our own network


def test_what_an_administrator_names_may_be_in_the_house(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.names |= {"mail.local": ["192.168.1.5"], "cloud.local": ["169.254.169.254"]}
    assert get("http://mail.local/", allow_private=True).status == 200
    with pytest.raises(fetch.Refused):
        get("http://mail.local/")
    for never in ("http://cloud.local/", "http://0.0.0.0/", "http://224.0.0.1/", "http://[fe80::1]/"):
        with pytest.raises(fetch.Refused):
            get(never, allow_private=True)
    monkeypatch.setattr(
        fetch, "settings", lambda: config.load(fetch={"private_hosts": "Mail.local, other.local"})
    )
    assert get("http://mail.local/").status == 200


def test_a_form_is_posted_and_goes_nowhere_else(world: World) -> None:
    world.answers["/token"] = moved("/elsewhere", 307)
    answer = fetch.post("http://shop.example/token", {"code": "a b"}, limit=100, timeout=5)
    assert answer.status == 307
    assert [(method, path, body) for method, path, _headers, body in world.heard] == [
        ("POST", "/token", b"code=a+b")
    ]


# ------------------------------------------------------------------------------------------------ TLS


@pytest.fixture
def secure(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """And a server with a certificate for shop.example that we trust."""
    chain = tmp_path / "chain.pem"
    chain.write_bytes(certificate("shop.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = serve(world, context)
    world.tls_port = server.server_address[1]
    monkeypatch.setattr(fetch, "tls", lambda: ssl.create_default_context(cafile=str(chain)))
    yield world
    server.shutdown()
    server.server_close()


def certificate(name: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + made.public_bytes(pem)


def test_the_certificate_must_be_the_names_though_the_number_is_called(secure: World) -> None:
    secure.names["other.example"] = [PUBLIC]
    assert get("https://shop.example/").body == b"hello"
    assert secure.called == [(PUBLIC, 443)]
    with pytest.raises(fetch.Failed):
        get("https://other.example/")


def test_https_never_leads_back_to_http(secure: World) -> None:
    secure.answers["/a"] = moved("http://shop.example/")
    with pytest.raises(fetch.Refused):
        get("https://shop.example/a")


def test_the_ranges_are_the_registries() -> None:
    assert [one for one in OUTSIDE if not fetch.is_public(ipaddress.ip_address(one))] == []
    assert [one for one in INSIDE if "%" not in one and fetch.is_public(ipaddress.ip_address(one))] == []


def test_certificates_are_read_once_and_again_where_others_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _context, trusted = serving(tmp_path)
    usual = fetch.tls()
    assert fetch.tls() is usual
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    assert fetch.tls() is not usual and len(fetch.tls().get_ca_certs()) == 1
    monkeypatch.delenv("SSL_CERT_FILE")
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)):
        assert fetch.tls() is not usual
