"""The first minutes: a link that works once makes the first admin, the company and its first mailbox."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import update

from inbox import audit, db, mailboxes, passwords, signin
from inbox.db import now, session
from inbox.models import Agent, Installation
from inbox.settled import is_settled


@dataclass(frozen=True, slots=True)
class Answers:
    """What the set-up page asks."""

    name: str
    email: str
    password: str
    language: str
    zone: str
    company: str
    address: str
    public_url: str


def new_link() -> str | None:
    """The path of a fresh set-up link; the one before it stops working. None once there is somebody."""
    token = secrets.token_urlsafe(32)
    with db.writing():
        if is_settled():
            return None
        session.merge(Installation.current()).setup_token_hash = signin.digest(token)
    return f"/setup/{token}"


def valid(token: str) -> bool:
    """Looking does not use it up: mail scanners and previews look, too."""
    kept = Installation.current().setup_token_hash
    return bool(kept) and secrets.compare_digest(kept or "", signin.digest(token)) and not is_settled()


def complete(token: str, answers: Answers) -> Agent | None:
    """Everything in the caller's transaction; None if the link was used meanwhile.

    Raises passwords.Weak and mailboxes.Taken.
    """
    passwords.check_rule(answers.password, answers.company, answers.email)
    if not _use(token) or is_settled():
        return None
    ours = Installation.current()
    ours.company, ours.public_url = answers.company, answers.public_url.rstrip("/")
    ours.language, ours.zone, ours.set_up_at = answers.language, answers.zone, now()
    mailboxes.add("mail", answers.address, name=answers.company)
    admin = Agent(
        name=answers.name,
        email=answers.email.strip().lower(),
        role="admin",
        language=answers.language,
        zone=answers.zone,
        password_hash=passwords.hash_of(answers.password),
    )
    session.add(admin)
    session.flush()
    audit.record("set_up", admin)
    return admin


def _use(token: str) -> bool:
    """Of two who press the button at the same time, one does."""
    used = session.execute(
        update(Installation)
        .where(Installation.id == 1, Installation.setup_token_hash == signin.digest(token))
        .values(setup_token_hash=None)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return bool(used.rowcount == 1)  # type: ignore[attr-defined]
