"""Telling browsers: which want to be, what is on its way to them, and sending it.

An address of a push service is somebody's input. Only https, only hosts that are known to be push services
(`notices.push_hosts`), and only through the guarded way out (`inbox.fetch`), which never enters a network.
What leaves says a kind and a ticket's number; a push service cannot read even that.

A slow service holds up nobody: pushes have a queue and a worker of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from inbox import access, fetch, presence, quarantine, signin, vault
from inbox import queue as bells
from inbox.config import settings
from inbox.db import now, reading, session, writing
from inbox.downloads import public_url
from inbox.fetch import Response
from inbox.models import Account, Agent, Notice, Push, SignIn, Subscription
from inbox.notices import choices, webpush, words
from inbox.notices.bell import bell

log = structlog.get_logger("push")

MOST = 20
"""Browsers of one person; a further one takes the place of the oldest."""

LONGEST = 2048
"""Characters of an address."""

SECONDS = 10.0
LEASE = timedelta(seconds=60)
SLACK = timedelta(minutes=1)
ATTEMPTS = 6
TOO_LATE = timedelta(hours=12)
LONGEST_PAUSE = 3600
BELLS = 50

URGENT = ("mention", "assigned", "handed_over", "failed", "stopped")
"""What may wake a telephone that saves its battery (RFC 8030, 5.3)."""


class Refused(ValueError):
    """``address`` is no push service's that we know, or ``keys`` are none."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# ------------------------------------------------------------------------------------------ browsers


def subscribe(sign_in: SignIn, endpoint: str, p256dh: str, auth: str) -> Subscription:
    """This browser wants to be told, as long as it is signed in. Raises Refused. Twice is once; an address
    that was another person's is theirs no more."""
    if not is_known(endpoint):
        raise Refused("address")
    try:
        webpush.check(p256dh, auth)
    except webpush.BadKeys:
        raise Refused("keys") from None
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    session.execute(
        delete(Subscription).where(
            or_(Subscription.endpoint_hash == digest, Subscription.sign_in_id == sign_in.id)
        )
    )
    made = Subscription(
        agent_id=sign_in.agent_id,
        sign_in_id=sign_in.id,
        endpoint=endpoint,
        endpoint_hash=digest,
        p256dh=p256dh,
        auth=auth,
        browser=sign_in.browser,
    )
    session.add(made)
    session.flush()
    for oldest in of_agent_id(made.agent_id)[MOST:]:
        session.delete(oldest)
    return made


def is_known(endpoint: str) -> bool:
    """Whether this is an address of a push service that the settings name."""
    if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable():
        return False
    try:
        parts = urlsplit(endpoint)
        port = parts.port or 443
    except ValueError:
        return False
    if parts.scheme != "https" or "@" in parts.netloc or "\\" in endpoint:
        return False
    return any(_fits(parts.hostname or "", port, pattern) for pattern in _hosts())


def _hosts() -> list[str]:
    return settings().notices.push_hosts.replace(",", " ").lower().split()


def _fits(host: str, port: int, pattern: str) -> bool:
    """``*.x.example`` is any name below it; another port than https's own has to be named."""
    name, _, named = pattern.partition(":")
    if port != int(named or 443):
        return False
    return host.endswith(name[1:]) and host != name[2:] if name.startswith("*.") else host == name


def of(agent: Agent) -> Sequence[Subscription]:
    """Their browsers that are told, the newest first."""
    return of_agent_id(agent.id)


def may_hear(agent_ids: Collection[int]) -> set[int]:
    """Which of these people have a browser that is told."""
    which = Subscription.agent_id.in_(agent_ids)
    return set(session.scalars(select(Subscription.agent_id).where(which).distinct()))


def of_agent_id(agent_id: int) -> Sequence[Subscription]:
    which = Subscription.agent_id == agent_id
    return session.scalars(select(Subscription).where(which).order_by(Subscription.id.desc())).all()


def one(agent: Agent, subscription_id: int) -> Subscription | None:
    found = session.get(Subscription, subscription_id)
    return found if found and found.agent_id == agent.id else None


def end(subscription: Subscription) -> None:
    session.execute(delete(Subscription).where(Subscription.id == subscription.id))


# ------------------------------------------------------------------------------------------- queueing


