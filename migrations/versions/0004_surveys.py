"""Surveys: asking customers how it was, and what they said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("installation", sa.Column("feedback", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "survey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'answered', 'skipped')", name=op.f("ck_survey_state")
        ),
        sa.CheckConstraint(
            "(state = 'skipped') = (reason <> '')", name=op.f("ck_survey_skipped_for_a_reason")
        ),
        sa.CheckConstraint(
            "(state IN ('sent', 'answered')) = (sent_at IS NOT NULL)",
            name=op.f("ck_survey_sent_at_a_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_survey_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_survey_ticket_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_survey_identity_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_survey_agent_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_survey_message_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("event_id", name=op.f("uq_survey_event_id")),
        sa.UniqueConstraint("token", name=op.f("uq_survey_token")),
        sa.UniqueConstraint("message_id", name=op.f("uq_survey_message_id")),
    )
    op.create_index("ix_survey_state_due_at", "survey", ["state", "due_at"])
    op.create_index("ix_survey_identity_sent_at", "survey", ["identity_id", "sent_at"])
    op.create_index(op.f("ix_survey_ticket_id"), "survey", ["ticket_id"])
    op.create_index(op.f("ix_survey_agent_id"), "survey", ["agent_id"])
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("comment", sa.String(length=4000), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("low_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Integer(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_answer_score")),
        sa.CheckConstraint(
            "seen_at IS NULL OR low_at IS NOT NULL", name=op.f("ck_answer_only_a_low_one_is_seen")
        ),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["survey.id"], name=op.f("fk_answer_survey_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_answer_event_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["seen_by_id"], ["agent.id"], name=op.f("fk_answer_seen_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("survey_id", name=op.f("uq_answer_survey_id")),
        sa.UniqueConstraint("event_id", name=op.f("uq_answer_event_id")),
    )
    unseen = sa.text("low_at IS NOT NULL AND seen_at IS NULL")
    op.create_index("ix_answer_unseen", "answer", ["id"], sqlite_where=unseen, postgresql_where=unseen)


def downgrade() -> None:
    for table in ("answer", "survey"):
        op.drop_table(table)
    op.drop_column("installation", "feedback")
