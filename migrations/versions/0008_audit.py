"""The audit trail: topics and tags that can be put away, seals, and rows nobody rewrites."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEPT = ("event", "seal")
"""Tables in which nothing is ever changed or deleted."""

POINTS_AT_A_TICKET = re.compile(
    r",\s*CONSTRAINT \"?fk_event_ticket_id\"? FOREIGN KEY\s*\(\"?ticket_id\"?\)"
    r" REFERENCES \"?ticket\"? \(\"?id\"?\)"
)

REFUSE = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the history is kept as it is: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("after_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("gaps", sa.JSON(), nullable=False),
        sa.Column("late", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
        sa.UniqueConstraint("after_id", name=op.f("uq_seal_after_id")),
        sqlite_autoincrement=True,
    )
    _topics_and_tags()
    _indexes()
    _forget_addresses()
    _let_tickets_go()
    for table in KEPT:
        _refuse(table)


def _topics_and_tags() -> None:
    op.add_column("topic", sa.Column("position", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("topic", sa.Column("archived_at", sa.DateTime(timezone=True)))
    for table in ("topic", "tag"):
        op.add_column(table, sa.Column("gone_at", sa.DateTime(timezone=True)))
        into = sa.ForeignKey(f"{table}.id", name=f"fk_{table}_into_id")
        op.add_column(table, sa.Column("into_id", sa.Integer(), into), inline_references=True)
        op.create_index(f"ix_{table}_gone_at", table, ["gone_at"])
    op.add_column("tag", sa.Column("used_at", sa.DateTime(timezone=True)))
    _when_used()
    op.execute("UPDATE topic SET position = id")
    op.create_index("ix_ticket_topic_id", "ticket", ["topic_id"])


def _when_used() -> None:
    bind = op.get_bind()
    event = sa.table("event", *map(sa.column, ("id", "kind", "at")), sa.column("data", sa.JSON()))
    tag = sa.table("tag", sa.column("id"), sa.column("used_at"))
    tagged = sa.select(event.c.data, event.c.at).where(event.c.kind == "tagged").order_by(event.c.id)
    used = {data.get("tag"): at for data, at in bind.execute(tagged)}
    for number, at in used.items():
        bind.execute(sa.update(tag).where(tag.c.id == number).values(used_at=at))


def _indexes() -> None:
    """Enough for the trail by kind, by person and by day at millions of rows."""
    somebody = sa.text("agent_id IS NOT NULL")
    op.drop_index("ix_event_kind", "event")
    op.create_index("ix_event_kind", "event", ["kind", "id"])
    op.create_index(
        "ix_event_agent", "event", ["agent_id", "id"], sqlite_where=somebody, postgresql_where=somebody
    )
    op.create_index("ix_event_at", "event", ["at"])


def _forget_addresses() -> None:
    """A bounce named the address it came from; from now on the identity, which can be erased."""
    bind = op.get_bind()
    event = sa.table("event", sa.column("id"), sa.column("kind"), sa.column("data", sa.JSON()))
    identity = sa.table("identity", sa.column("id"), sa.column("kind"), sa.column("address"))
    bounced = sa.select(event.c.id, event.c.data).where(event.c.kind == "bounced")
    for number, data in bind.execute(bounced).all():
        if not data or "address" not in data:
            continue
        theirs = sa.and_(identity.c.kind == "mail", identity.c.address == data.pop("address"))
        data["identity"] = bind.scalar(sa.select(identity.c.id).where(theirs))
        bind.execute(sa.update(event).where(event.c.id == number).values(data=data))


def _let_tickets_go() -> None:
    """What happened stays when its ticket goes, so it no longer holds it."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_event_ticket_id", "event", type_="foreignkey")
        return
    _rewrite_schema(lambda sql: POINTS_AT_A_TICKET.sub("", sql))


def _hold_tickets() -> None:
    gone = "UPDATE event SET ticket_id = NULL WHERE ticket_id NOT IN (SELECT id FROM ticket)"
    op.execute(gone)
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key("fk_event_ticket_id", "event", "ticket", ["ticket_id"], ["id"])
        return
    key = ", CONSTRAINT fk_event_ticket_id FOREIGN KEY(ticket_id) REFERENCES ticket (id))"
    _rewrite_schema(lambda sql: sql.rstrip()[:-1].rstrip() + key)


def _rewrite_schema(change) -> None:  # type: ignore[no-untyped-def]
    """How SQLite drops a foreign key of a table that others point at (lang_altertable.html, 7)."""
    bind = op.get_bind()
    before = bind.scalar(sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'event'"))
    after = change(before)
    if after == before:
        raise RuntimeError("the table event is not as migration 0001 made it")
    version = bind.scalar(sa.text("PRAGMA schema_version"))
    bind.execute(sa.text("PRAGMA writable_schema=ON"))
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'event'"), {"sql": after}
    )
    bind.execute(sa.text(f"PRAGMA schema_version={version + 1}"))
    bind.execute(sa.text("PRAGMA writable_schema=RESET"))


def _refuse(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        if table == KEPT[0]:
            op.execute(REFUSE)
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )
        return
    said = f"SELECT RAISE(ABORT, 'the history is kept as it is: a change of {table} is refused')"
    for what in ("update", "delete"):
        op.execute(f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} BEGIN {said}; END")
    # INSERT OR REPLACE deletes without asking the trigger above
    replaces = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608 (a name of ours)
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {replaces} BEGIN {said}; END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in KEPT:
            op.execute(f"DROP TRIGGER {table}_is_kept ON {table}")
        op.execute("DROP FUNCTION refuse_rewriting()")
    else:
        for table in KEPT:
            for what in ("update", "delete", "replace"):
                op.execute(f"DROP TRIGGER {table}_no_{what}")
    _hold_tickets()
    op.drop_index("ix_event_at", "event")
    op.drop_index("ix_event_agent", "event")
    op.drop_index("ix_event_kind", "event")
    op.create_index("ix_event_kind", "event", ["kind"])
    op.drop_index("ix_ticket_topic_id", "ticket")
    op.drop_column("tag", "used_at")
    for table in ("topic", "tag"):
        op.drop_index(f"ix_{table}_gone_at", table)
        op.drop_column(table, "into_id")
        op.drop_column(table, "gone_at")
    op.drop_column("topic", "archived_at")
    op.drop_column("topic", "position")
    op.drop_table("seal")
