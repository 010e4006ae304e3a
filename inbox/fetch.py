"""The one guarded way to call an address somebody gave us: a picture in a mail, a provider's settings.

Whoever names an address could name one inside our own house. So a name is resolved once, *all* it resolves
to must be public, and the connection goes to the address that was checked: a name that resolves to
something else a moment later changes nothing. Each redirect is a new address and is checked like the first.
No cookies, no referrer, no credentials, no proxy of the environment; size and time are bounded as a whole.

What went wrong is said in the same words whatever it was, so that an answer maps no network:
`Refused` for an address that may not be called, `Failed` for one that gave no usable answer.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit

from inbox.config import settings

REDIRECTS = 5
MOVED = (301, 302, 303, 307, 308)
USER_AGENT = "Prosa"
LONGEST_URL = 8_000
_PIECE = 64 * 1024
DAY = 24 * 60 * 60

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """The address may not be called: not http, inside a network, or written to deceive."""

    def __init__(self) -> None:
        super().__init__("This address may not be called.")


class Failed(Exception):
    """The address gave no usable answer: none at all, too late, too much, or broken."""

    def __init__(self) -> None:
        super().__init__("This address gave no usable answer.")


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, at whatever status. `url` is where it came from in the end."""

    status: int
    content_type: str  # lower case, without its parameters
    body: bytes
    url: str
    retry_after: str = ""  # as it was sent: seconds or a date, or nothing


def get(
    url: str, *, limit: int, timeout: float, accept: str = "*/*", allow_private: bool = False
) -> Response:
    """GET within `limit` bytes of body and `timeout` seconds in all, through at most five redirects.

    `allow_private` is for addresses an administrator typed: those may be in our own network, as may those
    the setting `fetch.private_hosts` names. Raises `Refused` or `Failed`.
    """
    deadline = time.monotonic() + timeout
    for _hop in range(REDIRECTS + 1):
        answer, location = _ask("GET", url, {"Accept": accept}, b"", limit, deadline, allow_private)
        if answer.status not in MOVED or not location:
            return answer
        url = _next(url, location)
    raise Failed


def post(
    url: str, form: Mapping[str, str], *, limit: int, timeout: float, allow_private: bool = False
) -> Response:
    """POST a form and follow no redirect: what it carries is for this address alone. Raises as `get`."""
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    return _ask("POST", url, headers, body, limit, time.monotonic() + timeout, allow_private)[0]


def post_bytes(url: str, body: bytes, headers: Mapping[str, str], *, limit: int, timeout: float) -> Response:
    """POST these bytes with these headers, to the open network only; follows and raises as `post`."""
    return _ask("POST", url, headers, body, limit, time.monotonic() + timeout, allow_private=False)[0]


def _next(url: str, location: str) -> str:
    """Where a redirect leads; never from https back to http."""
    try:
        target = urljoin(url, location.strip())
    except ValueError:
        raise Refused from None
    if url.lower().startswith("https:") and not target.lower().startswith("https:"):
        raise Refused
    return target


# ------------------------------------------------------------------------------------- one question


def _ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    limit: int,
    deadline: float,
    allow_private: bool,
) -> tuple[Response, str]:
    """One request and its answer, with the Location it names."""
    parts, host = _parts(url)
    port = _port(parts)
    try:
        addresses = _checked(host, port, deadline, allow_private)
        with _connected(addresses, port, deadline) as plain, bounded(plain, deadline) as late:
            answer = _talk(_secured(plain, parts.scheme, host), method, parts, headers, body, limit)
            if late.is_set():
                raise Failed
            return answer
    except (OSError, http.client.HTTPException, ValueError):
        raise Failed from None


def _talk(
    connected: socket.socket,
    method: str,
    parts: SplitResult,
    headers: Mapping[str, str],
    body: bytes,
    limit: int,
) -> tuple[Response, str]:
    connection = http.client.HTTPConnection("unused")
    connection.sock = connected
    try:
        connection.request(method, _target(parts), body or None, {**_headers(parts), **headers})
        with closing(connection.getresponse()) as answer:
            location = answer.getheader("Location", "")
            content = b"" if answer.status in MOVED and location else _content(answer, limit)
            kind = answer.getheader("Content-Type", "").partition(";")[0].strip().lower()
            pause = answer.getheader("Retry-After", "")
            return Response(answer.status, kind, content, parts.geturl(), pause), location
    finally:
        connection.close()


def _headers(parts: SplitResult) -> dict[str, str]:
    host = _ascii(parts.hostname or "")
    named = f"[{host}]" if ":" in host else host
    return {
        "Host": named if parts.port is None else f"{named}:{parts.port}",
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",  # packed content could unpack to any size
        "Connection": "close",
    }


def _target(parts: SplitResult) -> str:
    kept = "%/:=&?~+!$,;'@()*[]|"
    return quote(parts.path or "/", safe=kept) + (f"?{quote(parts.query, safe=kept)}" if parts.query else "")


