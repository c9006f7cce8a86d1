"""Let venues and crew talk to staff, too, and give new conversations to the members who take their kind.

No statement here locks a table for as long as it reads the rows. One that was interrupted is done again.

Revision: 0042_sides_of_support
After: 0041_more_figures
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042_sides_of_support"
down_revision = "0041_more_figures"
branch_labels = None
depends_on = None

SIDE = "side IN ('rider', 'partner', 'crew')"
CHECKS = {
    "side": SIDE,
    "partner": "(side = 'partner') = (partner_id IS NOT NULL)",
    "subject_of_side": "side = 'rider' OR subject IN ('station', 'other')",
}
FOREIGN_KEY = "fk_conversations_partner_id_partners"
TOPICS = "ARRAY['rental', 'topup', 'station', 'other', 'partner', 'crew']::text[]"


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN IF NOT EXISTS side text DEFAULT 'rider' NOT NULL")
    op.execute("ALTER TABLE conversations ADD COLUMN IF NOT EXISTS partner_id uuid")
    for name, check in CHECKS.items():
        op.execute(f"ALTER TABLE conversations DROP CONSTRAINT IF EXISTS ck_conversations_{name}")
        op.execute(f"ALTER TABLE conversations ADD CONSTRAINT ck_conversations_{name} CHECK ({check}) NOT VALID")
    op.execute(f"ALTER TABLE conversations DROP CONSTRAINT IF EXISTS {FOREIGN_KEY}")
    op.execute(
        f"ALTER TABLE conversations ADD CONSTRAINT {FOREIGN_KEY}"
        " FOREIGN KEY (partner_id) REFERENCES partners (id) NOT VALID"
    )
    op.create_table(
        "support_skills",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("away", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"topics <@ {TOPICS}", name=op.f("ck_support_skills_topics")),
        sa.CheckConstraint("languages <@ ARRAY['en', 'ne']::text[]", name=op.f("ck_support_skills_languages")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_support_skills_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_support_skills")),
        if_not_exists=True,
    )
    op.create_table(
        "support_alert_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_ne", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("cause IN ('offline', 'alarm', 'issue')", name=op.f("ck_support_alert_rules_cause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_alert_rules")),
        sa.UniqueConstraint("cause", name=op.f("uq_support_alert_rules_cause")),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        for name in CHECKS:
            op.execute(f"ALTER TABLE conversations VALIDATE CONSTRAINT ck_conversations_{name}")
        op.execute(f"ALTER TABLE conversations VALIDATE CONSTRAINT {FOREIGN_KEY}")
        for name in ("uq_conversations_thing", "ix_conversations_partner_id"):
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            "ix_conversations_partner_id",
            "conversations",
            ["partner_id", "last_message_id"],
            postgresql_where=sa.text("partner_id IS NOT NULL"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "uq_conversations_thing",
            "conversations",
            [
                "user_id",
                "side",
                sa.literal_column("coalesce(partner_id, user_id)"),
                "subject",
                sa.literal_column("coalesce(subject_id, user_id)"),
            ],
            unique=True,
            postgresql_where=sa.text("status <> 'closed'"),
            postgresql_concurrently=True,
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_conversations_subject")


def downgrade() -> None:
    # Only riders could write before, so what others wrote leaves with its side.
    op.execute("DELETE FROM conversations WHERE side <> 'rider'")
    op.create_index(
        "uq_conversations_subject",
        "conversations",
        ["user_id", "subject", sa.literal_column("coalesce(subject_id, user_id)")],
        unique=True,
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.drop_index("uq_conversations_thing", table_name="conversations")
    op.drop_index("ix_conversations_partner_id", table_name="conversations")
    op.drop_constraint(FOREIGN_KEY, "conversations", type_="foreignkey")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_conversations_{name}"), "conversations", type_="check")
    op.drop_column("conversations", "partner_id")
    op.drop_column("conversations", "side")
    op.drop_table("support_alert_rules")
    op.drop_table("support_skills")
