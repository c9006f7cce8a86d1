"""Create the mails to partners' own addresses.

Revision: 0040_partner_mails
After: 0039_erasures
"""

import sqlalchemy as sa
from alembic import op

revision = "0040_partner_mails"
down_revision = "0039_erasures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('statement', 'payout_failed', 'account_changed', 'negative_balance', 'agreement_ends')",
            name=op.f("ck_partner_mails_kind"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_partner_mails_partner_id_partners")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_mails")),
        sa.UniqueConstraint("partner_id", "kind", "version", name=op.f("uq_partner_mails_partner_id_kind_version")),
    )


def downgrade() -> None:
    op.drop_table("partner_mails")
