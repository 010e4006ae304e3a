"""The second factor: a code of six digits from somebody's telephone (TOTP, RFC 6238), or a backup code.

The secret is sealed at rest, backup codes are kept as keyed hashes, and no code is taken twice: the counter
of the last one is moved on, and a backup code is deleted, by a statement that only one of many at once wins.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyotp
import structlog
from sqlalchemy import ColumnElement, delete, func, select, update

from inbox import audit, db, live, memos, signin, vault
from inbox.db import after_commit, now, session
from inbox.models import Agent, BackupCode, Installation, SecondFactor, SecondStep
from inbox.signin import digest

log = structlog.get_logger("signin")

SECONDS = 30
"""How long a code is shown, as every authenticator has it."""
STEPS = (0, -1, 1)
"""Clocks differ: the code before and the one after are taken as well (RFC 6238, 5.2)."""
CODES = 10
LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of backup codes: none that looks like another on paper."""
LENGTH = 10
TIME_FOR_IT = timedelta(minutes=10)
TRIES = 5
"""Codes that may be tried for one password that was typed."""


def is_on(agent: Agent) -> bool:
    return agent.second_factor_since is not None


# ---------------------------------------------------------------------------------- setting it up


def begin(agent: Agent) -> None:
    """A fresh secret, to be confirmed with a first code. It changes nothing about signing in yet."""
    assert not is_on(agent)
    row = session.get(SecondFactor, agent.id) or SecondFactor(agent_id=agent.id)
    row.secret, row.last_counter, row.created_at = vault.seal(pyotp.random_base32()), 0, now()
    session.add(row)


def waiting(agent: Agent) -> str | None:
    """The secret that waits for its first code, to be shown."""
    row = None if is_on(agent) else session.get(SecondFactor, agent.id)
    return _secret(row) if row else None


