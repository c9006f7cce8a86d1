"""Photos that come with reports.

Revision: 0017
After: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_report_photos_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_photos")),
    )
    op.create_index("ix_report_photos_about", "report_photos", ["about", "id"])
    op.create_index("ix_report_photos_user_id", "report_photos", ["user_id"])
    op.create_index("ix_report_photos_created_at", "report_photos", ["created_at"])


def downgrade() -> None:
    op.drop_table("report_photos")
