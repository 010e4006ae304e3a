"""django-helpdesk on SQLite: ``get_email`` on a folder, gunicorn, and what its tables hold."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

from benchmarks.rivals.environment import run
from benchmarks.rivals.letters import COMMON, LONG, SHORT, Facts, Letter, conversation_in
from benchmarks.rivals.product import HUNDRED, LIST, SEARCH, Rival, must, must_show_letters
from benchmarks.rivals.web import field

SITE = Path(__file__).resolve().parent / "site"
PASSWORD = "travessao de barro"
ROWS = 25
"""What its list shows at once."""


class Helpdesk(Rival):
    """Threads by ``[support-12]`` in the subject: what its own confirmations carry."""

    name = "django-helpdesk"

    def __init__(self, folder: Path, programs: Path) -> None:
        super().__init__(folder)
        self.python, self.inbox = programs / "python", folder / "inbox"
        self.inbox.mkdir()
        self.database = folder / "helpdesk.db"
        self.environ = os.environ | {
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(SITE),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "RIVAL_FOLDER": str(folder),
            "RIVAL_INBOX": str(self.inbox),
            "RIVAL_PASSWORD": PASSWORD,
        }
        self.gunicorn = (programs / "gunicorn", "django.core.wsgi:get_wsgi_application()")

    def set_up(self) -> None:
        run(self.python, "-m", "django", "migrate", "--verbosity", "0", env=self.environ)
        run(self.python, SITE / "prepare.py", env=self.environ)

    def bring(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            tag = f"[support-{self.numbers[letter.conversation]}]" if letter.part else ""
            (self.inbox / f"{letter.number}.eml").write_bytes(letter.raw(tag))

    def command(self) -> Sequence[str | Path]:
        return (self.python, "-m", "django", "get_email", "--quiet")

    def conversations(self) -> dict[int, int]:
        with self.rows() as rows:
            titles = rows.execute("SELECT id, title FROM helpdesk_ticket").fetchall()
        return {conversation_in(title): number for number, title in titles}

    def facts(self) -> Facts:
        letters = (
            "SELECT t.title, count(*) FROM helpdesk_followup f JOIN helpdesk_ticket t ON t.id = f.ticket_id"
        )
        # an HTML part is kept as a file too, by a name of its own
        files = "FROM helpdesk_followupattachment WHERE filename NOT LIKE 'email_html_body%'"
        with self.rows() as rows:
            counted = rows.execute(f"{letters} GROUP BY t.id").fetchall()
            found = rows.execute(
                "SELECT count(*) FROM helpdesk_ticket WHERE description LIKE ?", [f"%{COMMON}%"]
            ).fetchone()[0]
            kept = rows.execute(f"SELECT file {files}").fetchall()
        sizes = [(self.folder / "media" / name).stat().st_size for (name,) in kept]
        return Facts({conversation_in(title): n for title, n in counted}, len(sizes), sum(sizes), found)

    def sign_in(self) -> None:
        form = self.browser.get("/login/")
        token = field(form, "csrfmiddlewaretoken")
        status = self.browser.post("/login/", username="ada", password=PASSWORD, csrfmiddlewaretoken=token)
        must(status == 302, self, f"signing in: {status}")

    def page(self, name: str) -> str:
        if name == LIST:
            return self._table("/tickets/")
        if name == SEARCH:
            return self._table(f"/tickets/?{urlencode({'search_type': 'header', 'q': COMMON})}")
        return self.browser.get(f"/tickets/{self.numbers[LONG if name == HUNDRED else SHORT]}/")

    def _table(self, path: str) -> str:
        """The page, and the rows that its table asks for."""
        page = self.browser.get(path)
        url = re.search(r'"url": "([^"]*datatables_ticket_list[^"]*)"', page)
        must(url is not None, self, f"{path} has no table")
        assert url
        asked = {"draw": 1, "start": 0, "length": ROWS, "search[value]": ""}
        return page + "\n" + self.browser.get(quote(unescape(url[1]), safe="/=%") + "?" + urlencode(asked))

    def check(self, name: str, text: str) -> None:
        if name in (LIST, SEARCH):
            answer = json.loads(text.rsplit("\n", 1)[1])
            n = len(self.numbers) if name == LIST else self.facts().found
            must(answer["recordsTotal"] == n, self, f"{name}: {answer['recordsTotal']} instead of {n}")
            must(len(answer["data"]) == min(n, ROWS), self, f"{name}: {len(answer['data'])} rows")
        else:
            must_show_letters(self, name, text)