def address(agent: Agent, secret: str, company: str) -> str:
    """What the QR code says: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=agent.email, issuer_name=company or "Prosa")


def turn_on(agent: Agent, code: str) -> list[str] | None:
    """Ten backup codes, shown this once; None if that is not the code. Of two at once one turns it on."""
    if is_on(agent) or not _takes(agent, _plain(code)):
        return None
    agent.second_factor_since = now()
    signin.trust_nobody(agent)
    audit.record("second_factor_on", agent, agent=agent.id)
    memos.write(agent.email, "second_factor_on", agent.language, agent=agent)
    return _new_codes(agent)


def turn_off(agent: Agent) -> None:
    _forget(agent)
    audit.record("second_factor_off", agent, agent=agent.id)
    memos.write(agent.email, "second_factor_off", agent.language, agent=agent, by=None)


def reset(agent: Agent, by: Agent | None) -> None:
    """For a colleague whose telephone is gone; ``by`` nobody is the command line."""
    _forget(agent)
    data: dict[str, Any] = {"agent": agent.id} if by else {"agent": agent.id, "by": "cli"}
    audit.record("second_factor_off", by, **data)
    memos.write(agent.email, "second_factor_off", agent.language, agent=agent, by=by.name if by else "")


def _forget(agent: Agent) -> None:
    for kind in (SecondFactor, BackupCode, SecondStep):
        session.execute(delete(kind).where(kind.agent_id == agent.id))
    agent.second_factor_since = None
    signin.trust_nobody(agent)
    _look_anew()


def require(house: Installation, required: bool, by: Agent) -> None:
    """Of everybody, or no longer. Whoever has none gets to nothing else, on open screens too."""
    if house.second_factor_required != required:
        audit.record("company_changed", by, second_factor_required=[house.second_factor_required, required])
        house.second_factor_required = required
        _look_anew()


def _look_anew() -> None:
    """Every open screen asks whether it may still watch (``inbox.sockets``)."""
    after_commit(lambda: live.tell("rewatch", {}, {"attention"}))


# ----------------------------------------------------------------------------------------- codes


def is_right(agent: Agent, code: str) -> bool:
    """Whether that is their code now, or a backup code; either is used up by it."""
    plain = _plain(code)
    if plain.isdigit() and len(plain) == 6:
        return _takes(agent, plain)
    return _uses_up(agent, plain)


def codes_left(agent: Agent) -> int:
    return session.scalar(select(func.count()).where(BackupCode.agent_id == agent.id)) or 0


def new_codes(agent: Agent) -> list[str]:
    """Ten others; those before stop working."""
    audit.record("backup_codes_made", agent, agent=agent.id)
    return _new_codes(agent)


def _new_codes(agent: Agent) -> list[str]:
    session.execute(delete(BackupCode).where(BackupCode.agent_id == agent.id))
    codes = ["".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(CODES)]
    session.add_all(BackupCode(agent_id=agent.id, code_hash=_keyed(agent, code)) for code in codes)
    session.flush()
    return [f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}" for code in codes]


def _plain(code: str) -> str:
    """As it is compared: people type the spaces and the dash, or leave them out."""
    return "".join(c for c in code[:50].lower() if c.isascii() and c.isalnum())


def _takes(agent: Agent, code: str) -> bool:
    row = session.get(SecondFactor, agent.id)
    counter = next(_counters_of(row, code), None) if row else None
    if counter is None:
        return False
    taken = session.execute(
        update(SecondFactor)
        .where(SecondFactor.agent_id == agent.id, SecondFactor.last_counter < counter)
        .values(last_counter=counter)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)  # type: ignore[attr-defined]


def _counters_of(row: SecondFactor, code: str) -> Iterator[int]:
    """Which moments this is the code of; each is compared in the same time."""
    totp, here = pyotp.TOTP(_secret(row)), int(now().timestamp()) // SECONDS
    return (here + step for step in STEPS if hmac.compare_digest(totp.generate_otp(here + step), code))


def _secret(row: SecondFactor) -> str:
    try:
        return vault.unseal(row.secret)
    except vault.Unreadable:
        log.error("second_factor_unreadable", agent=row.agent_id)
        return pyotp.random_base32()  # no code fits: an admin, or the command line, resets it


def _uses_up(agent: Agent, code: str) -> bool:
    used = session.execute(
        delete(BackupCode).where(BackupCode.agent_id == agent.id, BackupCode.code_hash == _keyed(agent, code))
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        return False
    audit.record("backup_code_used", agent, agent=agent.id)
    return True


def _keyed(agent: Agent, code: str) -> str:
    """What is kept of a backup code. Fifty bits could be guessed from a plain hash; this one has a key."""
    key = vault.derived(b"backup codes")
    return hmac.new(key, f"{agent.id}:{code}".encode(), hashlib.sha256).hexdigest()


# ------------------------------------------------------------------------------------ the second step


def owe(agent: Agent) -> str:
    """Their password was right: the token by which this browser, for a while, may give the code."""
    token = secrets.token_urlsafe(32)
    session.add(SecondStep(token_hash=digest(token), agent_id=agent.id, expires_at=now() + TIME_FOR_IT))
    session.flush()
    return token


def owing(token: str) -> Agent | None:
    """Who owes the code here, if there is still time and a try left."""
    query = select(Agent).join(SecondStep).where(*_holds(token), Agent.active)
    return session.scalar(query) if token else None


def count_try(token: str) -> bool:
    """One try less, kept whatever becomes of it: of a hundred at once, five are looked at."""
    with db.writing():
        counted = session.execute(update(SecondStep).where(*_holds(token)).values(tries=SecondStep.tries + 1))
    return bool(counted.rowcount == 1)  # type: ignore[attr-defined]


def refuse(token: str) -> int:
    """Write down that a code did not fit; how many tries are left, none where the time is over."""
    step = session.scalar(select(SecondStep).where(SecondStep.token_hash == digest(token)))
    if step is None or step.expires_at <= now():
        return 0
    audit.record("sign_in_failed", None, agent=step.agent_id)
    return max(0, TRIES - step.tries)


def pay(token: str, code: str) -> Agent | None:
    """Who is signed in by this code, once; after ``count_try``."""
    query = select(SecondStep).where(SecondStep.token_hash == digest(token), SecondStep.expires_at > now())
    step = session.scalar(query)
    if step is None or not step.agent.active or not is_right(step.agent, code):
        return None
    gone = session.execute(delete(SecondStep).where(SecondStep.agent_id == step.agent_id))
    return step.agent if gone.rowcount else None  # type: ignore[attr-defined]


def _holds(token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        SecondStep.token_hash == digest(token),
        SecondStep.expires_at > now(),
        SecondStep.tries < TRIES,
    )
