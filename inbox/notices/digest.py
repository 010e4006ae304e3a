"""The digest: one mail of what somebody has not seen anywhere, each hour or each day at their hour.

It names kinds and ticket numbers: no subject, no customer and no word that anybody wrote. A row for each
person and period is made in the transaction that writes the mail, so there is one, whatever dies and however
many timetables run.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import structlog
from sqlalchemy import or_, select, update

from inbox import access, memos, quarantine, vault
from inbox.db import alone, now, reading, session, writing
from inbox.downloads import public_url
from inbox.models import Agent, Digest, Notice, NoticeChoice
from inbox.notices import choices, words
from inbox.notices.choices import Choice

log = structlog.get_logger("digest")

MOST = 50
"""Lines of one mail; how many more there are is said below them."""

LATE = timedelta(hours=12)
"""A day's digest that could not be written until then is not written any more."""


@dataclass(frozen=True, slots=True)
class Line:
    ticket: int
    said: str
    url: str


def sweep() -> int:
    """Write every digest whose moment has come, each in a transaction of its own. How many left."""
    with reading():
        if quarantine.is_held():
            return 0
        wanting = (Agent.active, NoticeChoice.digest != "off")
        query = select(Agent.id).join(NoticeChoice, NoticeChoice.agent_id == Agent.id).where(*wanting)
        people = session.scalars(query.order_by(Agent.id)).all()
    return sum(write(agent_id) for agent_id in people)


def write(agent_id: int) -> bool:
    """This person's, if it is due and nobody has written it. Whether there was anything to say."""
    with reading():
        agent = session.get_one(Agent, agent_id)
        period = due(agent, choices.of(agent), now())
        if period is None or _exists(agent_id, period):
            return False
    with writing():
        return _write(agent_id, period)


def due(agent: Agent, choice: Choice, at: datetime) -> str | None:
    """The period whose digest may be written now: an hour that is over, or the day whose hour has come."""
    if choice.digest == "hourly" and not choices.is_quiet(agent, choice, at):
        return at.astimezone(UTC).strftime("%Y-%m-%dT%HZ")
    if choice.digest == "daily":
        zone = choices.zone_of(agent)
        today = at.astimezone(zone).date()
        moment = datetime.combine(today, time(choice.digest_hour), zone).astimezone(UTC)
        if moment <= at < moment + LATE:
            return today.isoformat()
    return None


def _write(agent_id: int, period: str) -> bool:
    alone(f"digest {agent_id}")
    agent = session.get(Agent, agent_id)
    if agent is None or not agent.active or _exists(agent_id, period):
        return False
    found = unseen(agent)
    session.add(Digest(agent_id=agent_id, period=period, notices=len(found)))
    if found:
        _mail(agent, found)
        read = Notice.id.in_([notice.id for notice in found])
        session.execute(update(Notice).where(read).values(digest_at=now()))
    return bool(found)


def _exists(agent_id: int, period: str) -> bool:
    return session.get(Digest, {"agent_id": agent_id, "period": period}) is not None


def unseen(agent: Agent) -> Sequence[Notice]:
    """What belongs in a digest: not read, not pushed, not in an earlier one, and theirs to see now."""
    query = (
        select(Notice)
        .join(Notice.ticket)
        .where(
            Notice.agent_id == agent.id,
            Notice.mailed,
            Notice.read_at.is_(None),
            Notice.pushed_at.is_(None),
            or_(Notice.digest_at.is_(None), Notice.digest_at < Notice.at),
            access.visible_to(agent),
        )
        .order_by(Notice.at.desc(), Notice.id.desc())
        .limit(1_000)
    )
    return session.scalars(query).all()


def _mail(agent: Agent, found: Sequence[Notice]) -> None:
    stop = f"{public_url()}/digests/{token(agent)}"
    lines = [_line(notice, agent.language) for notice in found[:MOST]]
    memos.write(
        agent.email,
        "digest",
        agent.language,
        agent=agent,
        unsubscribe=stop,
        lines=lines,
        count=len(found),
        more=len(found) - len(lines),
        stop=stop,
    )


def _line(notice: Notice, language: str) -> Line:
    place = f"#message-{notice.message_id}" if notice.message_id else ""
    url = f"{public_url()}/tickets/{notice.ticket_id}{place}"
    return Line(notice.ticket_id, words.news(notice.kind, notice.count, language), url)


# --------------------------------------------------------------------------------------- stopping it


def token(agent: Agent) -> str:
    """What stops this person's digest without signing in, and does nothing else (RFC 8058)."""
    return f"{agent.id:x}-{_seal(agent.id)}"


def whose(given: str) -> Agent | None:
    """Who is meant by a token of ours."""
    number, _, seal = given.partition("-")
    if not number.isascii() or not number.isalnum() or len(number) > 8 or len(seal) > 64:
        return None
    try:
        agent_id = int(number, 16)
    except ValueError:
        return None
    if not hmac.compare_digest(_seal(agent_id).encode(), seal.encode()) or agent_id >= 2**31:
        return None
    return session.scalar(select(Agent).where(Agent.id == agent_id, Agent.active))


def _seal(agent_id: int) -> str:
    mac = hmac.digest(vault.derived(b"digests"), f"{agent_id}".encode(), hashlib.sha256)[:16]
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
