"""Let staff read one topic of support, all about one kind of thing, and what was ever theirs, by indexes.

A topic with few conversations, and a member who had few, were looked for in all conversations there are.

Revision: 0048_topics_of_support
After: 0047_webhooks_by_gateway
"""

import sqlalchemy as sa
from alembic import op

revision = "0048_topics_of_support"
down_revision = "0047_webhooks_by_gateway"
branch_labels = None
depends_on = None

TABLE = "conversations"
INDEXES = (
    (
        "ix_conversations_topic",
        [sa.text("coalesce(nullif(side, 'rider'), subject)"), "last_message_id"],
        {},
    ),
    ("ix_conversations_subject", ["subject", "last_message_id"], {}),
    (
        "ix_conversations_assignee_ever",
        ["assignee_id", "last_message_id"],
        {"postgresql_where": sa.text("assignee_id IS NOT NULL")},
    ),
)


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, columns, more in INDEXES:
            # One that a broken run left behind is not valid.
            op.drop_index(name, TABLE, if_exists=True, postgresql_concurrently=True)
            op.create_index(name, TABLE, columns, postgresql_concurrently=True, **more)


def downgrade() -> None:
    for name, _columns, _more in INDEXES:
        op.drop_index(name, TABLE)
