"""Growth: indexes by which a house of a million tickets answers like one of a thousand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN = "status IN ('new', 'open', 'pending', 'on_hold')"
PARTS = (
    ("ix_ticket_open", "ticket", ["active_at", "id"], OPEN),
    ("ix_ticket_done", "ticket", ["active_at", "id"], "status IN ('resolved', 'closed')"),
    ("ix_ticket_spam", "ticket", ["active_at", "id"], "status = 'spam'"),
    ("ix_ticket_mine", "ticket", ["assignee_id", "active_at", "id"], f"assignee_id IS NOT NULL AND {OPEN}"),
    ("ix_ticket_nobodys", "ticket", ["active_at", "id"], f"assignee_id IS NULL AND {OPEN}"),
    ("ix_customer_merged", "customer", ["merged_into_id"], "merged_into_id IS NOT NULL"),
    ("ix_message_not_sent", "message", ["state", "id"], "state = 'failed' AND NOT put_aside"),
)
"""A list each: what it shows stands in its index, in its order, and nothing else does."""

WHOLE = (("ix_customer_word_customer", "customer_word", ["word", "customer_id"]),)
REPLACED = (
    ("ix_ticket_status_activity", "ticket", ["status", "active_at", "id"]),
    ("ix_ticket_assignee_activity", "ticket", ["assignee_id", "active_at", "id"]),
    ("ix_customer_merged_into_id", "customer", ["merged_into_id"]),
    ("ix_customer_word_word", "customer_word", ["word"]),
)


def upgrade() -> None:
    for name, table, columns, part in PARTS:
        op.create_index(name, table, columns, sqlite_where=sa.text(part), postgresql_where=sa.text(part))
    for name, table, columns in WHOLE:
        op.create_index(name, table, columns)
    for name, table, _columns in REPLACED:
        op.drop_index(name, table)


def downgrade() -> None:
    for name, table, columns in REPLACED:
        op.create_index(name, table, columns)
    for name, table, *_rest in (*PARTS, *WHOLE):
        op.drop_index(name, table)
