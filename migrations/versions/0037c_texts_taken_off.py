"""Texts of pages that staff take off, and banners for readers of one language.

Revision: 0037c
After: 0032d
"""

import sqlalchemy as sa
from alembic import op

revision = "0037c"
down_revision = "0032d"
branch_labels = None
depends_on = None

STATES = "'scheduled', 'published', 'replaced', 'withdrawn'"


def upgrade() -> None:
    op.add_column("content_revisions", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("banners", sa.Column("language", sa.Text(), nullable=True))
    _check("content_revisions", "state", f"state IN ({STATES}, 'removed')")
    _check(
        "content_revisions",
        "published",
        "(state IN ('published', 'replaced', 'removed')) = (published_at IS NOT NULL)",
    )
    _check("content_revisions", "removed", "(state = 'removed') = (removed_at IS NOT NULL)")
    _check("banners", "language", "language IN ('en', 'ne')")


def downgrade() -> None:
    """What was taken off becomes what an older text is: in force once, and no more."""
    op.execute("UPDATE content_revisions SET state = 'replaced', removed_at = NULL WHERE state = 'removed'")
    op.drop_column("banners", "language")
    op.drop_column("content_revisions", "removed_at")
    _check("content_revisions", "state", f"state IN ({STATES})")
    _check("content_revisions", "published", "(state IN ('published', 'replaced')) = (published_at IS NOT NULL)")


def _check(table: str, name: str, condition: str) -> None:
    constraint = f"ck_{table}_{name}"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {constraint}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")
