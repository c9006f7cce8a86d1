"""Keep how long queues were, and index what was taken out as a file.

Revision: 0027_machinery
After: 0026_support
"""

import sqlalchemy as sa
from alembic import op

revision = "0027_machinery"
down_revision = "0026_support"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_samples",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("oldest_age_s", sa.Integer(), nullable=False),
        sa.CheckConstraint("waiting >= 0 AND oldest_age_s >= 0", name=op.f("ck_queue_samples_counts")),
        sa.PrimaryKeyConstraint("queue", "at", name=op.f("pk_queue_samples")),
        if_not_exists=True,
    )
    op.create_index("ix_queue_samples_at", "queue_samples", ["at"], if_not_exists=True)
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_audit_log_exports")
        op.create_index(
            "ix_audit_log_exports",
            "audit_log",
            ["at", "id"],
            postgresql_where=sa.text("action LIKE '%.export%'"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index("ix_audit_log_exports", table_name="audit_log")
    op.drop_table("queue_samples")