def queue(notice: Notice) -> None:
    """Let every browser of this person know, once we have committed. What waits there still says it all."""
    waiting = {row.subscription_id: row for row in _waiting(notice)}
    for subscription in of_agent_id(notice.agent_id):
        push = waiting.get(subscription.id)
        if push is None:
            push = Push(subscription_id=subscription.id, notice_id=notice.id)
            session.add(push)
        else:  # whoever has it in hand sends what was: this is sent after it
            push.state, push.lease, push.leased_until = "queued", None, None
            push.attempts, push.not_before = 0, now()
        session.flush()
        bells.later("push", send_now, push.id)


def _waiting(notice: Notice) -> Sequence[Push]:
    return session.scalars(select(Push).where(Push.notice_id == notice.id)).all()


def test(subscription: Subscription) -> None:
    """Show this browser what it looks like."""
    push = Push(subscription_id=subscription.id, notice_id=None)
    session.add(push)
    session.flush()
    bells.later("push", send_now, push.id)


def sweep() -> int:
    """Ring for what may leave now, and take back what somebody had in hand and died."""
    with reading():
        if quarantine.is_held():
            return 0
        lost = session.scalars(select(Push.id).where(_abandoned()).limit(BELLS)).all()
        due = session.scalars(select(Push.id).where(_due()).order_by(Push.id).limit(BELLS)).all()
    if lost:
        with writing():
            back = {"state": "queued", "lease": None, "leased_until": None, "not_before": now()}
            session.execute(update(Push).where(Push.id.in_(lost), _abandoned()).values(**back))
    slot = str(int(now().timestamp() // 15))
    for push_id in [*due, *lost]:
        bells.ring("push", send_now, push_id, again=slot)
    return len(due) + len(lost)


def _due() -> ColumnElement[bool]:
    """And what was never tried and is said to begin in the future: a clock that was ahead wrote it."""
    early = and_(Push.attempts == 0, Push.not_before > now() + SLACK)
    return and_(Push.state == "queued", or_(Push.not_before <= now(), early))


def _abandoned() -> ColumnElement[bool]:
    """Its lease is over, or so far off that a wrong clock wrote it."""
    return and_(
        Push.state == "sending", or_(Push.leased_until < now(), Push.leased_until > now() + 2 * LEASE)
    )


# -------------------------------------------------------------------------------------------- sending


@dataclass(frozen=True, slots=True)
class Claim:
    """That this sender has it in hand, and all it needs: nothing is asked while the service is waited for."""

    push_id: int
    subscription_id: int
    notice_id: int | None
    lease: str
    attempts: int
    endpoint: str
    body: bytes
    headers: dict[str, str]


def send_now(push_id: int) -> None:
    """Send this one, if it is due, still news, and nobody else has it in hand."""
    claim = _claim(push_id)
    if claim is None:
        return
    try:
        answer = fetch.post_bytes(claim.endpoint, claim.body, claim.headers, limit=16_000, timeout=SECONDS)
    except fetch.Refused:
        _forget(claim.subscription_id, "refused")
    except fetch.Failed:
        _again(claim, "")
    else:
        _answered(claim, answer)


def _answered(claim: Claim, answer: Response) -> None:
    """What the service's answer means (RFC 8030, 5; RFC 8292, 4.2)."""
    if 200 <= answer.status < 300:
        _arrived(claim)
    elif answer.status in (401, 403, 404, 410):  # gone, or made for another key of ours
        _forget(claim.subscription_id, str(answer.status))
    elif answer.status == 429 or answer.status >= 500:
        _again(claim, answer.retry_after)
    else:
        log.warning("push_refused", push=claim.push_id, status=answer.status)
        _drop(claim)


def _claim(push_id: int) -> Claim | None:
    with writing():
        query = select(Push).where(Push.id == push_id, _due()).with_for_update(skip_locked=True)
        push = session.scalar(query)
        if push is None or quarantine.is_held():
            return None
        if not _is_wanted(push):
            session.delete(push)
            return None
        push.state, push.lease, push.attempts = "sending", secrets.token_hex(16), push.attempts + 1
        push.leased_until = now() + LEASE
        return _parcel(push)


def _is_wanted(push: Push) -> bool:
    """Asked at the last moment: whether it is news to somebody who works here, may see it, and is not busy
    with it or at rest."""
    agent, notice = push.subscription.agent, push.notice
    if not agent.active or not signin.still_valid({push.subscription.sign_in_id}):
        return False
    if push.created_at < now() - TOO_LATE:
        return False
    if notice is None:
        return True
    if notice.read_at or not access.ticket(agent, notice.ticket_id):
        return False
    if (notice.ticket_id, agent.id) in presence.looking():
        return False
    return not choices.is_quiet(agent, choices.of(agent), now())


def _parcel(push: Push) -> Claim:
    subscription = push.subscription
    said = json.dumps(payload(push), separators=(",", ":"), ensure_ascii=False).encode()
    return Claim(
        push.id,
        subscription.id,
        push.notice_id,
        push.lease or "",
        push.attempts,
        subscription.endpoint,
        webpush.encrypt(said, subscription.p256dh, subscription.auth),
        _headers(push),
    )


def payload(push: Push) -> dict[str, object]:
    """What the browser is told: a kind, a number, and where it leads."""
    agent, notice = push.subscription.agent, push.notice
    if notice is None:
        title, body = words.trial(agent.language)
        return {"title": title, "body": body, "tag": "test", "url": "/settings/notices"}
    place = f"#message-{notice.message_id}" if notice.message_id else ""
    return {
        "title": words.news(notice.kind, notice.count, agent.language),
        "body": f"#{notice.ticket_id}",
        "tag": f"{notice.kind}-{notice.ticket_id}",
        "url": f"/tickets/{notice.ticket_id}{place}",
        "unread": bell(agent).unread,
    }


def _headers(push: Push) -> dict[str, str]:
    subscription, notice = push.subscription, push.notice
    return {
        "Authorization": webpush.authorization(subscription.endpoint, _subject()),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(TOO_LATE.total_seconds())),
        "Topic": _topic(push),
        "Urgency": "high" if notice is None or notice.kind in URGENT else "normal",
    }


def _topic(push: Push) -> str:
    """What replaces what at the service (RFC 8030, 5.4); it cannot tell which ticket that is."""
    about = f"{push.notice.kind} {push.notice.ticket_id}" if push.notice else "test"
    said = f"{push.subscription_id} {about}".encode()
    return webpush.encode(hmac.digest(vault.derived(b"push topics"), said, hashlib.sha256))[:32]


def _subject() -> str:
    """Where the service's people can reach ours (RFC 8292, 2.1)."""
    ours = public_url()
    if ours.startswith("https:"):
        return ours
    address = session.scalar(select(Account.address).where(Account.active).order_by(Account.id).limit(1))
    return f"mailto:{address or 'postmaster@localhost'}"


# -------------------------------------------------------------------------------------------- outcome


def _arrived(claim: Claim) -> None:
    with writing():
        session.execute(delete(Push).where(Push.id == claim.push_id, Push.lease == claim.lease))
        if claim.notice_id:
            session.execute(update(Notice).where(Notice.id == claim.notice_id).values(pushed_at=now()))
        which = Subscription.id == claim.subscription_id
        session.execute(update(Subscription).where(which).values(told_at=now()))


def _forget(subscription_id: int, why: str) -> None:
    """That browser is told nothing more."""
    log.info("subscription_ended", subscription=subscription_id, why=why)
    with writing():
        session.execute(delete(Subscription).where(Subscription.id == subscription_id))


def _again(claim: Claim, retry_after: str) -> None:
    """Later, in growing pauses or when the service says; given up when it is no news any more."""
    if claim.attempts >= ATTEMPTS:
        _drop(claim)
        return
    asked = int(retry_after) if retry_after.isascii() and retry_after.isdigit() else 0
    pause = min(max(15 * 2 ** (claim.attempts - 1), asked), LONGEST_PAUSE)
    with writing():
        session.execute(
            update(Push)
            .where(Push.id == claim.push_id, Push.lease == claim.lease)
            .values(
                state="queued", lease=None, leased_until=None, not_before=now() + timedelta(seconds=pause)
            )
        )


def _drop(claim: Claim) -> None:
    with writing():
        session.execute(delete(Push).where(Push.id == claim.push_id, Push.lease == claim.lease))
