"""Teams: indexes by which whoever sees a few of very many tickets finds the newest of them at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEAM = "coalesce(team_id, 0)"
OPEN, DONE = "status IN ('new', 'open', 'pending', 'on_hold')", "status IN ('resolved', 'closed')"
INDEXES = (
    ("ix_ticket_mine_done", "assignee_id", f"assignee_id IS NOT NULL AND {DONE}"),
    ("ix_ticket_team_open", TEAM, OPEN),
    ("ix_ticket_team_done", TEAM, DONE),
)


def upgrade() -> None:
    for name, first, part in INDEXES:
        columns = [sa.text(first), "active_at", "id"]
        op.create_index(name, "ticket", columns, sqlite_where=sa.text(part), postgresql_where=sa.text(part))


def downgrade() -> None:
    for name, _first, _part in INDEXES:
        op.drop_index(name, "ticket")
