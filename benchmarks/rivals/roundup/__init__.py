"""Roundup's classic tracker on SQLite with native-fts: ``roundup-mailgw`` on an mbox, and gunicorn."""

from __future__ import annotations

import mailbox
import os
import re
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.rivals.environment import run
from benchmarks.rivals.letters import COMMON, LONG, SHORT, Facts, Letter, conversation_in, conversations_in
from benchmarks.rivals.product import HUNDRED, LIST, SEARCH, Rival, must, must_show_letters
from benchmarks.rivals.web import field

SITE = Path(__file__).resolve().parent / "site"
PASSWORD = "travessao de barro"
ROWS = 50
"""What its list shows at once."""

NAMES = ("cup.jpg", "nota.pdf")
"""Files with these names were attached; an HTML part is kept as a file too."""


class Roundup(Rival):
    """Threads by ``[issue12]`` in the subject: what its own mails carry."""

    name = "Roundup"

    def __init__(self, folder: Path, programs: Path) -> None:
        super().__init__(folder)
        self.programs, self.tracker, self.mbox = programs, folder / "tracker", folder / "mbox"
        self.database = self.tracker / "db" / "db"
        self.environ = os.environ | {
            "PYTHONPATH": str(SITE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RIVAL_TRACKER": str(self.tracker),
        }
        self.gunicorn = (programs / "gunicorn", "serve:app")

    def set_up(self) -> None:
        settings = (
            "indexer=native-fts",
            f"tracker_web=http://127.0.0.1:{self.port}/",
            "mail_domain=barro.example",
            "mail_host=127.0.0.1",
            "tracker_email=support",
            f"mail_debug={os.devnull}",
        )
        admin = (self.programs / "roundup-admin", "-i", self.tracker)
        run(*admin, "install", "classic", "sqlite", ",".join(settings), env=self.environ)
        self._let_customers_write()
        run(*admin, "initialise", PASSWORD, env=self.environ)

    def _let_customers_write(self) -> None:
        """As its schema says to: the line stands there as a comment."""
        schema = self.tracker / "schema.py"
        line = "db.security.addPermissionToRole('Anonymous', 'Email Access')"
        text = schema.read_text()
        must(f"\n#{line}" in text, self, "its schema has no place for mail from anybody")
        schema.write_text(text.replace(f"\n#{line}", f"\n{line}"))

    def bring(self, letters: Sequence[Letter]) -> None:
        self.mbox.unlink(missing_ok=True)
        box = mailbox.mbox(self.mbox)
        for letter in letters:
            tag = f"[issue{self.numbers[letter.conversation]}]" if letter.part else ""
            box.add(letter.raw(tag))
        box.flush()
        box.close()

    def command(self) -> Sequence[str | Path]:
        return (self.programs / "roundup-mailgw", self.tracker, "mailbox", self.mbox)

    def conversations(self) -> dict[int, int]:
        with self.rows() as rows:
            titles = rows.execute("SELECT id, _title FROM _issue").fetchall()
        return {conversation_in(title): number for number, title in titles}

    def facts(self) -> Facts:
        letters = (
            "SELECT i._title, count(*) FROM issue_messages m JOIN _issue i ON i.id = m.nodeid GROUP BY i.id"
        )
        with self.rows() as rows:
            counted = rows.execute(letters).fetchall()
            files = rows.execute("SELECT id, _name FROM _file WHERE _name IN (?, ?)", NAMES).fetchall()
            texts = [(number,) for (number,) in rows.execute("SELECT id FROM _msg")]
        sizes = [self._stored("file", number).stat().st_size for number, _name in files]
        found = sum(COMMON.encode() in self._stored("msg", number).read_bytes() for (number,) in texts)
        return Facts({conversation_in(title): n for title, n in counted}, len(sizes), sum(sizes), found)

    def _stored(self, kind: str, number: int) -> Path:
        return self.tracker / "db" / "files" / kind / str(number // 1000) / f"{kind}{number}"

    def sign_in(self) -> None:
        form = self.browser.get("/")
        status = self.browser.post(
            "/",
            **{
                "__login_name": "admin",
                "__login_password": PASSWORD,
                "@action": "Login",
                "@csrf": field(form, "@csrf"),
            },
        )
        home = self.browser.get("/")
        must(status in (200, 302) and "Logout" in home, self, f"signing in: {status}")
        shown = re.search(r'href="([^"]*)"[^>]*>Show All<', home)
        must(shown is not None, self, "no list of all issues")
        assert shown
        self.all = "/" + unescape(shown[1]).removeprefix(self.browser.origin + "/")

    def page(self, name: str) -> str:
        if name == LIST:
            return self.browser.get(self.all)
        if name == SEARCH:  # what the form on each page asks
            columns = "id,activity,title,creator,assignedto,status"
            asked = {"@columns": columns, "@sort": "activity", "@group": "priority", "@search_text": COMMON}
            return self.browser.get(f"/issue?{urlencode(asked | {'submit': 'Search'})}")
        return self.browser.get(f"/issue{self.numbers[LONG if name == HUNDRED else SHORT]}")

    def check(self, name: str, text: str) -> None:
        if name in (LIST, SEARCH):
            n = len(self.numbers) if name == LIST else self.facts().found
            said = re.search(r"(\d+)\.\.(\d+) out of (\d+)", re.sub(r"<[^>]+>", "", text))
            must(said is not None and int(said[3]) == n, self, f"{name}: {said and said[0]} instead of {n}")
            rows = len(conversations_in(text))
            must(rows == min(n, ROWS), self, f"{name}: {rows} rows")
        else:
            must_show_letters(self, name, text)
