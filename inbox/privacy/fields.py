"""The map of personal data: every column of every table, whose it is, and what becomes of it.

What is not in this map cannot be exported or erased, so a test fails as soon as a column is not here (GDPR
art. 30; LGPD art. 37). It is about customers: what the house keeps of its own people is theirs, and is
changed or removed under *People*.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, String, Table, UniqueConstraint, cast, literal, null

from inbox import models
from inbox.db import Base


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns of one table, each in exactly one of these.

    ``stays``: ids, states, counts and moments, which say nothing of a person once their names and words are
    gone, or what is not a customer's at all.
    ``given``: of the customer; in the export, and emptied when they are erased.
    ``withheld``: of the customer too, but what would harm others or nobody can read (GDPR art. 15(4)):
    emptied all the same.
    ``bytes``: names a file; the file is in the export, and goes.
    """

    whose: str
    """``house``: of no customer. Else what a row belongs to, by its column ``by``."""
    by: str = ""
    stays: str = ""
    given: str = ""
    withheld: str = ""
    bytes: str = ""
    goes: bool = False
    """The whole row goes with the person, not only what it says."""

    @property
    def columns(self) -> list[str]:
        return [name for part in (self.stays, self.given, self.withheld, self.bytes) for name in part.split()]

    @property
    def emptied(self) -> list[str]:
        return [name for part in (self.given, self.withheld, self.bytes) for name in part.split()]


def house(columns: str) -> Fields:
    return Fields("house", stays=columns)


