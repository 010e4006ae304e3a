"""Macros: canned replies with what they do, in each language, with their files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "macro",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("use_count", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_macro_has_a_name")),
        sa.CheckConstraint(
            "owner_id IS NULL OR team_id IS NULL", name=op.f("ck_macro_a_personal_one_has_no_team")
        ),
        sa.CheckConstraint("use_count >= 0", name=op.f("ck_macro_used")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["agent.id"], name=op.f("fk_macro_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_macro_team_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro")),
    )
    op.create_index(op.f("ix_macro_owner_id"), "macro", ["owner_id"])
    op.create_index(op.f("ix_macro_team_id"), "macro", ["team_id"])
    op.create_table(
        "macro_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("macro_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.CheckConstraint(
            "language IN ('en', 'pt', 'es', 'fr', 'de', 'it')", name=op.f("ck_macro_text_language")
        ),
        sa.ForeignKeyConstraint(
            ["macro_id"], ["macro.id"], name=op.f("fk_macro_text_macro_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro_text")),
        sa.UniqueConstraint("macro_id", "language", name=op.f("uq_macro_text_macro_id_language")),
    )
    op.create_table(
        "macro_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("macro_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["macro_id"], ["macro.id"], name=op.f("fk_macro_file_macro_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro_file")),
        sa.UniqueConstraint("token", name=op.f("uq_macro_file_token")),
    )
    op.create_index(op.f("ix_macro_file_macro_id"), "macro_file", ["macro_id"])


def downgrade() -> None:
    for table in ("macro_file", "macro_text", "macro"):
        op.drop_table(table)
