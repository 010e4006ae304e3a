"""1,000 replies through a server that allows 100 an hour, on a simulated clock: none lost, none twice.

And how fast mails leave where nothing holds them back, over TLS, with the line kept for the next mail and
with a new line for each; both take turns in the same run.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import time_machine
from sqlalchemy import func, insert, select

from benchmarks.ingest import database
from inbox import config, db, files, live, outbox, queue, tickets, vault
from inbox.channels import Inbound, Person
from inbox.channels.email import delivery, lines
from inbox.mail.tokens import Signer
from inbox.models import Account, AccountAddress, Message
from tests.peers.certificates import serving
from tests.peers.smtp import Peer

REPLIES = int(os.environ.get("BENCH_REPLIES", "1000"))
AN_HOUR = 100
MAILS, BLOCK = 400, 50
STEP = timedelta(minutes=1)


def run() -> None:
    live.tell = lambda *_: None  # type: ignore[assignment]
    _drain()
    _rate()


def _drain() -> None:
    rung: list[int] = []
    queue.ring = lambda _queue, _run, row, **_: rung.append(row)  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder, _house(Path(folder)), Peer() as peer:
        begin = datetime(2026, 3, 2, 8, tzinfo=UTC)
        with time_machine.travel(begin, tick=False) as clock:
            peer.hourly = AN_HOUR
            written = _written(peer.port)
            began, sweeps = time.process_time(), 0
            while peer.taken.total() < REPLIES and sweeps < 60 * 24:
                rung.clear()
                outbox.sweep()
                sweeps += 1
                for message_id in rung:
                    outbox.send_now(message_id)
                if not rung:
                    clock.shift(STEP)
            hours = (db.now() - begin).total_seconds() / 3600
        with db.reading():
            query = select(Message.state, func.count()).where(Message.kind == "reply")
            states = [tuple(row) for row in db.session.execute(query.group_by(Message.state))]
        twice = sum(count > 1 for count in peer.taken.values())
        order = "yes" if list(peer.taken) == written else "NO"
        print(f"{len(peer.taken)} of {REPLIES} arrived in {hours:.1f} simulated hours; states {dict(states)}")
        print(f"lost {len(set(written) - set(peer.taken))}, twice {twice}, in order: {order}")
        print(f"the server had to refuse {peer.refusals} times")
        spent = 1000 * (time.process_time() - began) / REPLIES
        print(f"{spent:.1f} ms of CPU a mail, with database, sweeps and the server")
        lines.kept.close()


@contextmanager
def _house(folder: Path) -> Iterator[None]:
    os.environ["PROSA__DATA__DIR"] = str(folder)
    config.settings.cache_clear()
    files.use(config.settings().files_url)
    with database("sqlite", folder):
        yield
    os.environ.pop("PROSA__DATA__DIR")
    config.settings.cache_clear()


def _written(port: int) -> list[str]:
    """The replies that wait; their Message-IDs in the order they were written."""
    with db.writing() as session:
        account = Account(kind="mail", name="Barro", address="support@barro.example")
        account.settings = {
            "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "hourly_limit": AN_HOUR,
        }  # fmt: skip
        account.addresses = [AccountAddress(address=account.address)]
        session.add(account)
        session.flush()
        marina = Person("marina@queiroz.example", "Marina")
        asked = tickets.receive(account, Inbound("<1@queiroz.example>", marina, "It came cracked.", "Cup"))
        assert asked
        signer, thread = Signer(vault.signing_key()), asked.thread_id or 0
        keys = [signer.message_id(thread, "barro.example") for _ in range(REPLIES)]
        columns = {
            "ticket_id": asked.ticket_id, "thread_id": asked.thread_id, "account_id": account.id,
            "kind": "reply", "state": "queued", "text": "On its way", "created_at": db.now(),
            "recipients": {"to": [{"name": "Marina", "address": marina.address}]},
        }  # fmt: skip
        session.execute(
            insert(Message), [{**columns, "message_id_header": key, "external_id": key} for key in keys]
        )
        return keys


def _rate() -> None:
    with tempfile.TemporaryDirectory() as folder:
        context, trusted = serving(Path(folder))
        os.environ["SSL_CERT_FILE"] = str(trusted)
        with Peer(tls=context) as peer:
            kept, single = lines.Lines(), lines.Lines(mails=1)
            took = {"kept": 0.0, "new": 0.0}
            for _ in range(MAILS // BLOCK):
                took["kept"] += _timed(kept, peer)
                took["new"] += _timed(single, peer)
            kept.close()
        os.environ.pop("SSL_CERT_FILE")
        print(f"{MAILS / took['kept']:.0f} mails a second over a kept line (STARTTLS, loopback)")
        print(f"{MAILS / took['new']:.0f} mails a second with a new line for each")
        print(f"kept: {took['new'] / took['kept']:.1f} times as fast")


def _timed(through: lines.Lines, peer: Peer) -> float:
    settings = {"smtp_host": "localhost", "smtp_port": peer.port, "smtp_security": "starttls"}
    envelope = delivery.Envelope("support@barro.example", ("marina@queiroz.example",))
    raw = (
        f"From: <support@barro.example>\r\nTo: <marina@queiroz.example>\r\nSubject: Cup\r\n"
        f"Date: {format_datetime(datetime.now(UTC))}\r\nMessage-ID: <bench@barro.example>\r\n\r\n"
    ).encode() + b"On its way\r\n" * 100
    lines.kept = through
    began = time.perf_counter()
    for _ in range(BLOCK):
        delivery.deliver(settings, envelope, raw)
    return time.perf_counter() - began