MAP: dict[str, Fields] = {
    # ------------------------------------------------------------------------------------ the person
    "customer": Fields(
        "customer",
        "id",
        stays="id version merged_into_id active_at created_at",
        given="name tier language zone organisation_id note",
    ),
    "customer_value": Fields(
        "customer", "customer_id", stays="customer_id field_id", given="value", goes=True
    ),
    "customer_word": Fields("customer", "customer_id", stays="customer_id", withheld="word", goes=True),
    "merge": Fields(
        "customer",
        "kept_id",
        stays="id kept_id merged_id by_id at undone_at undone_by_id",
        withheld="changed",
        goes=True,
    ),
    "identity": Fields(
        "identity",
        "id",
        stays="id customer_id home_id created_at",
        given="kind address name verified bounced_at bounce_reason",
    ),
    "privacy_request": Fields(
        "customer",
        "customer_id",
        stays="id kind customer_id law asked_at due_at proof state by_id decided_by_id decided_at lease "
        "leased_until retry_at attempts failure progress counts digests token file_size expires_at "
        "finished_at created_at",
        withheld="note scratch",
        bytes="file_sha256",
    ),
    "hold": Fields(
        "customer",
        "customer_id",
        stays="id customer_id ticket_id by_id set_at lifted_by_id lifted_at",
        withheld="reason",
    ),
    # ---------------------------------------------------------------------------- what was said
    "ticket": Fields(
        "ticket",
        "id",
        stays="id status priority handled_by identity_id account_id assignee_id team_id topic_id "
        "continues_id version figured message_count spam_reason words_learnt waiting_since snoozed_until "
        "resolved_at emptied_at active_at created_at",
        given="subject language",
        withheld="snippet",
    ),
    "message": Fields(
        "message",
        "id",
        stays="id ticket_id thread_id account_id kind state identity_id author_id third_party automated "
        "trust forward imported put_aside payload_id idempotency_key not_before send_at leased_until lease "
        "attempts sent_via sent_at version written_at created_at",
        given="subject text quoted_text html quoted_html recipients forwarded_from message_id_header "
        "references",
        withheld="checks notes signature bounces refused external_id failure failure_detail undo",
        bytes="raw_sha256",
    ),
    "attachment": Fields(
        "message",
        "message_id",
        stays="id message_id draft_id address_id inline linked_until created_at",
        given="filename content_type size",
        withheld="token content_id",
        bytes="sha256",
        goes=True,
    ),
    "payload": Fields(
        "payload",
        "id",
        stays="id account_id size source unfetched released imported state reason attempts leased_until "
        "created_at",
        withheld="recipients sender reason_detail",
        bytes="sha256",
    ),
    "thread": Fields(
        "thread",
        "id",
        stays="id account_id ticket_id address_id created_at",
        withheld="external_id",
    ),
    "draft": Fields(
        "ticket",
        "ticket_id",
        stays="id agent_id ticket_id kind updated_at",
        given="html subject recipients",
        goes=True,
    ),
    "tagging": house("ticket_id tag_id"),
    "survey": Fields(
        "ticket",
        "ticket_id",
        stays="id event_id ticket_id identity_id agent_id state reason due_at attempts message_id sent_at "
        "declined_at created_at",
        given="language",
        withheld="token",
    ),
    "answer": Fields(
        "survey",
        "survey_id",
        stays="id survey_id score reasons event_id low_at seen_at seen_by_id first_at changed_at",
        given="comment",
    ),
    # -------------------------------------------------------------------------- by their address
    "acknowledgement": Fields("address", "address", stays="id account_id at", given="address", goes=True),
    "verdict": Fields("address", "address", stays="spam by_id at", given="address", goes=True),
    "spam_word": Fields("ticket", stays="spam good", withheld="word"),
    "memo": Fields(
        "address",
        "address",
        stays="id agent_id template language key state attempts not_before lease leased_until failure "
        "failure_detail sent_via sent_at created_at",
        withheld="address subject text html unsubscribe",
        goes=True,
    ),
    "connection": house(
        "account_id direction state reason reason_detail tried_at ok_at failing_since last_at paused_until"
    ),
    # ---------------------------------------------------------- what happened: ids and values only
    "event": house("id kind ticket_id message_id customer_id agent_id data version at"),
    "handling": house("event_id reaction handled_at retry_at attempts failure"),
    "seal": house("id after_id to_id n gaps late digest made_at"),
    "fact": house("id ticket_id kind at until team_id agent_id account_id value"),
    "notice": house(
        "id agent_id kind ticket_id message_id actor_id count shown mailed at read_at done_at pushed_at "
        "digest_at"
    ),
    "following": house("ticket_id agent_id since"),
    "push": house("id subscription_id notice_id state attempts not_before lease leased_until created_at"),
    "digest": house("agent_id period notices at"),
    # --------------------------------------------------------------- the house, and who works in it
    "account": house("id kind name address settings active team_id created_at"),
    "account_address": house("id account_id address name signature team_id"),
    "agent": house(
        "id name email role password_hash language zone single_keys active invite_hash invited_at "
        "invited_until photo_token photo_sha256 signature hours handover tell_sign_ins second_factor_since "
        "created_at"
    ),
    "authorisation": house(
        "account_id provider access_token refresh_token expires_at refresh_expires_at state reason "
        "leased_until by_id created_at"
    ),
    "backup_code": house("id agent_id code_hash"),
    "cursor": house("account_id name value moved_at"),
    "customer_field": house("id name kind choices position archived_at created_at"),
    "doomed_file": house("name at"),
    "installation": house(
        "id company language zone public_url feedback second_factor_required setup_token_hash set_up_at"
    ),
    "known_browser": house("id token_hash agent_id browser ip trusted_until created_at seen_at"),
    "macro": house("id name owner_id team_id actions use_count last_used_at created_at"),
    "macro_file": house("id macro_id token filename content_type size sha256"),
    "macro_text": house("id macro_id language html"),
    "mail_import": house(
        "id account_id folder since state cursor total done reason reason_detail by_id created_at finished_at"
    ),
    "membership": house("team_id agent_id"),
    "notice_choice": house("agent_id ways quiet quiet_from quiet_until digest digest_hour"),
    "organisation": house("id name tier note created_at"),
    "organisation_domain": house("domain organisation_id"),
    "password_reset": house("id address agent_id token_hash expires_at created_at"),
    "retention_rule": house("id kind account_id days changed_at"),
    "second_factor": house("agent_id secret last_counter created_at"),
    "second_step": house("id token_hash agent_id tries expires_at created_at"),
    "sign_in": house("id token_hash agent_id browser ip created_at seen_at expires_at"),
    "subscription": house(
        "id agent_id sign_in_id endpoint endpoint_hash p256dh auth browser created_at told_at"
    ),
    "tag": house("id name used_at gone_at into_id"),
    "tally": house("team_id assignee_id state n"),
    "team": house("id name rights handover created_at"),
    "topic": house("id name position archived_at gone_at into_id"),
}


def table(name: str) -> Table:
    assert models
    return Base.metadata.tables[name]


@cache
def empty(name: str) -> dict[str, Any]:
    """What an UPDATE sets so that a row says nothing more: every column the map does not let stay."""
    return {column: _nothing(table(name).c[column]) for column in MAP[name].emptied}


def _nothing(column: Column[Any]) -> Any:
    if column.nullable:
        return null()
    if _is_unique(column):
        return literal("erased-") + cast(column.table.c.id, String)
    default: Any = getattr(column.default, "arg", "")
    return default(None) if callable(default) else default


def _is_unique(column: Column[Any]) -> bool:
    wanted = (one for one in column.table.constraints if isinstance(one, UniqueConstraint))
    return any(column.name in one.columns for one in wanted)


def belonging(whose: str) -> list[str]:
    """Tables whose rows are found by what they belong to."""
    return [name for name, fields in MAP.items() if fields.whose == whose]


def files() -> list[Column[Any]]:
    """Every column that names a file, whoever's it is: a file goes when none of them needs it."""
    return [
        column
        for each in Base.metadata.tables.values()
        for column in each.columns
        if column.name.endswith("sha256")
    ]
