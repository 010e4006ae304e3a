"""Mail from the house to its own people: invitations, new passwords, digests, exports that are ready.

A memo is rendered when it is written, in its reader's language, and stored; then it is claimed, leased,
retried and swept like a reply, and leaves by the first account that has an outgoing server. Without one it
stands under Mail preview. Its links open doors: once it has left, or never will, nothing of it is kept but
that it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from babel.dates import format_date, format_datetime
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from inbox import channels, connections, downloads, outbox, quarantine, queue, vault
from inbox.channels import N_, Outbound, Person, SendError
from inbox.config import ROOT, settings
from inbox.db import now, reading, session, writing
from inbox.models import Account, Agent, Installation, Memo
from inbox.outbox import claims, outcome

log = structlog.get_logger("memos")

MOST, WITHIN = 20, timedelta(hours=1)
"""How many memos one address gets in how long: whoever asks for more only fills somebody's mailbox."""

LOOKED_AT = timedelta(days=7)
"""How long a memo that went to the preview can be read there."""

KEPT = timedelta(days=90)
"""How long is known that one was sent, and to whom."""

BELLS = 50
"""Of one sweep."""

TOO_MANY = N_("This address got too many mails of ours in the last hour.")
GONE = N_("They no longer work here.")
WITHDRAWN = N_("It was withdrawn before it left.")


def write(
    to: str,
    template: str,
    language: str,
    *,
    agent: Agent | None = None,
    unsubscribe: str = "",
    **facts: Any,
) -> Memo:
    """Render ``templates/mail/<template>`` for this address now, and send it once we have committed.

    ``template.txt`` begins with the subject in a line of its own. Beside ``facts``, both files know
    ``company``, ``house`` (our public address, to build links from), ``agent`` and ``language``; the filters
    ``day`` and ``moment`` write a date in the reader's language and time zone. One too many for an address
    fails at once instead.
    """
    subject, text, html = _rendered(template, language, agent, facts)
    memo = Memo(
        address=to.strip().lower(),
        agent_id=agent.id if agent else None,
        template=template,
        language=language,
        subject=subject[:255],
        text=text,
        html=html,
        unsubscribe=unsubscribe,
        not_before=now(),
    )
    if _has_enough(memo.address):
        _blank(memo, "failed", TOO_MANY)
    session.add(memo)
    session.flush()
    if memo.state == "queued":
        queue.later("outbox", send_now, memo.id)
    return memo


def can_send() -> bool:
    """Whether there is an outgoing server: else a link has to be shown to whoever asks, too."""
    return any(_leaves(account) for account in _accounts())


def withdraw(agent: Agent, template: str) -> None:
    """What of this kind waits for this agent must not leave any more: its link opens nothing now."""
    session.execute(
        update(Memo)
        .where(Memo.agent_id == agent.id, Memo.template == template, Memo.state == "queued")
        .values(state="failed", failure=WITHDRAWN, failure_detail="", text="", html="")
    )
    session.execute(
        update(Memo)
        .where(Memo.agent_id == agent.id, Memo.template == template, Memo.state == "sent")
        .values(text="", html="")
    )


def newest(template: str) -> dict[int, Memo]:
    """The last memo of this kind to each agent, by the agent's id."""
    last = select(func.max(Memo.id)).where(Memo.template == template).group_by(Memo.agent_id)
    found = session.scalars(select(Memo).where(Memo.id.in_(last), Memo.agent_id.is_not(None)))
    return {memo.agent_id: memo for memo in found if memo.agent_id}


def previews(limit: int = 100) -> Sequence[Memo]:
    """What would have left if an outgoing server were set and can still be read, newest first."""
    query = select(Memo).where(Memo.sent_via == "preview", Memo.text != "").order_by(Memo.id.desc())
    return session.scalars(query.limit(limit)).all()


def previewed(memo_id: int) -> Memo | None:
    """One of them; what it said is gone after a week."""
    return session.scalar(select(Memo).where(Memo.id == memo_id, Memo.sent_via == "preview", Memo.text != ""))


# ------------------------------------------------------------------------------------------ sending


@dataclass(frozen=True, slots=True)
class Claim:
    """That this sender has the memo in hand; the lease proves it when it is done."""

    memo: Memo
    account: Account | None
    """Empty: no outgoing server is set, and it goes to the preview."""
    lease: str


