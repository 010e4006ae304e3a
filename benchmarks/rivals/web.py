"""A browser's requests: one connection that stays open, a cookie, packed answers."""

from __future__ import annotations

import gzip
import http.client
import re
from http.client import HTTPConnection
from urllib.parse import urlencode


class Browser:
    """Asks one server, one request after the other, signed in by its cookies."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self.origin = f"http://127.0.0.1:{port}"
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        """The whole answer as it came over the wire, unpacked. Raises RuntimeError unless it is 200."""
        try:
            status, text = self._ask("GET", path)
        except (http.client.RemoteDisconnected, ConnectionError):  # kept too long: a browser opens another
            self.close()
            status, text = self._ask("GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status}")
        return text

    def post(self, path: str, **form: str) -> int:
        """The status; cookies are kept."""
        return self._ask("POST", path, urlencode(form))[0]

    def answers(self) -> bool:
        """Whether there is a server by now."""
        try:
            return self._ask("GET", "/")[0] < 500
        except (OSError, http.client.HTTPException):
            self.close()
            return False

    def close(self) -> None:
        self.connection.close()

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        headers = {
            "Accept": "text/html",
            "Accept-Encoding": "gzip",
            "Accept-Language": "en",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if body:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.origin,
                "Referer": f"{self.origin}/",
            }
        self.connection.request(method, path, body or None, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            if kept := re.match(r"([^=]+)=([^;]*)", cookie):
                self.cookies[kept[1]] = kept[2]
        if answer.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return answer.status, content.decode("utf-8", "replace")


def field(page: str, name: str) -> str:
    """The value of a hidden field of a form."""
    found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*>', page)
    value = re.search(r'value="([^"]*)"', found[0]) if found else None
    if not value:
        raise RuntimeError(f"no field {name} in {page[:500]}")
    return value[1]
