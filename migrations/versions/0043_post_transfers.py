"""Create the function that books the many entries of a run of payouts in one call.

Revision: 0043_post_transfers
After: 0042_sides_of_support
"""

from alembic import op

revision = "0043_post_transfers"
down_revision = "0042_sides_of_support"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
POST_TRANSFERS = """
-- Book many entries, each of which moves an amount between two accounts without a floor, in one call: round trips for
-- ten thousand entries would cost more than the entries. Each entry is a statement of its own, as the trigger of its
-- postings wants. A key that was booked before is passed over, and counts as not booked now.
CREATE OR REPLACE FUNCTION post_transfers(
    entry_kind text, by_actor text, about text, ids uuid[], keys text[], abouts text[], sources uuid[], targets uuid[],
    currencies text[], amounts bigint[], OUT booked integer)
    LANGUAGE plpgsql AS $$
BEGIN
    booked := 0;
    FOR place IN 1..cardinality(ids) LOOP
        INSERT INTO public.ledger_entries (id, kind, key, description, reference_kind, reference_id, actor)
        VALUES (ids[place], entry_kind, keys[place], '', about, abouts[place], by_actor)
            ON CONFLICT (key) DO NOTHING;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO public.ledger_postings (entry_id, account_id, currency, amount)
        VALUES (ids[place], sources[place], currencies[place], -amounts[place]),
               (ids[place], targets[place], currencies[place], amounts[place]);
        booked := booked + 1;
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(POST_TRANSFERS)


def downgrade() -> None:
    op.execute("DROP FUNCTION post_transfers")
