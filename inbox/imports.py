"""Older mail of an account, brought in when somebody asks for it. Commits are the caller's.

The collector does the work. A row says what is wanted and how far it has come, so that it goes on after a
restart; asking again for what was stopped or failed goes on where that ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from inbox import audit
from inbox.db import now, session
from inbox.models import Account, Agent, MailImport

UNDER_WAY = ("waiting", "running")


def start(account: Account, folder: str, since: datetime | None, by: Agent | None) -> MailImport:
    """Bring in what a folder holds, everything or nothing older than ``since``. Once at a time."""
    last = session.scalar(
        select(MailImport)
        .where(MailImport.account_id == account.id, MailImport.folder == folder)
        .order_by(MailImport.id.desc())
        .limit(1)
    )
    if last and last.state in UNDER_WAY:
        return last
    if last and last.state in ("stopped", "failed") and last.since == since:
        last.state, last.reason, last.reason_detail, last.finished_at = "waiting", "", "", None
        last.by_id = by.id if by else None
        audit.record("import_started", by, account=account.id)
        return last
    wanted = MailImport(account_id=account.id, folder=folder, since=since, by_id=by.id if by else None)
    session.add(wanted)
    session.flush()
    audit.record("import_started", by, account=account.id)
    return wanted


def stop(import_id: int, by: Agent | None = None) -> None:
    """Soon; what came in stays."""
    found = session.get(MailImport, import_id)
    if found and found.state in UNDER_WAY:
        found.state, found.finished_at = "stopped", now()
        audit.record("import_stopped", by, account=found.account_id)


def of(account: Account) -> Sequence[MailImport]:
    """Newest first."""
    query = select(MailImport).where(MailImport.account_id == account.id)
    return session.scalars(query.order_by(MailImport.id.desc())).all()


def under_way() -> Sequence[MailImport]:
    """What is to be worked on, in the order it was asked for: of active accounts."""
    return session.scalars(
        select(MailImport)
        .join(Account, Account.id == MailImport.account_id)
        .where(Account.active, MailImport.state.in_(UNDER_WAY))
        .order_by(MailImport.id)
    ).all()
