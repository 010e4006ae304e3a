"""gevent's WSGI server, with limits on how long a client may take to ask. For the web process only."""

from __future__ import annotations

import time
from typing import Any

import gevent
from gevent.pywsgi import Input, WSGIHandler, WSGIServer

HEAD_SECONDS = 20
"""For the request line and all headers; also how long an idle connection is kept."""

SILENCE_SECONDS = 60
"""Between two pieces of a body, or of an answer that nobody takes. Websockets are pinged more often."""

BODY_SECONDS = 15 * 60
"""For a whole body: the largest upload over a line of 30 KB a second. A byte a minute is not waited for."""

MOST_CONNECTIONS = 20_000


class Body(Input):
    """What is sent with a request, which has to be all there by a deadline."""

    __slots__ = ("_until",)

    def __init__(self, given: Input) -> None:
        super().__init__(given.rfile, given.content_length, given.socket, given.chunked_input)
        self._until = time.monotonic() + BODY_SECONDS

    def _do_read(self, *how: Any, **more: Any) -> bytes:
        with self._in_time():
            return bytes(super()._do_read(*how, **more))

    def _chunked_read(self, *how: Any, **more: Any) -> bytes:
        with self._in_time():
            return bytes(super()._chunked_read(*how, **more))

    def _in_time(self) -> gevent.Timeout:
        return gevent.Timeout.start_new(max(0.001, self._until - time.monotonic()), TimeoutError)


class Handler(WSGIHandler):
    """Gives up on whoever sends headers, or what follows them, a byte at a time."""

    _deadline: gevent.Timeout

    def handle(self) -> None:
        self.socket.settimeout(SILENCE_SECONDS)
        super().handle()

    def handle_one_request(self) -> Any:
        self._deadline = gevent.Timeout.start_new(HEAD_SECONDS, TimeoutError)
        try:
            return super().handle_one_request()
        except TimeoutError:
            return None
        finally:
            self._deadline.close()

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        if isinstance(environ["wsgi.input"], Input):  # a websocket reads by itself
            environ["wsgi.input"] = self.wsgi_input = Body(environ["wsgi.input"])
        return environ

    def handle_one_response(self) -> None:
        self._deadline.close()  # it has asked: now it is our turn
        super().handle_one_response()

    def log_request(self) -> None:
        """``inbox.web.access_log`` writes one line, without addresses."""


class Server(WSGIServer):
    handler_class = Handler

    def __init__(self, listener: Any, app: Any) -> None:
        super().__init__(listener, app, spawn=MOST_CONNECTIONS, log=None)
