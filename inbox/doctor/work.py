"""What lies in the database: work that waits for a person, and records that must add up."""

from typing import Any

from inbox.doctor import database
from inbox.doctor.finding import Finding, ok, problem, warn


def standing_still() -> Finding:
    from inbox import db, quarantine

    database.engine()
    with db.reading():
        since = quarantine.held_since()
    if since:
        return warn(
            f"this copy was restored at {since:%Y-%m-%d %H:%M} UTC: it neither fetches nor sends",
            "If the original is stopped for good: Needs attention in the app, or `python -m inbox release`.",
        )
    return ok("it may fetch and send")


def payloads() -> Finding:
    from inbox.models import Payload

    failed = count(Payload, Payload.state == "failed")
    return needs_attention(failed, "received mails could not be read")


def messages() -> Finding:
    from inbox.models import Message

    failed = count(Message, Message.state == "failed")
    return needs_attention(failed, "replies could not be sent")


def needs_attention(number: int, said: str) -> Finding:
    if number:
        return warn(
            f"{number} {said}", "See *Needs attention* in the app: each says why and has a Retry button."
        )
    return ok(f"0 {said}")


def count(model: Any, condition: Any) -> int:
    from sqlalchemy import func, select

    with database.engine().connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(model).where(condition)) or 0)


def mailboxes() -> Finding:
    """A line for each that cannot be read or sent through; the sentence says what to do."""
    from inbox import connections, db

    database.engine()
    with db.reading():
        failing = [
            f"{account.address} {'cannot be read' if row.direction == 'in' else 'cannot send'}: "
            f"{row.reason % {'detail': row.reason_detail}} (since {row.failing_since:%Y-%m-%d %H:%M} UTC)"
            for account, row in connections.broken()
        ]
    if failing:
        return problem("\n  ".join(failing), "Settings, Mailboxes: mend what is said there and try it out.")
    return ok("every mailbox answers that was tried")


def counts() -> Finding:
    from inbox import db
    from inbox.models import tally

    database.engine()
    with db.reading():
        wrong = len(tally.drift())
    if wrong:
        return problem(f"{wrong} counts beside the views are wrong", "Run `python -m inbox recount`.")
    return ok("the counts beside the views are right")


def trail() -> Finding:
    """Sealing stands still when the timetable does, or when somebody took the database's guards away."""
    from inbox import db
    from inbox.audit import seal

    database.engine()
    with db.reading():
        last, oldest = seal.last(), seal.oldest_open()
    if oldest and db.now() - oldest > seal.LATE_SEAL:
        return warn(
            f"what happened since {oldest:%Y-%m-%d %H:%M} UTC is not sealed yet",
            "Prosa seals while it runs: start it, and look again in a few minutes.",
        )
    if last is None:
        return ok("nothing has happened that could be sealed")
    return ok(f"sealed up to event {last.to_id} at {last.made_at:%Y-%m-%d %H:%M} UTC: {last.digest[:16]}…")
