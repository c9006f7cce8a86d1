"""Digests of the numbers and addresses that people have had.

Revision: 0013d
After: 0013c
"""

import sqlalchemy as sa
from alembic import op

revision = "0013d"
down_revision = "0013c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identifier_traces",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_identifier_traces_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_identifier_traces")),
    )
    op.create_index("ix_identifier_traces_digest", "identifier_traces", ["digest"])


def downgrade() -> None:
    op.drop_index("ix_identifier_traces_digest", table_name="identifier_traces")
    op.drop_table("identifier_traces")
