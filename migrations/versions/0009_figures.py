"""Figures: what they are read from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEHIND = sa.text("figured <> version")
ASKED = ("team_id", "agent_id", "account_id", "ticket_id")
STANDING = sa.text("until IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('opened', 'received', 'replied', 'first', 'resolved', 'open', 'asked')",
            name=op.f("ck_fact_kind"),
        ),
        sa.CheckConstraint(
            "(kind = 'open') = (until IS NOT NULL)", name=op.f("ck_fact_what_is_open_has_an_end")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_fact_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
    )
    op.create_index(op.f("ix_fact_ticket_id"), "fact", ["ticket_id"])
    op.create_index("ix_fact_kind_at", "fact", ["kind", "at", *ASKED, "value"])
    op.create_index(
        "ix_fact_standing",
        "fact",
        ["until", "at", *ASKED],
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    # 0 is no version that a ticket ever had: the sweep works out every one that is there
    op.add_column("ticket", sa.Column("figured", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_ticket_behind", "ticket", ["id"], sqlite_where=BEHIND, postgresql_where=BEHIND)


def downgrade() -> None:
    op.drop_index("ix_ticket_behind", "ticket")
    op.drop_column("ticket", "figured")
    op.drop_table("fact")
