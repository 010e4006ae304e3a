"""The web process: agents' screens, and the sockets that say when to look again."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from types import FrameType
from typing import TYPE_CHECKING

if __name__ == "__main__":  # before anything else is imported, and nowhere else
    gc.disable()  # imports leave no garbage, and looking for it takes a quarter of their time

    from gevent import monkey

    monkey.patch_all()

import structlog
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import portal
from inbox import config, db, files, lifeline, logs, sockets, vault, views
from inbox.web import (
    access_log,
    assets,
    compression,
    context,
    current,
    errors,
    headers,
    i18n,
    limits,
    parts,
    permissions,
    templates,
)

if TYPE_CHECKING:
    from gevent.pywsgi import WSGIServer

log = structlog.get_logger("web")

LARGEST_FORM = 2_000_000
"""A long letter with room to spare. Agents who send files may send more (``current.arrive``)."""


def create_app(settings: config.Settings | None = None, async_mode: str | None = None) -> Flask:
    """Wire everything; opening the database is up to the process (``db.connect``)."""
    settings = settings or config.settings()
    app = Flask(__name__, template_folder="templates", static_folder=None)
    app.config.update(
        SECRET_KEY=vault.derived(b"cookies"),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=300,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_environment = templates.Templates
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (
        access_log,
        compression,
        headers,
        errors,
        i18n,
        assets,
        parts,
        limits,
        current,
        context,
        views,
        portal,
    ):
        part.init(app)
    if settings.demo.enabled:
        views.init_demo(app)
    permissions.check_all(app)
    sockets.init(app, async_mode)
    if hops := settings.web.trusted_proxies:  # X-Forwarded-* is believed from our own proxies only
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def listen(settings: config.Settings) -> socket.socket:
    """A listening socket. Without TCP_NODELAY a kept-alive page waits 40 ms for Nagle."""
    family = socket.AF_INET6 if ":" in settings.web.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if settings.web.processes > 1:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((settings.web.host, settings.web.port))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def stop_on_signals(server: WSGIServer) -> None:
    """Finish what is being answered, for two seconds at most."""
    import gevent

    def stop(_signal: int | None = None, _frame: FrameType | None = None) -> None:
        server.stop(timeout=2)
        os._exit(0)  # sockets wait for ever by design: nothing of theirs needs finishing

    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, lambda: gevent.spawn(stop))


def main() -> None:
    settings = config.settings()
    lifeline.hold()
    logs.setup(settings.log)
    db.connect(settings.database_url)
    files.use(settings.files_url)
    app = create_app(settings, async_mode="gevent")

    from inbox.web.server import Server

    try:
        server = Server(listen(settings), app)
    except OSError as problem:
        sys.exit(f"cannot listen on {settings.web.host}:{settings.web.port}: {problem.strerror}")
    stop_on_signals(server)
    sockets.sockets.start_background_task(sockets.keep_sweeping)
    gc.freeze()
    gc.enable()
    log.info("listening", host=settings.web.host, port=settings.web.port)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except config.ConfigError as problem:
        sys.exit(f"Settings: {problem}")
