"""An erasure whose worker is killed again and again: it ends all the same, once, and leaves nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from inbox.db import session
from inbox.models import Customer, Event, PrivacyRequest, Ticket
from inbox.privacy import requests
from tests.privacy.conftest import ask
from tests.privacy.test_residue import ROOT, everything, plant

pytestmark = pytest.mark.slow

WORKER = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from sqlalchemy import event, update
from inbox import db, files, live, queue
from inbox.models import PrivacyRequest
from inbox.privacy import run, shred, tombstones
url, folder, number, after = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
engine = db.connect(url)
files.use((folder / "files").as_uri())
tombstones.path = lambda: folder / "erasures.jsonl"
shred.GRACE = timedelta(0)
live.tell = queue.ring = lambda *_args, **_more: None
seen = []
@event.listens_for(engine, "after_cursor_execute")
def count(connection, cursor, statement, *_):
    if statement.lstrip()[:6].upper() in ("UPDATE", "DELETE", "INSERT"):
        seen.append(statement)
        if len(seen) == after:
            os.kill(os.getpid(), signal.SIGKILL)
for _ in range(10):
    with db.writing() as own:
        past = db.now() - timedelta(seconds=1)
        own.execute(update(PrivacyRequest).values(retry_at=past, leased_until=None))
    run.now_(number)
    shred.sweep()
"""
"""A worker that ends itself after so many statements that write; 0 lives."""


def test_f2_an_erasure_goes_on_after_every_kill(own_house: Engine, tmp_path: Path) -> None:
    ada, bea, mine, _others = plant()
    customer = session.get_one(Customer, session.get_one(Ticket, mine.id).customer.id)
    asked = ask(customer, "erasure", ada)
    requests.approve(asked, bea)
    session.commit()
    url, number = own_house.url.render_as_string(hide_password=False), str(asked.id)
    session.remove()
    own_house.dispose()
    for after in (4, 17, 40, 0):
        script = [sys.executable, "-c", WORKER, url, str(tmp_path), number, str(after)]
        ended = subprocess.run(script, cwd=ROOT, capture_output=True)
        assert ended.returncode == (-signal.SIGKILL if after else 0), ended.stderr.decode()[-2000:]
    assert everything(own_house, tmp_path) == {}
    done = session.get_one(PrivacyRequest, asked.id, populate_existing=True)
    assert (done.state, done.scratch, done.counts["tickets"]) == ("done", {}, 1)
    assert session.query(Event).filter_by(kind="erasure_done").count() == 1
    assert session.get_one(Ticket, mine.id).emptied_at