def _content(answer: http.client.HTTPResponse, limit: int) -> bytes:
    """The body, if it is not larger than it may be; HTTPException if it is cut short."""
    if answer.getheader("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise Failed
    if answer.length is not None and answer.length > limit:
        raise Failed
    content = bytearray()
    while piece := answer.read(min(_PIECE, limit + 1 - len(content))):
        content += piece
        if len(content) > limit:
            raise Failed
    if answer.length:  # http.client leaves it to us to see that some is missing
        raise http.client.IncompleteRead(b"", answer.length)
    return bytes(content)


# ------------------------------------------------------------------------------------- one connection


@contextmanager
def _connected(addresses: list[str], port: int, deadline: float) -> Iterator[socket.socket]:
    """A connection to the first checked address that takes one."""
    for address in addresses:
        with suppress(OSError):
            made = connect(address, port, _left(deadline))
            break
    else:
        raise Failed
    with made:
        yield made


def connect(address: str, port: int, timeout: float) -> socket.socket:
    """By number, so that no name is resolved a second time."""
    return socket.create_connection((address, port), timeout)


def line(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to a server that is no website, at any port. Raises Refused, Failed."""
    deadline = time.monotonic() + seconds
    for address in _checked(_ascii(host), port, deadline, False):
        with suppress(OSError):
            return connect(address, port, _left(deadline))
    raise Failed


def may_be_called(host: str, port: int, seconds: float) -> bool:
    """Whether a host that somebody else named is one that we may connect to."""
    try:
        return bool(_checked(_ascii(host), port, time.monotonic() + seconds, False))
    except (Refused, Failed, UnicodeError):
        return False


@contextmanager
def bounded(connected: socket.socket, deadline: float) -> Iterator[threading.Event]:
    """Ends the connection at the deadline (of the monotonic clock), however slowly somebody drips; the event
    then says so.

    A time-out of each read would let a byte a second go on for ever.
    """
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(OSError):
            ending.shutdown(socket.SHUT_RDWR)

    # securing the connection takes the first one's descriptor away
    ending = socket.socket(fileno=os.dup(connected.fileno()))
    timer = threading.Timer(_left(deadline), end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        ending.close()


def _secured(connected: socket.socket, scheme: str, host: str) -> socket.socket:
    """The name is still what the certificate must be for, though the connection went to a number."""
    return tls().wrap_socket(connected, server_hostname=host) if scheme == "https" else connected


def tls() -> ssl.SSLContext:
    """For every line of ours to a server: it trusts whom the machine trusts today. To read all certificates
    takes 20 ms of processor time, which a reply that leaves need not pay again.
    """
    return _trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"), int(time.time() // DAY))


@lru_cache(maxsize=2)
def _trusting(_file: str | None, _folder: str | None, _day: int) -> ssl.SSLContext:
    """As OpenSSL finds them by these names of the environment, which the caller says so that it is kept by
    them."""
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Failed
    return left


# -------------------------------------------------------------------------------- what may be called


def _parts(url: str) -> tuple[SplitResult, str]:
    """The address in its parts and its host as DNS writes it; `Refused` for whatever looks odd."""
    if len(url) > LONGEST_URL or "\\" in url or any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise Refused
    try:
        parts = urlsplit(url)
        host = _ascii(parts.hostname or "")
        _ = parts.port
    except ValueError:
        raise Refused from None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _names_a_host(host):
        raise Refused
    return parts, host


def _ascii(host: str) -> str:
    """`bücher.example` as `xn--bcher-kva.example`; ValueError if it cannot be."""
    host = host.rstrip(".")
    return host if host.isascii() else host.encode("idna").decode().lower()


_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|\d+)")


def _names_a_host(host: str) -> bool:
    """A name, or an address in its one usual form: 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 in
    disguise, and a zone (fe80::1%eth0) is nobody's but ours.
    """
    if _address(host) is not None:
        return True
    return bool(_NAME.fullmatch(host)) and len(host) < 254 and not _NUMBER.fullmatch(host.rpartition(".")[2])


def _port(parts: SplitResult) -> int:
    """The web's ports, and those any user may open: not those of mail, SSH and the like."""
    port = parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)
    if port not in (80, 443) and port < 1024:
        raise Refused
    return port


def _checked(host: str, port: int, deadline: float, allow_private: bool) -> list[str]:
    """What the host resolves to, now and for this request. `Refused` if one of them may not be called."""
    ours = allow_private or host in _private_hosts()
    found = _in_time(host, port, _left(deadline)) if _address(host) is None else [host]
    if not found:
        raise Failed
    for text in found:
        address = _address(text)
        if address is None or not (is_public(address) or (ours and _is_private(address))):
            raise Refused
    return found


def _private_hosts() -> frozenset[str]:
    return frozenset(settings().fetch.private_hosts.replace(",", " ").lower().split())


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_about, sockaddr in found))


def _in_time(host: str, port: int, seconds: float) -> list[str]:
    """`resolve`, but the system's resolver has no time-out of its own."""
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(resolve(host, port))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return [] if asking.is_alive() else found


def _address(text: str) -> Ip | None:
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


# IANA's special-purpose registries (RFC 6890) and multicast: nobody's website is there.
_LOCAL_4 = [
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
]
_OTHER_4 = [
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
_LOCAL_6 = [ipaddress.ip_network(net) for net in ("::1/128", "fc00::/7")]
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_OTHER_6 = [ipaddress.ip_network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20")]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: in its last 32 bits an IPv4 address


def is_public(address: Ip) -> bool:
    """Whether it is an address of the open network, whatever it is wrapped in."""
    address = _unwrapped(address)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in net for net in (*_LOCAL_4, *_OTHER_4))
    return address in _GLOBAL_6 and not any(address in net for net in _OTHER_6)


def _is_private(address: Ip) -> bool:
    """Whether it is of a house's own network: never link-local, where clouds answer with their secrets."""
    address = _unwrapped(address)
    return any(address in net for net in (_LOCAL_4 if address.version == 4 else _LOCAL_6))


def _unwrapped(address: Ip) -> Ip:
    """The IPv4 address inside an IPv6 one that carries it: mapped, NAT64 or 6to4 (RFC 4291, 6052, 3056)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
