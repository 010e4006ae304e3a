"""What comes in: kept first, then read, then taken in by ``tickets.receive``.

Nobody is told "received" before the bytes and the row that names them survive a power cut.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import getaddresses
from functools import partial
from itertools import takewhile
from typing import cast

import structlog
from sqlalchemy import ColumnElement, Table, bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from inbox import channels, files, floods, live, outbox, queue, rows, tickets, vault
from inbox.channels import Inbound, ParseError, Received
from inbox.customers import normal
from inbox.db import dialect, now, plain, reading, session, writing
from inbox.intake import claims
from inbox.intake.claims import LEASE, MOST_ATTEMPTS, Claimed
from inbox.mail.tokens import Signer
from inbox.models import Account, AccountAddress, Payload
from inbox.spam import filters

log = structlog.get_logger("intake")

_PAYLOAD = cast(Table, Payload.__table__)

_HEADER = re.compile(rb"^(?:delivered-to|x-original-to|to|cc):[ \t]*(.*)$", re.IGNORECASE)


class NobodyHere(Exception):
    """No connected mailbox receives for these addresses."""


# ------------------------------------------------------------------------------------------- accept


def accept(
    account_ids: Iterable[int],
    body: bytes,
    recipients: Iterable[str] = (),
    *,
    source: str | None = None,
    imported: bool = False,
) -> list[int]:
    """Keep what a provider handed over; when this returns it is safe, and the ids of its payloads.

    Raises OSError or a database error if it is not: then the sender must be told to keep it.
    """
    sha256 = files.put(body)
    with writing():
        return keep(account_ids, body, sha256, recipients, source=source, imported=imported)


def keep(
    account_ids: Iterable[int],
    body: bytes,
    sha256: str,
    recipients: Iterable[str] = (),
    *,
    source: str | None = None,
    imported: bool = False,
    reason: str = "",
    detail: str = "",
) -> list[int]:
    """The rows for a body that is in the file store, in the caller's transaction; the ids of new payloads.

    A place (``source``) that was taken in already is skipped, unless only a part could be fetched then. With
    a reason it is kept for a person to look at, not read. What is imported is read by whoever imports it.
    One too many of its sender is held.
    """
    kept = []
    for account_id in account_ids:
        payload = _known(account_id, source, sha256, len(body)) if source else None
        if payload is None:
            payload = Payload(
                account_id=account_id, source=source, recipients=list(recipients), imported=imported
            )
        elif reason or not (payload.unfetched and payload.state == "failed"):
            continue
        payload.imported = payload.imported and imported  # whoever completes it: what was new stays new
        payload.sha256, payload.size = sha256, len(body)
        payload.state, payload.unfetched = ("failed", True) if reason else ("new", False)
        payload.reason, payload.reason_detail = reason[:255], detail[:255]
        if payload.state == "new" and not payload.imported:
            _weigh(payload, body)
        kept.append(payload)
    rows.write(*(payload for payload in kept if payload.id is None))
    session.flush()
    for payload in kept:
        if payload.state == "new" and not payload.imported:
            queue.later("intake", read_now, payload.id)
    if any(payload.state == "failed" for payload in kept):
        live.attention()
    return [payload.id for payload in kept]


def _weigh(payload: Payload, body: bytes) -> None:
    account_id = payload.account_id
    try:
        sender = floods.key_of(body, lambda: session.get_one(Account, account_id))
    except Exception:  # whatever its headers do to us, it is kept
        log.exception("sender_not_seen", account=account_id)
        sender = "?"
    floods.weigh(payload, sender)


def _known(account_id: int, source: str, sha256: str, size: int) -> Payload | None:
    """What was fetched from this place, or the same bytes from wherever: a server may renumber its mail."""
    fetched = select(Payload).where(Payload.account_id == account_id, Payload.source.is_not(None))
    if at_this_place := session.scalar(fetched.where(Payload.source == source)):
        return at_this_place
    if not size:
        return None
    return session.scalar(fetched.where(Payload.sha256 == sha256).order_by(Payload.id).limit(1))


def accept_mail(raw: bytes, recipients: Iterable[str] = ()) -> list[int]:
    """Keep one mail for the mailboxes its envelope names; without an envelope, those its headers name.

    Raises NobodyHere if an envelope names none of ours.
    """
    named = [*recipients]
    accounts = mailboxes(named or _addressed(raw))
    if not accounts and not named:
        accounts = _first_mailbox()
    if not accounts:
        raise NobodyHere(", ".join(named) or "no mailbox is connected yet: finish the set-up first")
    return accept(accounts, raw, named)


def mailboxes(addresses: Iterable[str]) -> list[int]:
    """The accounts that receive for these addresses, signed reply addresses included."""
    signer = Signer(vault.signing_key())
    plain = set()
    for address in addresses:
        signed = signer.thread_of_address(address)
        plain.add(normal("mail", signed[0] if signed else address))
    with reading():
        found = session.scalars(
            select(Account.id)
            .join(AccountAddress)
            .where(AccountAddress.address.in_(plain), Account.active)
            .distinct()
            .order_by(Account.id)
        )
        return list(found)


def _first_mailbox() -> list[int]:
    with reading():
        first = session.scalar(
            select(Account.id).where(Account.kind == "mail", Account.active).order_by(Account.id).limit(1)
        )
    return [first] if first else []


def _addressed(raw: bytes) -> list[str]:
    """Addresses in the headers, found without trusting them to be well formed."""
    head = raw[:65536].replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
    unfolded = re.sub(rb"\n[ \t]+", b" ", head)
    lines = [match[1] for line in unfolded.split(b"\n") if (match := _HEADER.match(line))]
    return [address for _name, address in getaddresses([line[:4096].decode("latin-1") for line in lines])]


# --------------------------------------------------------------------------------------------- read


def read_now(payload_id: int, *, alone: bool = False) -> None:
    """Read one payload and take in its messages, unless somebody else has it in hand.

    Those right behind it that wait as well follow at once, unless it shall be read ``alone``.
    """
    claimed = claims.claim(payload_id, 1 if alone else claims.TOGETHER)
    for worn in (one for one in claimed if one.attempts > MOST_ATTEMPTS):
        _fail(worn, "Reading it brought the worker down several times.")
    match [one for one in claimed if one.attempts <= MOST_ATTEMPTS]:
        case []:
            return
        case [only]:
            _finish(only, partial(_read, only))
        case several:
            _read_ahead(several)


def _read_ahead(claimed: Sequence[Claimed]) -> None:
    """In their order; while some are taken in, the next are read by the child and their files are kept."""
    until = time.monotonic() + claims.AHEAD.total_seconds() / 2
    beside = ThreadPoolExecutor(1)
    try:
        coming = deque((one, beside.submit(_read, one)) for one in claimed)
        while coming and time.monotonic() < until:
            wait([coming[0][1]])
            _finish_all([coming.popleft() for _ in takewhile(lambda one: one[1].done(), list(coming))])
    finally:
        beside.shutdown(cancel_futures=True)
    if coming:
        claims.give_back([one for one, _read in coming])


def _finish_all(ready: Sequence[tuple[Claimed, Future[list[Inbound]]]]) -> None:
    """What has been read, in one transaction where that keeps nobody waiting; each by itself if that fails.

    SQLite has one writer and a commit that waits for the disk. With several writers, two that count tickets
    of several teams in different orders would wait for each other.
    """
    if len(ready) > 1 and dialect() == "sqlite" and not any(read.exception() for _one, read in ready):
        try:
            with writing():
                for one, read in ready:
                    _receive(one.payload, one.payload_id, read.result())
        except Exception as problem:
            log.warning("not_taken_in_together", problem=type(problem).__name__)
        else:
            return
    for one, read in ready:
        _finish(one, read.result)


def _read(claimed: Claimed) -> list[Inbound]:
    """What it says, its files on the disk: before the transaction, because others wait while that is open."""
    inbounds = _parse(claimed)
    for media in (media for inbound in inbounds for media in inbound.files):
        files.put(media.content)
    return inbounds


def _finish(claimed: Claimed, read: Callable[[], list[Inbound]]) -> None:
    payload_id, attempts = claimed.payload_id, claimed.attempts
    try:
        _take_in(claimed, read())
    except ParseError as problem:
        _fail(claimed, str(problem))
    except files.Missing:
        _fail(claimed, "Its bytes are missing or damaged in the file store.")
    except Exception as problem:
        log.exception("intake_failed", payload=payload_id)
        if attempts >= MOST_ATTEMPTS or not _is_passing(problem):
            _fail(
                claimed,
                "Something unexpected went wrong while reading it: %(detail)s",
                type(problem).__name__,
            )


def retry(payload: Payload) -> None:
    """Read it again, from the beginning. Commits are the caller's."""
    if payload.state in ("failed", "ignored"):
        payload.state, payload.reason, payload.attempts, payload.leased_until = "new", "", 0, None
        queue.later("intake", read_now, payload.id)
        live.attention()


