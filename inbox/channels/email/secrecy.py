"""Whether a password, or a token, may be said on a line."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address

from inbox import fetch
from inbox.channels import N_

READABLE = N_(
    "Without encryption the password could be read on the way to %(detail)s: choose TLS or STARTTLS."
)


def is_between_us(line: socket.socket | None) -> bool:
    """Whether nobody on the way can read along: TLS, or a server on this machine or network."""
    if line is None or isinstance(line, ssl.SSLSocket):
        return line is not None
    return not fetch.is_public(ip_address(line.getpeername()[0].partition("%")[0]))
