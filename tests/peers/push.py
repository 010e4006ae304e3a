"""A push service over TLS, and browsers that subscribed at it: it takes, and they read (RFC 8030, 8291)."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inbox.notices.webpush import decode, encode
from tests.peers.certificates import serving

HOST = "updates.push.services.mozilla.com"


def read(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What only this browser can read, without its padding."""
    salt, (record, length) = body[:16], struct.unpack("!LB", body[16:21])
    theirs, sealed = body[21 : 21 + length], body[21 + length :]
    assert len(sealed) <= record
    own = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    secret = HKDF(hashes.SHA256(), 32, auth, b"WebPush: info\0" + own + theirs).derive(shared)
    key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
    nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
    padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
    assert padded[-1:] == b"\x02"
    return padded[:-1]


@dataclass
class Subscriber:
    """One browser: its keys, and its address at the service."""

    path: str
    port: int = 443
    host: str = HOST
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    secret: bytes = b"sixteen bytes of"

    @property
    def endpoint(self) -> str:
        return f"https://{self.host}{'' if self.port == 443 else f':{self.port}'}{self.path}"

    @property
    def keys(self) -> dict[str, str]:
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": encode(point), "auth": encode(self.secret)}

    @property
    def form(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, **self.keys}

    def read(self, taken: Taken) -> Any:
        return json.loads(read(taken.body, self.private, self.secret))


@dataclass
class Taken:
    """One message, as the service got it."""

    path: str
    headers: dict[str, str]
    body: bytes

    def signed(self) -> dict[str, Any]:
        """What its sender says of itself (RFC 8292); fails where the signature does not hold."""
        scheme, _, said = self.headers["authorization"].partition(" ")
        parts = dict(part.strip().split("=", 1) for part in said.split(","))
        assert scheme == "vapid"
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"]))
        claims: dict[str, Any] = jwt.decode(
            parts["t"], key, ["ES256"], audience=f"https://{self.headers['host']}"
        )
        return claims


class PushService:
    """``with PushService(folder) as service`` listens; ``service.answer`` is what it says."""

    def __init__(self, folder: Path, name: str = HOST) -> None:
        self.taken: list[Taken] = []
        self.answer = 201
        self.retry_after = ""
        self.gate = threading.Event()
        self.gate.set()
        self.came = threading.Event()
        context, self.trusted = serving(folder, name=name)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def connect(self, _address: str, _port: int, timeout: float) -> socket.socket:
        """In the place of ``fetch.connect``."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def trust(self) -> ssl.SSLContext:
        """In the place of ``fetch.tls``."""
        return ssl.create_default_context(cafile=str(self.trusted))

    def decide(self, _taken: Taken) -> int:
        """What it says to this one; 0 if it hangs up without a word."""
        return self.answer

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                taken = Taken(self.path, headers, body)
                service.taken.append(taken)
                service.came.set()
                service.gate.wait(20)
                status = service.decide(taken)
                if not status:
                    self.close_connection = True
                    return
                self.send_response(status)
                if service.retry_after:
                    self.send_header("Retry-After", service.retry_after)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