def send_now(memo_id: int) -> None:
    """Send this memo, if it is due and nobody else has it in hand."""
    claim = _claim(memo_id)
    if claim is None:
        return
    try:
        via = _send(claim)
    except SendError as problem:
        _not_sent(claim, problem)
    except vault.Unreadable:
        _not_sent(claim, SendError(outbox.SEALED_WITH_ANOTHER_KEY, permanent=True))
    except Exception as problem:
        log.exception("memo_failed", memo=memo_id)
        _not_sent(claim, SendError(outbox.SURPRISE, type(problem).__name__))
    else:
        _finish(claim, state="sent", sent_at=now(), sent_via=via, failure="", failure_detail="")


def sweep() -> int:
    """Ring for everything that may leave now, and take back what somebody had in hand and died."""
    with reading():
        if quarantine.is_held():
            return 0
        lost = session.scalars(select(Memo.id).where(_abandoned())).all()
        due = session.scalars(select(Memo.id).where(_due()).order_by(Memo.id).limit(BELLS)).all()
    if lost:
        back = {"state": "queued", "lease": None, "leased_until": None, "not_before": now()}
        with writing():
            session.execute(update(Memo).where(_abandoned()).values(**back))
    slot = str(int(now().timestamp() // 15))  # at most one more bell in 15 s: the first may be under way
    for memo_id in [*due, *lost]:
        queue.ring("outbox", send_now, memo_id, again=slot)
    return len(due) + len(lost)


def forget() -> None:
    """What was only ever shown in the preview has been looked at, or its links have ended; and who got mail
    long ago is nobody's business. A restored copy keeps what it was restored with.
    """
    with writing():
        if quarantine.is_held():
            return
        session.execute(delete(Memo).where(Memo.created_at < now() - KEPT))
        session.execute(
            update(Memo)
            .where(Memo.state == "sent", Memo.text != "", Memo.created_at < now() - LOOKED_AT)
            .values(text="", html="")
        )


def _claim(memo_id: int) -> Claim | None:
    with writing():
        if quarantine.is_held():
            return None
        memo = session.scalar(
            select(Memo).where(Memo.id == memo_id, _due()).with_for_update(skip_locked=True)
        )
        if memo is None:
            return None
        if memo.agent_id and not session.get_one(Agent, memo.agent_id).active:
            _blank(memo, "failed", GONE)
            return None
        leaving = [account for account in _accounts() if _leaves(account)]
        account = next((one for one in leaving if not connections.pause_of(one.id)), None)
        if leaving and account is None:
            memo.not_before = now() + timedelta(seconds=15)
            return None
        memo.state, memo.lease, memo.attempts = "sending", secrets.token_hex(16), memo.attempts + 1
        memo.leased_until = now() + timedelta(seconds=settings().outbox.lease_seconds)
        return Claim(memo, account, memo.lease)


def _due() -> ColumnElement[bool]:
    """And what is said to wait for longer than any pause of ours: a clock that was ahead wrote it."""
    early = Memo.not_before > claims.after_pause(Memo.attempts, 1 + claims.SPREAD, claims.SLACK)
    return and_(Memo.state == "queued", or_(Memo.not_before <= now(), early))


def _abandoned() -> ColumnElement[bool]:
    """Its lease is over, or so far off that a wrong clock wrote it."""
    over = now() + 2 * timedelta(seconds=settings().outbox.lease_seconds)
    return and_(Memo.state == "sending", or_(Memo.leased_until < now(), Memo.leased_until > over))


def _send(claim: Claim) -> str:
    """By which way it left."""
    if claim.memo.attempts > settings().outbox.attempts:  # its sender died every time
        raise SendError(outbox.SURPRISE, "unconfirmed", permanent=True)
    if claim.account is None:
        return "preview"
    config = outbox.ready_to_send(claim.account)
    return channels.of(claim.account.kind).send(config, _outbound(claim.memo, claim.account)).via


def _outbound(memo: Memo, account: Account) -> Outbound:
    domain = account.address.rpartition("@")[2] or "localhost"
    return Outbound(
        key=f"<memo.{memo.key}@{domain}>",
        sender=Person(account.address, account.name),
        to=(Person(memo.address),),
        subject=memo.subject,
        text=memo.text,
        html=memo.html,
        thread=0,
        written_at=memo.created_at,
        automated="memo",
        language=memo.language,
        unsubscribe=memo.unsubscribe,
    )


def _not_sent(claim: Claim, problem: SendError) -> None:
    """It waits, is tried again, or has failed; a pause of the account is no attempt of its own."""
    why = {"failure": problem.reason[:255], "failure_detail": problem.detail[:255]}
    if problem.pause is not None and claim.account:
        outcome.paused(claim.account.id, problem)
        _finish(claim, state="queued", attempts=claim.memo.attempts - 1, **why)
    elif not problem.permanent and claim.memo.attempts < settings().outbox.attempts:
        _finish(claim, state="queued", not_before=outcome.again_at(claim.memo.attempts), **why)
    else:
        _finish(claim, state="failed", **why)


def _finish(claim: Claim, **values: Any) -> None:
    """Write down the outcome, unless our lease ran out. What has left through a server is forgotten."""
    if values["state"] == "failed" or values.get("sent_via") not in (None, "preview"):
        values |= {"text": "", "html": ""}
    holds = Memo.lease == claim.lease
    with writing():
        # that it has left is true whoever has it in hand by now
        mine = or_(holds, Memo.state != "sent") if values["state"] == "sent" else holds
        changed = session.execute(
            update(Memo).where(Memo.id == claim.memo.id, mine).values(lease=None, leased_until=None, **values)
        )
        if changed.rowcount == 1 and claim.account and values["state"] == "sent":  # type: ignore[attr-defined]
            connections.ok(claim.account.id, "out")
            connections.seen(claim.account.id, "out")
    log.info("memo", memo=claim.memo.id, template=claim.memo.template, state=values["state"])


def _blank(memo: Memo, state: str, failure: str) -> None:
    memo.state, memo.failure, memo.text, memo.html = state, failure, "", ""


def _has_enough(address: str) -> bool:
    recent = select(func.count()).where(
        Memo.address == address, Memo.created_at > now() - WITHIN, Memo.failure != TOO_MANY
    )
    return (session.scalar(recent) or 0) >= MOST


def _accounts() -> Sequence[Account]:
    return session.scalars(select(Account).where(Account.active).order_by(Account.id)).all()


def _leaves(account: Account) -> bool:
    return bool(account.settings.get("smtp_host"))


# ---------------------------------------------------------------------------------------- rendering


@cache
def _templates(language: str) -> Environment:
    """Those in one language: what it compiles says it in that one."""
    made: Any = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(["html"]),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,  # a link that is missing must not leave as nothing
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(day=_day, moment=_moment)
    translations = Translations.load(str(ROOT / "translations"), [language.replace("-", "_")])
    made.install_gettext_translations(translations, newstyle=True)
    return made


def _rendered(
    template: str, language: str, agent: Agent | None, facts: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    ours = Installation.current()
    known = {
        "company": ours.company or "Prosa",
        "house": downloads.public_url(),
        "language": language,
        "agent": agent,
        "zone": ZoneInfo(agent.zone if agent else ours.zone),
        **facts,
    }
    env = _templates(language)
    subject, _, text = env.get_template(f"mail/{template}.txt").render(known).lstrip().partition("\n")
    html = env.get_template(f"mail/{template}.html").render(known | {"subject": subject.strip()})
    return " ".join(subject.split()), text.strip() + "\n", html


@pass_context
def _day(context: Context, at: datetime) -> str:
    """Friday, 2 October"""
    local = at.astimezone(context["zone"])
    pattern = "EEEE, d 'de' MMMM" if _portuguese(context) else "EEEE, d MMMM"
    return format_date(local, pattern, locale=_figures(context))


@pass_context
def _moment(context: Context, at: datetime) -> str:
    """2 October, 10:41"""
    pattern = "d 'de' MMMM, HH:mm" if _portuguese(context) else "d MMMM, HH:mm"
    return format_datetime(at, pattern, tzinfo=context["zone"], locale=_figures(context))


def _portuguese(context: Context) -> bool:
    return str(context["language"]).startswith("pt")


def _figures(context: Context) -> str:
    return "pt_BR" if _portuguese(context) else "en_GB"
