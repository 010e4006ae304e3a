"""Trying a mailbox's settings out while somebody waits: both ways at once, for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from inbox.channels import N_, Check
from inbox.channels.email import imap, pop3, providers, refusals, smtp

SECONDS = 45.0
"""For both together: a browser and its proxies wait for a minute."""

LATE = N_("There was no answer within %(detail)s seconds.")
SURPRISE = N_("Something unexpected went wrong: %(detail)s")

INCOMING: Mapping[str, Callable[[Mapping[str, Any]], Sequence[Check]]] = {
    "imap": imap.check,
    "pop3": pop3.check,
}


def check(settings: Mapping[str, Any], seconds: float = SECONDS) -> dict[str, Sequence[Check]]:
    """What was found, step by step, for each way that is set up."""
    ways = {}
    if incoming := INCOMING.get(str(settings.get("incoming"))):
        ways["in"] = incoming
    if settings.get("smtp_host"):
        ways["out"] = smtp.check
    pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="trial")
    try:
        asked = {way: pool.submit(run, settings) for way, run in ways.items()}
        deadline = time.monotonic() + seconds
        return {way: _outcome(future, deadline, seconds) for way, future in asked.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(asked: Future[Sequence[Check]], deadline: float, seconds: float) -> Sequence[Check]:
    wait([asked], max(0.0, deadline - time.monotonic()))
    if not asked.done():
        return (Check(LATE, False, f"{seconds:.0f}"),)
    if problem := asked.exception():
        return (Check(SURPRISE, False, type(problem).__name__),)
    return asked.result()


# ---------------------------------------------------------------------------------------- what to do

TRY_PASSWORD = N_(
    "Try the same name and password in the provider’s webmail. Some want the whole address as the name, "
    "some only what stands before the @."
)
TRY_CERTIFICATE = N_(
    "Use the name that stands in the certificate, often that of your hosting company rather than your own "
    "domain, or ask its operator to renew it."
)
TRY_PORT = N_(
    "Many networks and clouds block outgoing mail ports. Ask whoever runs the network about ports 993, 465 "
    "and 587, or try another of them."
)


def advice(settings: Mapping[str, Any], reason: str) -> str:
    """What to do about a reason that does not say so itself: a sentence to translate, or nothing."""
    known = providers.of_hosts(str(settings.get("in_host") or ""), str(settings.get("smtp_host") or ""))
    note = known.note if known else ""
    if reason in (refusals.PASSWORD, refusals.APP_PASSWORD, smtp.WRONG_PASSWORD):
        return note or TRY_PASSWORD
    if reason == refusals.SWITCHED_OFF:
        return note
    if reason in (refusals.CERTIFICATE, smtp.OTHER_NAME, smtp.UNKNOWN_ISSUER):
        return TRY_CERTIFICATE
    return TRY_PORT if reason in (refusals.SILENT, refusals.UNREACHABLE, smtp.SILENT, LATE) else ""
