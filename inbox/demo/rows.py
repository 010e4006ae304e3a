"""The tables that are written by the thousand, and in which order their columns stand in a row.

Values are what both databases take as they are: numbers (0 and 1 for no and yes), text, nothing. Moments and
JSON are text already.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

Row = tuple[Any, ...]

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "customer": """
            id name tier language zone organisation_id note version merged_into_id active_at created_at
        """,
        "identity": "id customer_id home_id kind address name verified bounced_at bounce_reason created_at",
        "customer_word": "customer_id word",
        "customer_value": "customer_id field_id value",
        "merge": "id kept_id merged_id by_id changed at undone_at undone_by_id",
        "ticket": """
            id subject status priority handled_by language identity_id account_id assignee_id team_id topic_id
            continues_id version figured message_count snippet spam_reason words_learnt waiting_since
            snoozed_until resolved_at emptied_at active_at created_at
        """,
        "thread": "id account_id external_id ticket_id address_id created_at",
        "payload": """
            id account_id sha256 size recipients source unfetched sender released imported state reason
            reason_detail attempts leased_until created_at
        """,
        "message": """
            id ticket_id thread_id account_id kind state identity_id author_id third_party subject text
            quoted_text html quoted_html recipients automated trust checks notes forward forwarded_from
            imported signature bounces refused put_aside external_id message_id_header references payload_id
            raw_sha256 idempotency_key not_before send_at leased_until lease attempts failure failure_detail
            sent_via sent_at undo version written_at created_at
        """,
        "attachment": """
            id token message_id draft_id address_id filename content_type size sha256 inline content_id
            linked_until created_at
        """,
        "event": "id kind ticket_id message_id customer_id agent_id data version at",
        "handling": "event_id reaction handled_at retry_at attempts failure",
        "survey": """
            id event_id ticket_id identity_id agent_id language state reason due_at attempts token message_id
            sent_at declined_at created_at
        """,
        "answer": """
            id survey_id score reasons comment event_id low_at seen_at seen_by_id first_at changed_at
        """,
        "tagging": "ticket_id tag_id",
        "fact": "id ticket_id kind at until team_id agent_id account_id value",
        "notice": """
            id agent_id kind ticket_id message_id actor_id count shown mailed at read_at done_at pushed_at
            digest_at
        """,
        "following": "ticket_id agent_id since",
        "draft": "id agent_id ticket_id kind html subject recipients updated_at",
        "verdict": "address spam by_id at",
        "spam_word": "word spam good",
        "tally": "team_id assignee_id state n",
        "seal": "id after_id to_id n gaps late digest made_at",
    }.items()
}
"""In an order in which nothing points at what is not there yet."""

SEARCHED = "ticket_text"
"""Not a table like others: ``(row, ticket, folded words)``, kept by each database in its own way."""


class Batch:
    """Rows that wait to be written, by their table."""

    def __init__(self) -> None:
        self.rows: defaultdict[str, list[Row]] = defaultdict(list)

    @classmethod
    def of(cls, rows: dict[str, list[Row]]) -> Batch:
        made = cls()
        made.rows.update(rows)
        return made

    def clear(self) -> None:
        for rows in self.rows.values():
            rows.clear()


def moment(at: datetime) -> str:
    """As SQLite keeps it, and as PostgreSQL reads it where the zone is UTC."""
    return at.isoformat(" ", "microseconds")[:26]


def perhaps(at: datetime | None) -> str | None:
    return None if at is None else moment(at)
