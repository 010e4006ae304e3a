"""People: roles, what teams allow, invitations by mail, and the house's own mail to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BEFORE = "role IN ('admin', 'agent')"
AFTER = "role IN ('admin', 'supervisor', 'agent', 'light')"


def upgrade() -> None:
    _allow_roles(BEFORE, AFTER)
    op.add_column("agent", sa.Column("invited_at", sa.DateTime(timezone=True)))
    op.add_column("agent", sa.Column("handover", sa.JSON()))
    op.add_column("team", sa.Column("handover", sa.JSON()))
    op.add_column("team", sa.Column("rights", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "memo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=255), nullable=False),
        sa.Column("failure_detail", sa.String(length=255), nullable=False),
        sa.Column("sent_via", sa.String(length=16), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed')", name=op.f("ck_memo_state")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.id"], name=op.f("fk_memo_agent_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memo")),
        sa.UniqueConstraint("key", name=op.f("uq_memo_key")),
    )
    op.create_index("ix_memo_state_not_before", "memo", ["state", "not_before"])
    op.create_index("ix_memo_address_created_at", "memo", ["address", "created_at"])
    op.create_index(op.f("ix_memo_agent_id"), "memo", ["agent_id"])


def downgrade() -> None:
    op.drop_table("memo")
    for table, column in (
        ("team", "rights"),
        ("team", "handover"),
        ("agent", "handover"),
        ("agent", "invited_at"),
    ):
        op.drop_column(table, column)
    # whoever the older version does not know must not become more than they were
    op.execute("UPDATE agent SET role = 'agent', active = (role <> 'light' AND active) WHERE role <> 'admin'")
    _allow_roles(AFTER, BEFORE)


def _allow_roles(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite_check("agent", before, after)
    else:
        op.drop_constraint(op.f("ck_agent_role"), "agent", type_="check")
        op.create_check_constraint(op.f("ck_agent_role"), "agent", after)


def _rewrite_check(table: str, before: str, after: str) -> None:
    """SQLite cannot alter a CHECK. Making the table anew would delete whatever refers to it, so its text is
    changed where it stands, as https://www.sqlite.org/lang_altertable.html (7) describes.
    """
    bind = op.get_bind()
    schema = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = ? AND instr(sql, ?)",
        (before, after, table, before),
    ).rowcount
    bind.exec_driver_sql(f"PRAGMA schema_version={schema + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")
    if changed != 1:
        raise RuntimeError(f"the CHECK of {table} is not the one this migration knows")
