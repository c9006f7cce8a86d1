-- Refuse to change or to delete rows. It guards the tables whose rows are history: the application adds rows to them
-- and never changes one. Where rows may change in one way, another trigger of the table says in which, and this one
-- refuses to delete them. TRUNCATE is named in each trigger, because it fires no triggers of rows.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER ledger_accounts_stay BEFORE DELETE OR TRUNCATE ON ledger_accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER ledger_postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER ledger_sums_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_sums
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER custody_append_only BEFORE DELETE OR TRUNCATE ON custody
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER points_lots_stay BEFORE DELETE OR TRUNCATE ON points_lots
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER points_moves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON points_moves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER rental_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rental_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER partner_agreements_stay BEFORE DELETE OR TRUNCATE ON partner_agreements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER partner_agreement_stations_stay BEFORE DELETE OR TRUNCATE ON partner_agreement_stations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER partner_accruals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON partner_accruals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER payouts_stay BEFORE DELETE OR TRUNCATE ON payouts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER payout_statements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_statements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER payout_statement_pages_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_statement_pages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER crew_earnings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON crew_earnings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
