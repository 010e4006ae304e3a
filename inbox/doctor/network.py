"""How the world reaches this house: its mail port, its public address, and what stands in front."""

import socket
from urllib.parse import urlsplit

from inbox import config
from inbox.config import is_loopback
from inbox.doctor import database
from inbox.doctor.finding import Finding, careless, ok, problem, warn


def mail_listener() -> Finding:
    host, port = config.settings().mail.listen_host, config.settings().mail.listen_port
    if not port:
        return ok("the mail listener is turned off")
    with socket.create_connection((reachable(host), port), timeout=3) as line:
        greeting = line.recv(512)
    if not greeting.startswith(b"220"):
        return problem(f"something else answers on {host}:{port}", "Free that port or set mail.listen_port.")
    return ok(f"mail is received on {host}:{port}")


def reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


def public_address() -> Finding:
    """Customers' links are built from it, and cookies are only safe over https."""
    url = config.settings().web.public_url or set_up_url()
    if not url:
        return warn("there is no public address yet", "Finish the set-up, or set web.public_url.")
    parts = urlsplit(url)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return ok(f"customers' links begin with {url}")
    return careless(
        f"{url} is not https", "Put a reverse proxy with a certificate in front and set web.public_url."
    )


def set_up_url() -> str:
    from inbox import db
    from inbox.models import Installation

    database.engine()
    with db.reading():
        return Installation.current().public_url


def proxy() -> Finding:
    """Whose address a request came from, and whether it was encrypted, is known from the proxy alone."""
    if config.settings().web.public_url.startswith("https:") and not config.settings().web.trusted_proxies:
        return careless(
            "a proxy stands in front (the public address is https), and web.trusted_proxies is 0",
            "Set it to how many there are: else limits count everybody together, and cookies are not secure.",
        )
    return ok(f"{config.settings().web.trusted_proxies} proxies are believed")


def open_ports() -> Finding:
    listening = {
        "web.host": (config.settings().web.host, config.settings().web.port),
        "mail.listen_host": (config.settings().mail.listen_host, config.settings().mail.listen_port),
    }
    wide = [f"{key} = {host}" for key, (host, port) in listening.items() if port and not is_loopback(host)]
    if wide:
        return warn(
            f"other machines can connect: {', '.join(wide)}",
            "Let a firewall or a reverse proxy decide who may; the mail port asks for no password.",
        )
    return ok("only this machine can connect")
