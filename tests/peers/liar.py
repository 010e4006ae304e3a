"""An IMAP server that speaks well and lies on request, over loopback, with a ledger of what it offered.

``with Liar() as liar`` has one mailbox with folders of ``Mail``; what it does wrong is set on its attributes.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import re
import socketserver
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Self

UTC = datetime.UTC


@dataclass
class Mail:
    uid: int
    body: bytes
    at: datetime.datetime
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    uidvalidity: int = 1000
    uidnext: int = 1
    mails: list[Mail] = field(default_factory=list)


class Liar:
    def __init__(self) -> None:
        self.capabilities = "IMAP4rev1 IDLE MOVE UIDPLUS AUTH=XOAUTH2"
        self.folders: dict[str, Folder] = {"INBOX": Folder()}
        self.password, self.tokens = "secret", set[str]()
        self.skew = datetime.timedelta()
        """How far its clock is off."""
        self.understates: set[int] = set()
        """UIDs that are said to be small."""
        self.drops: Counter[int] = Counter()
        """By UID, how often the connection ends in the middle of its bytes."""
        self.refuses: Counter[int] = Counter()
        """By UID, how often its body is refused with NO."""
        self.hides: set[int] = set()
        """UIDs that are listed and never handed over."""
        self.repeats = False
        """Every row comes twice, and one that nobody asked for."""
        self.says: dict[str, list[str]] = defaultdict(list)
        """By command, what it answers next instead of doing it."""
        self.slips: dict[str, bytes] = {}
        """By moment, a mail that arrives then: in the answer to a command, or ``before``, ``with`` or
        ``after`` the word that IDLE has begun."""
        self.silent = False
        """IDLE announces nothing and does not end."""
        self.deaf = False
        """IDLE announces nothing, and ends as it should."""
        self.stalls = threading.Event()
        """Bodies are sent, but the word that this is all never comes."""
        self.names_next = True
        """Whether it tells UIDNEXT."""
        self.heard: list[str] = []
        self.connections = 0
        self.lock = threading.RLock()
        self.server = _Server(("127.0.0.1", 0), _Session)
        self.server.liar = self

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stalls.clear()
        self.hang_up()
        self.server.shutdown()
        self.server.server_close()

    def settings(self, **more: Any) -> dict[str, Any]:
        given = {
            "incoming": "imap",
            "in_host": "127.0.0.1",
            "in_port": self.server.server_address[1],
            "in_security": "none",
            "in_user": "support",
            "in_password": "secret",
            "in_folders": "INBOX",
            "in_after": "keep",
        }
        return given | more

    # ---------------------------------------------------------------------------- what happens to it

    def offer(self, *bodies: bytes, folder: str = "INBOX", at: datetime.datetime | None = None) -> None:
        with self.lock:
            box = self.folders[folder]
            for body in bodies:
                arrived = at or datetime.datetime.now(UTC).replace(microsecond=0) + self.skew
                box.mails.append(Mail(box.uidnext, body, arrived))
                box.uidnext += 1

    def renumber(self, uidvalidity: int | None = None, folder: str = "INBOX") -> None:
        """New UIDs from 1 on; without an argument it does not even say so."""
        with self.lock:
            box = self.folders[folder]
            for uid, mail in enumerate(box.mails, 1):
                mail.uid = uid
            box.uidnext = len(box.mails) + 1
            box.uidvalidity = uidvalidity or box.uidvalidity

    def vanish(self, uid: int, folder: str = "INBOX") -> None:
        with self.lock:
            box = self.folders[folder]
            box.mails = [mail for mail in box.mails if mail.uid != uid]

    def hang_up(self) -> None:
        """End every connection."""
        for session in list(self.server.sessions):
            session.hang_up()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    liar: Liar

    def __init__(self, *args: Any) -> None:
        self.sessions: set[_Session] = set()
        super().__init__(*args)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to speak of."""


class _Drop(Exception):
    """It hangs up."""


