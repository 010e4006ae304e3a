"""Signing in: a second factor, a forgotten password, photo and hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OF_AGENTS = ("photo_token", "photo_sha256", "signature", "hours", "tell_sign_ins", "second_factor_since")
TABLES = ("second_factor", "backup_code", "second_step", "known_browser", "password_reset")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _never_reuse_numbers()
    op.add_column("agent", sa.Column("photo_token", sa.String(43)))
    op.add_column("agent", sa.Column("photo_sha256", sa.String(64)))
    op.add_column("agent", sa.Column("signature", sa.String(), nullable=False, server_default=""))
    op.add_column("agent", sa.Column("hours", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("agent", sa.Column("tell_sign_ins", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("agent", sa.Column("second_factor_since", sa.DateTime(timezone=True)))
    required = sa.Column("second_factor_required", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("installation", required)
    op.create_table(
        "second_factor",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("last_counter", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_an_agent("second_factor"),
        sa.PrimaryKeyConstraint("agent_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "backup_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        _of_an_agent("backup_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_code")),
        sa.UniqueConstraint("agent_id", "code_hash", name=op.f("uq_backup_code_agent_id")),
    )
    op.create_table(
        "second_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_an_agent("second_step"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_step")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_second_step_token_hash")),
    )
    op.create_index(op.f("ix_second_step_agent_id"), "second_step", ["agent_id"])
    op.create_table(
        "known_browser",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("browser", sa.String(255), nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("trusted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        _of_an_agent("known_browser"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_browser")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_known_browser_token_hash")),
    )
    op.create_index(op.f("ix_known_browser_agent_id"), "known_browser", ["agent_id"])
    op.create_table(
        "password_reset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(64), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_an_agent("password_reset"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_reset_token_hash")),
    )
    op.create_index(op.f("ix_password_reset_agent_id"), "password_reset", ["agent_id"])


def _never_reuse_numbers() -> None:
    """SQLite gave the number of a sign-in that ended to the next one, and sockets and the audit know it by
    that. Only a new table can be told not to; nothing refers to this one yet.
    """
    with op.batch_alter_table("sign_in", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass


def _of_an_agent(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["agent_id"], ["agent.id"], name=op.f(f"fk_{table}_agent_id"), ondelete="CASCADE"
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("installation", "second_factor_required")
    for column in OF_AGENTS:
        op.drop_column("agent", column)
