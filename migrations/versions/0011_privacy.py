"""Privacy: exports, erasures, retention and legal hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("privacy_request", "hold", "retention_rule", "doomed_file")
UNDER_WAY = sa.text("state IN ('waiting', 'approved', 'running')")
STANDS = sa.text("lifted_at IS NULL")
EVERY = sa.text("account_id IS NULL")
ONE = sa.text("account_id IS NOT NULL")
HAS_RAW = sa.text("raw_sha256 IS NOT NULL")


def upgrade() -> None:
    op.add_column("ticket", sa.Column("emptied_at", sa.DateTime(timezone=True)))
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"])
    op.create_index(
        "ix_message_raw", "message", ["raw_sha256"], sqlite_where=HAS_RAW, postgresql_where=HAS_RAW
    )
    _requests()
    op.create_table(
        "hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(customer_id IS NULL) <> (ticket_id IS NULL)", name=op.f("ck_hold_on_one_thing")),
        sa.CheckConstraint("reason <> '' OR lifted_at IS NOT NULL", name=op.f("ck_hold_for_a_reason")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_hold_customer_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_hold_ticket_id")),
        sa.ForeignKeyConstraint(["by_id"], ["agent.id"], name=op.f("fk_hold_by_id")),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["agent.id"], name=op.f("fk_hold_lifted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    _unique("ix_hold_customer", "hold", ["customer_id"], STANDS)
    _unique("ix_hold_ticket", "hold", ["ticket_id"], STANDS)
    op.create_table(
        "retention_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('spam', 'done', 'raw', 'files', 'left_out')", name=op.f("ck_retention_rule_kind")
        ),
        sa.CheckConstraint("days >= 1", name=op.f("ck_retention_rule_a_day_at_least")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_retention_rule_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_rule")),
    )
    _unique("ix_retention_rule_every", "retention_rule", ["kind"], EVERY)
    _unique("ix_retention_rule_one", "retention_rule", ["kind", "account_id"], ONE)
    op.create_table(
        "doomed_file",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_doomed_file")),
    )


def _requests() -> None:
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("law", sa.String(length=8), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof", sa.String(length=16), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=255), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("scratch", sa.JSON(), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_size", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('export', 'erasure')", name=op.f("ck_privacy_request_kind")),
        sa.CheckConstraint("law IN ('lgpd', 'gdpr')", name=op.f("ck_privacy_request_law")),
        sa.CheckConstraint(
            "proof IN ('answered', 'called', 'signed', 'in_person', 'replayed')",
            name=op.f("ck_privacy_request_proof"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'running', 'done', 'refused', 'withdrawn', 'failed')",
            name=op.f("ck_privacy_request_state"),
        ),
        sa.CheckConstraint(
            "(file_sha256 IS NULL) OR kind = 'export'",
            name=op.f("ck_privacy_request_only_an_export_is_a_file"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_privacy_request_customer_id")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["agent.id"], name=op.f("fk_privacy_request_by_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["agent.id"], name=op.f("fk_privacy_request_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
        sa.UniqueConstraint("token", name=op.f("uq_privacy_request_token")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_privacy_request_customer_id"), "privacy_request", ["customer_id"])
    _unique("ix_privacy_request_one_at_a_time", "privacy_request", ["customer_id", "kind"], UNDER_WAY)
    op.create_index("ix_privacy_request_state", "privacy_request", ["state", "retry_at"])


def _unique(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_message_raw", "message")
    op.drop_index("ix_attachment_sha256", "attachment")
    op.drop_column("ticket", "emptied_at")
