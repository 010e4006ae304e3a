"""Customers: fields of one's own, merging and unmerging, organisations with several domains, finding them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from inbox.text import words

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BATCH = 1000
LONGEST = 40
MOST = 60


def upgrade() -> None:
    _organisations()
    _customers()
    _fields()
    _merges()
    _words()


def _organisations() -> None:
    op.create_table(
        "organisation_domain",
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisation_domain_organisation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_organisation_domain")),
    )
    kept = _remember()
    op.execute(
        "CREATE TEMPORARY TABLE was_domain AS SELECT id, domain FROM organisation WHERE domain IS NOT NULL"
    )
    with op.batch_alter_table("organisation") as batch:
        batch.drop_constraint("uq_organisation_domain", type_="unique")
        batch.drop_column("domain")
        batch.add_column(sa.Column("tier", sa.String(16), nullable=False, server_default=""))
        batch.add_column(sa.Column("note", sa.String(), nullable=False, server_default=""))
        batch.create_check_constraint(op.f("ck_organisation_tier"), "tier IN ('', 'standard', 'vip')")
    op.execute("INSERT INTO organisation_domain (domain, organisation_id) SELECT domain, id FROM was_domain")
    op.execute("DROP TABLE was_domain")
    _put_back(kept)
    op.create_index(
        op.f("ix_organisation_domain_organisation_id"), "organisation_domain", ["organisation_id"]
    )


def _remember() -> bool:
    """SQLite makes a new table in place of the old, whose end would take every customer out of it."""
    if op.get_bind().dialect.name != "sqlite":
        return False
    op.execute(
        "CREATE TEMPORARY TABLE belonged AS"
        " SELECT id, organisation_id FROM customer WHERE organisation_id IS NOT NULL"
    )
    return True


def _put_back(kept: bool) -> None:
    if kept:
        op.execute(
            "UPDATE customer SET organisation_id = (SELECT organisation_id FROM belonged WHERE belonged.id = "
            "customer.id) WHERE id IN (SELECT id FROM belonged)"
        )
        op.execute("DROP TABLE belonged")


def _customers() -> None:
    op.add_column("customer", sa.Column("note", sa.String(), nullable=False, server_default=""))
    op.add_column("customer", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("customer", _points_at_a_customer("customer", "merged_into_id"), inline_references=True)
    op.add_column("customer", sa.Column("active_at", sa.DateTime(timezone=True)))
    op.add_column("identity", _points_at_a_customer("identity", "home_id"), inline_references=True)
    op.create_index(op.f("ix_customer_merged_into_id"), "customer", ["merged_into_id"])
    op.create_index(op.f("ix_identity_home_id"), "identity", ["home_id"])
    op.execute(
        "UPDATE customer SET active_at = (SELECT max(ticket.active_at) FROM ticket JOIN identity"
        " ON identity.id = ticket.identity_id"
        " WHERE identity.customer_id = customer.id AND ticket.status <> 'spam')"
    )
    op.create_index("ix_customer_activity", "customer", ["active_at", "id"])
    op.create_index("ix_customer_tier_activity", "customer", ["tier", "active_at", "id"])


def _points_at_a_customer(table: str, name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey("customer.id", name=f"fk_{table}_{name}"))


def _fields() -> None:
    op.create_table(
        "customer_field",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('text', 'number', 'date', 'yes_no', 'choice', 'link')",
            name=op.f("ck_customer_field_kind"),
        ),
        sa.CheckConstraint("name <> ''", name=op.f("ck_customer_field_has_a_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_field")),
    )
    op.create_table(
        "customer_value",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_value_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["field_id"], ["customer_field.id"], name=op.f("fk_customer_value_field_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "field_id", name=op.f("pk_customer_value")),
    )
    op.create_index(op.f("ix_customer_value_field_id"), "customer_value", ["field_id"])


def _merges() -> None:
    op.create_table(
        "merge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kept_id <> merged_id", name=op.f("ck_merge_two_customers")),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["customer.id"], name=op.f("fk_merge_kept_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["customer.id"], name=op.f("fk_merge_merged_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["agent.id"], name=op.f("fk_merge_by_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["agent.id"], name=op.f("fk_merge_undone_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    op.create_index(op.f("ix_merge_kept_id"), "merge", ["kept_id"])
    op.create_index(op.f("ix_merge_merged_id"), "merge", ["merged_id"])
    stands = sa.text("undone_at IS NULL")
    op.create_index(
        "ix_merge_standing", "merge", ["merged_id"], unique=True, sqlite_where=stands, postgresql_where=stands
    )


def _words() -> None:
    word = sa.String(length=LONGEST).with_variant(sa.String(length=LONGEST, collation="C"), "postgresql")
    table = op.create_table(
        "customer_word",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("word", word, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_word_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "word", name=op.f("pk_customer_word")),
    )
    _fill(table)
    op.create_index(op.f("ix_customer_word_word"), "customer_word", ["word"])


def _fill(table: sa.Table) -> None:
    """The words of all who are known already, some at a time."""
    some = sa.text(
        "SELECT c.id, c.name, o.name, i.name, i.address FROM customer c"
        " LEFT JOIN organisation o ON o.id = c.organisation_id LEFT JOIN identity i ON i.customer_id = c.id"
        " WHERE c.id > :after AND c.id <= :last ORDER BY c.id, i.id"
    )
    bind = op.get_bind()
    last = bind.scalar(sa.text("SELECT max(id) FROM customer")) or 0
    for after in range(0, last, BATCH):
        said: dict[int, dict[str, None]] = {}
        for number, *texts in bind.execute(some, {"after": after, "last": after + BATCH}):
            found = (word[:LONGEST] for text in texts if text for word in words(text))
            said.setdefault(number, {}).update(dict.fromkeys(found))
        rows = [{"customer_id": n, "word": word} for n, all_ in said.items() for word in list(all_)[:MOST]]
        if rows:
            op.bulk_insert(table, rows)


def downgrade() -> None:
    for table in ("customer_word", "merge", "customer_value", "customer_field"):
        op.drop_table(table)
    for index in ("ix_customer_tier_activity", "ix_customer_activity", "ix_customer_merged_into_id"):
        op.drop_index(index, "customer")
    op.drop_index("ix_identity_home_id", "identity")
    for column in ("active_at", "merged_into_id", "version", "note"):
        op.drop_column("customer", column)
    op.drop_column("identity", "home_id")
    kept = _remember()
    op.execute(
        "CREATE TEMPORARY TABLE was_domain AS"
        " SELECT organisation_id AS id, min(domain) AS domain"
        " FROM organisation_domain GROUP BY organisation_id"
    )
    op.drop_table("organisation_domain")
    with op.batch_alter_table("organisation") as batch:
        batch.drop_constraint(op.f("ck_organisation_tier"), type_="check")
        batch.drop_column("tier")
        batch.drop_column("note")
        batch.add_column(sa.Column("domain", sa.String(length=255)))
        batch.create_unique_constraint(op.f("uq_organisation_domain"), ["domain"])
    op.execute(
        "UPDATE organisation SET domain ="
        " (SELECT domain FROM was_domain WHERE was_domain.id = organisation.id)"
    )
    op.execute("DROP TABLE was_domain")
    _put_back(kept)
