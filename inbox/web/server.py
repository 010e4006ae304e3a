"""gevent's WSGI server, with limits on how long a client may take to ask. For the web process only."""

from __future__ import annotations

from typing import Any

import gevent
from gevent.pywsgi import WSGIHandler, WSGIServer

HEAD_SECONDS = 20
"""For the request line and all headers; also how long an idle connection is kept."""

SILENCE_SECONDS = 60
"""Between two pieces of a body, or of an answer that nobody takes. Websockets are pinged more often."""

MOST_CONNECTIONS = 20_000


class Handler(WSGIHandler):
    """Gives up on whoever sends headers a byte at a time."""

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

    def handle_one_response(self) -> None:
        self._deadline.close()  # it has asked: now it is our turn
        super().handle_one_response()

    def log_request(self) -> None:
        """``inbox.web.access_log`` writes one line, without addresses."""


class Server(WSGIServer):
    handler_class = Handler

    def __init__(self, listener: Any, app: Any) -> None:
        super().__init__(listener, app, spawn=MOST_CONNECTIONS, log=None)
