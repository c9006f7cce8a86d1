"""Notices for staff, and deliveries to them.

Revision: 0012
After: 0011f
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011f"
branch_labels = None
depends_on = None

NOTICE_KEY = "fk_deliveries_staff_notice_id_staff_notices"
INDEXES = {
    "ix_deliveries_staff_notice": (["staff_notice_id"], "staff_notice_id IS NOT NULL"),
    "ix_deliveries_staff_type": (["type", "created_at"], "staff_id IS NOT NULL"),
}


def upgrade() -> None:
    op.create_table(
        "staff_notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notices")),
    )
    op.create_index(op.f("ix_staff_notices_created_at"), "staff_notices", ["created_at"])
    op.create_index("ix_staff_notices_type", "staff_notices", ["type", "id"])
    op.create_index(
        "uq_staff_notices_dedup",
        "staff_notices",
        ["dedup_key"],
        unique=True,
        postgresql_where=sa.text("dedup_key IS NOT NULL"),
    )
    op.create_table(
        "staff_notice_reads",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"],
            ["staff_notices.id"],
            name=op.f("fk_staff_notice_reads_notice_id_staff_notices"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_notice_reads_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("staff_id", "notice_id", name=op.f("pk_staff_notice_reads")),
    )
    op.create_index(op.f("ix_staff_notice_reads_notice_id"), "staff_notice_reads", ["notice_id"])
    op.add_column("deliveries", sa.Column("staff_notice_id", sa.Uuid(), nullable=True))
    op.add_column("deliveries", sa.Column("staff_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f(NOTICE_KEY),
        "deliveries",
        "staff_notices",
        ["staff_notice_id"],
        ["id"],
        ondelete="SET NULL",
        postgresql_not_valid=True,
    )
    # `deliveries` is long and written to all the time: neither of these keeps a delivery waiting.
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE deliveries VALIDATE CONSTRAINT {NOTICE_KEY}")
        for name, (columns, where) in INDEXES.items():
            op.create_index(
                name,
                "deliveries",
                columns,
                postgresql_where=sa.text(where),
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="deliveries")
    op.drop_constraint(NOTICE_KEY, "deliveries", type_="foreignkey")
    op.drop_column("deliveries", "staff_id")
    op.drop_column("deliveries", "staff_notice_id")
    op.drop_table("staff_notice_reads")
    op.drop_table("staff_notices")
