"""Create conversations with support, their messages and pictures, saved replies, and the hours of support.

Revision: 0026_support
After: 0025_partners
"""

import sqlalchemy as sa
from alembic import op

revision = "0026_support"
down_revision = "0025_partners"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_message_id", sa.Uuid(), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_by_person", sa.Uuid(), nullable=True),
        sa.Column("read_by_staff", sa.Uuid(), nullable=True),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.Column("rating_comment", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("subject IN ('rental', 'topup', 'station', 'other')", name=op.f("ck_conversations_subject")),
        sa.CheckConstraint("status IN ('open', 'waiting', 'solved', 'closed')", name=op.f("ck_conversations_status")),
        sa.CheckConstraint("(subject = 'other') = (subject_id IS NULL)", name=op.f("ck_conversations_subject_id")),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_conversations_rating")),
        sa.CheckConstraint("(rating IS NULL) = (rated_at IS NULL)", name=op.f("ck_conversations_rated")),
        sa.CheckConstraint("answer_due_at IS NULL OR status = 'open'", name=op.f("ck_conversations_answer_due")),
        sa.CheckConstraint("merged_into IS NULL OR status = 'closed'", name=op.f("ck_conversations_merged")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_conversations_user_id_users")),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff.id"], name=op.f("fk_conversations_assignee_id_staff")),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["conversations.id"], name=op.f("fk_conversations_merged_into_conversations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index(
        "uq_conversations_subject",
        "conversations",
        ["user_id", "subject", sa.literal_column("coalesce(subject_id, user_id)")],
        unique=True,
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.create_index("ix_conversations_user_id", "conversations", ["user_id", "last_message_id"])
    op.create_index("ix_conversations_last_message_id", "conversations", ["last_message_id"])
    op.create_index("ix_conversations_status", "conversations", ["status", "last_message_id"])
    op.create_index(
        "ix_conversations_assignee_id",
        "conversations",
        ["assignee_id", "last_message_id"],
        postgresql_where=sa.text("status IN ('open', 'waiting')"),
    )
    op.create_index(
        "ix_conversations_answer_due_at",
        "conversations",
        ["answer_due_at"],
        postgresql_where=sa.text("answer_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_conversations_solved_at", "conversations", ["solved_at"], postgresql_where=sa.text("status = 'solved'")
    )
    op.create_index("ix_conversations_created_at", "conversations", ["created_at"])

    op.create_table(
        "support_messages",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("is_note", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("has_photo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sender IN ('person', 'staff', 'system')", name=op.f("ck_support_messages_sender")),
        sa.CheckConstraint("text IS NOT NULL OR has_photo", name=op.f("ck_support_messages_content")),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 4000", name=op.f("ck_support_messages_text")),
        sa.CheckConstraint(
            "(sender = 'staff') = (staff_id IS NOT NULL)", name=op.f("ck_support_messages_sender_staff")
        ),
        sa.CheckConstraint("NOT is_note OR sender = 'staff'", name=op.f("ck_support_messages_note")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_support_messages_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_support_messages_staff_id_staff")),
        sa.PrimaryKeyConstraint("conversation_id", "id", name=op.f("pk_support_messages")),
    )
    op.create_index(
        "uq_support_messages_client_id",
        "support_messages",
        ["conversation_id", sa.literal_column("coalesce(staff_id, conversation_id)"), "client_id"],
        unique=True,
        postgresql_where=sa.text("client_id IS NOT NULL"),
    )
    op.create_index(
        "ix_support_messages_words",
        "support_messages",
        [sa.literal_column("to_tsvector('simple', text)")],
        postgresql_using="gin",
    )
    op.create_index("ix_support_messages_created_at", "support_messages", ["created_at"])

    op.create_table(
        "support_photos",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id", "message_id"],
            ["support_messages.conversation_id", "support_messages.id"],
            name="fk_support_photos_message",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "message_id", name=op.f("pk_support_photos")),
    )
    op.create_table(
        "saved_replies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_ne", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_replies")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_replies_name")),
    )
    op.create_table(
        "support_hours",
        sa.Column("weekday", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_support_hours_weekday")),
        sa.CheckConstraint("opens < closes", name=op.f("ck_support_hours_hours")),
        sa.PrimaryKeyConstraint("weekday", "opens", name=op.f("pk_support_hours")),
    )
    op.create_table(
        "support_holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_support_holidays")),
    )


def downgrade() -> None:
    for table in (
        "support_holidays",
        "support_hours",
        "saved_replies",
        "support_photos",
        "support_messages",
        "conversations",
    ):
        op.drop_table(table)
