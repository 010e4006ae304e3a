"""Eras: PostgreSQL's index of words knows when each row was written, and goes at once to the newest ones.

Its numbers say so: a message's is even, a ticket's own odd. An era is so many of a kind, one after the other;
each row is in a small, a middling and a large one.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ERAS = (
    "ARRAY[((id >> 11) << 3) | (id & 1), ((id >> 15) << 3) | 2 | (id & 1), ((id >> 19) << 3) | 4 | (id & 1)]"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_ticket_text_body")
        op.execute(f"CREATE INDEX ix_ticket_text_body ON ticket_text USING gin (body, ({ERAS}))")
        op.execute("ANALYZE ticket_text")  # what stands in an expression is known only then


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_ticket_text_body")
        op.execute("CREATE INDEX ix_ticket_text_body ON ticket_text USING gin (body)")