class _Session(socketserver.StreamRequestHandler):
    server: _Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.liar = self.server.liar
        self.folder = Folder()
        self.known = 0
        """How many mails of the folder it has told of."""
        self.server.sessions.add(self)
        self.liar.connections += 1
        with contextlib.suppress(_Drop, OSError, ValueError):
            self.say("* OK ready")
            while (line := self.rfile.readline()) and self.obey(line.decode().strip()):
                pass
        self.server.sessions.discard(self)

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(2)

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def obey(self, line: str) -> bool:
        tag, _, rest = line.partition(" ")
        command, _, rest = rest.partition(" ")
        command = command.upper()
        if command == "UID":
            command, _, rest = rest.partition(" ")
            command = command.upper()
        self.liar.heard.append(f"{command} {rest}")
        if self.liar.says[command]:
            answer = self.liar.says[command].pop(0)
            if answer == "DROP":
                raise _Drop
            self.say(f"{tag} {answer}" if not answer.startswith("*") else answer)
            if answer.startswith("* BYE"):
                raise _Drop
            return True
        answer = getattr(self, f"do_{command.lower()}", self.unknown)(rest)
        if arrived := self.arrived(command):
            self.say(arrived)
        self.announce()
        self.say(f"{tag} {answer or 'OK done'}")
        return command != "LOGOUT"

    def arrived(self, moment: str) -> str:
        """How a mail is announced that arrives at this moment."""
        if moment not in self.liar.slips:
            return ""
        self.liar.offer(self.liar.slips.pop(moment))
        self.known = len(self.folder.mails)
        return f"* {self.known} EXISTS"

    def announce(self) -> None:
        """What came since it last told, as a server must with the next answer (RFC 9051, 5.2)."""
        if len(self.folder.mails) != self.known and not (self.liar.silent or self.liar.deaf):
            self.known = len(self.folder.mails)
            self.say(f"* {self.known} EXISTS")

    def unknown(self, _rest: str) -> str:
        return "BAD what"

    # ---------------------------------------------------------------------------------- commands

    def do_capability(self, _rest: str) -> None:
        self.say(f"* CAPABILITY {self.liar.capabilities}")

    def do_noop(self, _rest: str) -> None:
        pass

    def do_logout(self, _rest: str) -> None:
        self.say("* BYE")

    def do_login(self, rest: str) -> str:
        right = rest.endswith((f'"{self.liar.password}"', f" {self.liar.password}"))
        return "OK in" if right else "NO [AUTHENTICATIONFAILED] wrong"

    def do_authenticate(self, _rest: str) -> str:
        self.say("+ ")
        said = base64.b64decode(self.rfile.readline()).decode()
        token = said.split("Bearer ")[1].split("\1")[0]
        if token in self.liar.tokens:
            return "OK in"
        self.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
        self.rfile.readline()
        return "NO [AUTHENTICATIONFAILED] the token has expired"

    def do_list(self, rest: str) -> None:
        pattern = rest.split()[-1].strip('"')
        for name in self.liar.folders:
            if pattern not in ("*", name):
                continue
            self.say(f'* LIST (\\HasNoChildren) "/" "{name}"')

    def do_create(self, rest: str) -> None:
        self.liar.folders[rest.strip('"')] = Folder()

    def do_select(self, rest: str) -> str | None:
        name = rest.strip('"')
        with self.liar.lock:
            if name not in self.liar.folders:
                return "NO [NONEXISTENT] no such folder"
            self.folder = self.liar.folders[name]
            self.known = len(self.folder.mails)
            self.say(f"* {self.known} EXISTS")
            self.say("* 0 RECENT")
            self.say("* FLAGS (\\Seen \\Deleted)")
            self.say(f"* OK [UIDVALIDITY {self.folder.uidvalidity}] it is")
            if self.liar.names_next:
                self.say(f"* OK [UIDNEXT {self.folder.uidnext}] it is")
        return None

    do_examine = do_select

    def do_search(self, rest: str) -> None:
        with self.liar.lock:
            found = self.chosen(re.sub(r"(?:^UID )|(?: SINCE .*)", "", rest))
            if "DELETED" in rest:
                found = [mail for mail in self.folder.mails if "\\Deleted" in mail.flags]
            if since := re.search(r"SINCE (\S+)", rest):
                day = datetime.datetime.strptime(since[1].strip('"'), "%d-%b-%Y").date()
                found = [mail for mail in found if mail.at.date() >= day]
            numbers = [str(mail.uid) for mail in found] * (2 if self.liar.repeats else 1)
            self.say(" ".join(["* SEARCH", *numbers]))

    def chosen(self, numbers: str) -> list[Mail]:
        """``3``, ``1,4``, ``7:*`` (which names the last one, too)."""
        highest = max((mail.uid for mail in self.folder.mails), default=0)
        wanted: set[int] = set()
        for part in numbers.split(","):
            first, _, last = part.strip("() ").partition(":")
            if not first.isdigit():
                continue
            end = highest if last == "*" else int(last or first)
            low, high = sorted((int(first), end))
            wanted |= {mail.uid for mail in self.folder.mails if low <= mail.uid <= high}
        return [mail for mail in self.folder.mails if mail.uid in wanted]

    def do_fetch(self, rest: str) -> str | None:
        numbers, _, what = rest.partition(" ")
        with self.liar.lock:
            mails = [mail for mail in self.chosen(numbers) if mail.uid not in self.liar.hides]
        if "BODY" in what:
            for mail in mails:
                if self.liar.refuses[mail.uid] > 0:
                    self.liar.refuses[mail.uid] -= 1
                    return "NO [SERVERBUG] it cannot be read"
        for mail in mails * (2 if self.liar.repeats else 1):
            self.row(mail, what)
        if self.liar.repeats and self.folder.mails:
            self.say(f"* 1 FETCH (UID {self.folder.mails[0].uid} FLAGS (\\Seen))")
        while "BODY" in what and self.liar.stalls.is_set():
            time.sleep(0.05)
        return None

    def row(self, mail: Mail, what: str) -> None:
        number = self.folder.mails.index(mail) + 1
        parts = [f"UID {mail.uid}"]
        if "RFC822.SIZE" in what:
            parts.append(f"RFC822.SIZE {100 if mail.uid in self.liar.understates else len(mail.body)}")
        if "INTERNALDATE" in what:
            parts.append(f'INTERNALDATE "{mail.at.strftime("%d-%b-%Y %H:%M:%S %z")}"')
        if "BODY" not in what:
            self.say(f"* {number} FETCH ({' '.join(parts)})")
            return
        name, body = self.part(mail, what)
        head = f"* {number} FETCH ({' '.join(parts)} {name} {{{len(body)}}}\r\n"
        if self.liar.drops[mail.uid] > 0:
            self.liar.drops[mail.uid] -= 1
            self.wfile.write(head.encode() + body[: len(body) // 2])
            self.wfile.flush()
            raise _Drop
        self.wfile.write(head.encode() + body + b")\r\n")

    def part(self, mail: Mail, what: str) -> tuple[str, bytes]:
        header = mail.body.partition(b"\n\n" if b"\r\n\r\n" not in mail.body else b"\r\n\r\n")[0]
        if "MESSAGE-ID" in what:
            found = re.search(rb"(?mi)^message-id:.*$", header)
            return "BODY[HEADER.FIELDS (MESSAGE-ID)]", (found[0].strip() if found else b"") + b"\r\n\r\n"
        if "HEADER" in what:
            return "BODY[HEADER]", header + b"\r\n\r\n"
        if "PEEK" not in what:
            mail.flags.add("\\Seen")
        return "BODY[]", mail.body

    def do_store(self, rest: str) -> None:
        for mail in self.chosen(rest.partition(" ")[0]):
            mail.flags.add("\\Deleted")

    def do_copy(self, rest: str) -> str | None:
        numbers, _, target = rest.partition(" ")
        if target.strip('"') not in self.liar.folders:
            return "NO [TRYCREATE] no such folder"
        self.liar.offer(*(mail.body for mail in self.chosen(numbers)), folder=target.strip('"'))
        return None

    def do_move(self, rest: str) -> str | None:
        refused = self.do_copy(rest)
        if not refused:
            self.take_out(self.chosen(rest.partition(" ")[0]))
        return refused

    def do_expunge(self, rest: str) -> None:
        chosen = self.chosen(rest) if rest else self.folder.mails
        self.take_out([mail for mail in chosen if "\\Deleted" in mail.flags])

    def take_out(self, mails: list[Mail]) -> None:
        with self.liar.lock:
            for mail in mails:
                self.folder.mails.remove(mail)

    def do_idle(self, _rest: str) -> None:
        if arrived := self.arrived("before"):
            self.say(arrived)
        arrived = self.arrived("with")
        self.say("\r\n".join(filter(None, ("+ idling", arrived))))
        if "after" in self.liar.slips:
            self.liar.offer(self.liar.slips.pop("after"))
        self.connection.settimeout(0.05)
        while True:
            try:
                line = self.rfile.readline()
                if not line:
                    raise _Drop
                if line.strip().upper() == b"DONE" and not self.liar.silent:
                    break
            except TimeoutError:
                self.rfile = self.connection.makefile("rb")  # one that has timed out reads no more
            self.announce()
        self.connection.settimeout(None)