def sweep() -> int:
    """Ring for everything that was kept and not read: its bell was lost, or its reader died.

    What was held and somebody wants to have follows a batch at a time.
    """
    _release()
    moment = now()
    with reading():
        waiting = session.scalars(
            select(Payload.id)
            .where(Payload.state == "new")
            .where(_is_free(moment))
            .where(_is_older(timedelta(seconds=2), moment))
            .where(or_(Payload.imported.is_(False), _is_older(LEASE, moment)))
            .order_by(Payload.id)
            .limit(queue.room("intake"))
        ).all()
    slot = str(int(moment.timestamp() // 15))
    for payload_id in waiting:
        queue.ring("intake", read_now, payload_id, again=slot)
    return len(waiting)


def _is_free(moment: datetime) -> ColumnElement[bool]:
    """Nobody has it in hand: its lease is over, or so far off that a wrong clock wrote it."""
    until = Payload.leased_until
    return or_(until < moment, until.is_(None), until > moment + 2 * LEASE)


def _is_older(age: timedelta, moment: datetime) -> ColumnElement[bool]:
    """What a clock that went back left in the future is no younger for that."""
    return or_(Payload.created_at < moment - age, Payload.created_at > moment + LEASE)


def _release() -> None:
    with reading():
        waits = session.scalar(select(Payload.id).where(Payload.state == "held", Payload.released).limit(1))
    if waits:
        with writing():
            for payload_id in floods.next_released():
                queue.later("intake", read_now, payload_id)


def _parse(claimed: Claimed) -> list[Inbound]:
    account = claimed.account
    received = Received(files.get(claimed.sha256), claimed.recipients)
    inbounds = channels.of(account.kind).parse(outbox.config_of(account, online=False), received)
    if account.kind != "mail" or claimed.imported:
        return inbounds
    return [_filtered(inbound, received) for inbound in inbounds]


def _filtered(inbound: Inbound, received: Received) -> Inbound:
    """With the word of the house's spam filter, where nobody spoke yet. Asked outside any transaction."""
    if inbound.spam or inbound.bounce or inbound.loop:
        return inbound
    return replace(inbound, spam=filters.asked(received.body, inbound.sender.address, received.recipients))


def _take_in(claimed: Claimed, inbounds: list[Inbound]) -> None:
    """In one transaction; twice if another worker had the same customer or message in hand."""
    try:
        with writing():
            _receive(claimed.payload, claimed.payload_id, inbounds)
    except IntegrityError:
        with writing():
            _receive(claimed.payload, claimed.payload_id, inbounds)


def _receive(payload: Payload, payload_id: int, inbounds: list[Inbound]) -> None:
    if not plain(_PARSED, {"payload": payload_id}):
        return  # our lease ran out, and another worker was faster
    session.add(payload)
    reasons = [tickets.take_in(payload.account, inbound, payload) for inbound in inbounds]
    if reasons and all(reasons):
        payload.state, payload.reason = "ignored", reasons[0]


_PARSED = (
    update(_PAYLOAD)
    .where(_PAYLOAD.c.id == bindparam("payload"), _PAYLOAD.c.state == "new")
    .values(state="parsed", reason="", leased_until=None)
    .returning(_PAYLOAD.c.id)
)


def _fail(claimed: Claimed, reason: str, detail: str = "") -> None:
    """Unless our lease ran out and another has it in hand: they may be able to read it."""
    with writing():
        session.execute(
            update(Payload)
            .where(Payload.id == claimed.payload_id, Payload.state == "new")
            .where(Payload.leased_until == claimed.until)
            .values(state="failed", reason=reason[:255], reason_detail=detail[:255], leased_until=None)
        )
        live.attention()
    log.warning("payload_failed", payload=claimed.payload_id, reason=reason[:255])


def _is_passing(problem: Exception) -> bool:
    """A busy database or a full disk may be better in a minute; the lease runs out and the sweep rings."""
    return isinstance(problem, OperationalError | OSError)
