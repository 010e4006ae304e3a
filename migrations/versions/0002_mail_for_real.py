"""Mail for real: connections, cursors, imports, authorisations, spam, and what a message tells of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NEW_TABLES = (
    "mail_import", "cursor", "connection", "authorisation", "acknowledgement", "verdict", "spam_word",
)  # fmt: skip
NEW_COLUMNS = {
    "account_address": ("name", "signature"),
    "attachment": ("linked_until", "address_id"),
    "draft": ("subject", "recipients"),
    "identity": ("bounced_at", "bounce_reason"),
    "message": (
        "automated", "trust", "checks", "notes", "forward", "forwarded_from", "imported", "signature",
        "bounces", "send_at", "put_aside", "refused",
    ),
    "payload": ("source", "unfetched", "sender", "imported", "released"),
    "ticket": ("spam_reason", "words_learnt"),
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "spam_word",
        sa.Column("word", sa.String(length=64), nullable=False),
        sa.Column("spam", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_spam_word")),
    )
    op.create_table(
        "verdict",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("spam", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["agent.id"], name=op.f("fk_verdict_by_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_verdict")),
    )
    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_acknowledgement_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
    )
    op.create_index("ix_acknowledgement_account_at", "acknowledgement", ["account_id", "at"])
    op.create_index("ix_acknowledgement_address_at", "acknowledgement", ["address", "at"])

    op.create_table(
        "authorisation",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("access_token", sa.String(), nullable=False),
        sa.Column("refresh_token", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('ok', 'withdrawn')", name=op.f("ck_authorisation_state")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_authorisation_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["agent.id"], name=op.f("fk_authorisation_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_authorisation")),
    )
    op.create_table(
        "connection",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("reason_detail", sa.String(length=255), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_connection_direction")),
        sa.CheckConstraint("state IN ('idle', 'ok', 'failing')", name=op.f("ck_connection_state")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_connection_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "direction", name=op.f("pk_connection")),
    )
    op.create_table(
        "cursor",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=1000), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_cursor_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_cursor")),
    )
    op.create_table(
        "mail_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(length=1000), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("reason_detail", sa.String(length=255), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'stopped')", name=op.f("ck_mail_import_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_mail_import_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["agent.id"], name=op.f("fk_mail_import_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_import")),
    )
    op.create_index(op.f("ix_mail_import_account_id"), "mail_import", ["account_id"])
    _columns()


def _columns() -> None:
    """Plain ALTERs, the same on both databases: SQLite rebuilds no table that others point at."""
    _add("account_address", _short("name"), _text("signature"))
    _add("attachment", _moment("linked_until"))
    op.add_column("attachment", _of_an_address(), inline_references=True)
    op.create_index("ix_attachment_address_id", "attachment", ["address_id"])
    _add("draft", sa.Column("subject", sa.String(998), nullable=False, server_default=""))
    _add("draft", _json("recipients", "{}"))
    _add("identity", _moment("bounced_at"), _short("bounce_reason"))
    _add("message", _short("automated", 32), _short("trust", 8), _json("checks", "{}"), _json("notes", "[]"))
    _add("message", _flag("forward"), sa.Column("forwarded_from", sa.JSON()), _flag("imported"))
    _add("message", _text("signature"), _json("bounces", "[]"), _moment("send_at"), _flag("put_aside"))
    _add("message", _json("refused", "{}"))
    op.create_index("ix_message_account_sent", "message", ["account_id", "sent_at"])
    _add("payload", sa.Column("source", sa.String(255)), _flag("unfetched"), _short("sender"))
    _add("payload", _flag("imported"), _flag("released"))
    op.create_index("ix_payload_source", "payload", ["account_id", "source"], unique=True)
    op.create_index("ix_payload_sha256", "payload", ["sha256"])
    op.create_index("ix_payload_sender", "payload", ["account_id", "sender", "created_at"])
    op.create_index("ix_payload_held", "payload", ["state", "account_id", "sender"])
    _add("ticket", _short("spam_reason"), _short("words_learnt", 8))


def _add(table: str, *columns: sa.Column[object]) -> None:
    for column in columns:
        op.add_column(table, column)


def _short(name: str, length: int = 255) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=False, server_default="")


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _json(name: str, empty: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False, server_default=empty)


def _of_an_address() -> sa.Column[object]:
    points_at = sa.ForeignKey("account_address.id", name="fk_attachment_address_id", ondelete="CASCADE")
    return sa.Column("address_id", sa.Integer(), points_at)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True))


def downgrade() -> None:
    op.drop_index("ix_message_account_sent", "message")
    op.drop_index("ix_attachment_address_id", "attachment")
    op.drop_index("ix_payload_source", "payload")
    for index in ("ix_payload_sha256", "ix_payload_sender", "ix_payload_held"):
        op.drop_index(index, "payload")
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
    for table in NEW_TABLES:
        op.drop_table(table)
