"""Row 48: who was erased does not come back with a backup that was made before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from inbox.backup import make
from inbox.backup.restore import restore
from inbox.db import session
from inbox.models import Agent, Customer, Identity, Message, PrivacyRequest
from inbox.privacy import people, shred, tombstones
from tests.backup.conftest import Place
from tests.privacy.conftest import ask, carried_out, worked_on

New = Callable[[str], Place]


def test_attack_48_an_older_backup_brings_nobody_back(
    shop: Place, new_place: New, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shred, "GRACE", timedelta(0))
    file, _manifest = make.make(tmp_path / "before.tar", with_secret=True)
    shop.enter()
    ada, customer = session.get_one(Agent, 1), session.scalars(select(Customer).order_by(Customer.id)).first()
    assert customer and carried_out(ask(customer, "erasure", ada), ada).state == "done"
    written = tombstones.path()
    copy = new_place(kind)
    copy.data.mkdir(mode=0o700)
    shutil.copy(written, copy.data / written.name)
    copy.enter()
    restore(file)
    copy.enter()
    number = customer.id
    back = session.get_one(Customer, number)
    assert not people.is_erased(back) and session.scalars(select(Message.text)).first()
    assert tombstones.replay() == 1
    [again] = session.scalars(select(PrivacyRequest))
    assert (again.proof, worked_on(again).state) == ("replayed", "done")
    assert people.is_erased(session.get_one(Customer, number, populate_existing=True))
    session.expire_all()
    assert {one.text for one in session.scalars(select(Message).join(Identity, isouter=True))} <= {""}
    assert tombstones.replay() == 0
