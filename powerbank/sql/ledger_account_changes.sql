-- Let only postings change a ledger account. The application's role may lock accounts, which takes the right to update
-- a column; it has that right for `opened_at` only, and this trigger refuses even that change. A change by the trigger
-- `ledger_postings_added` is allowed, which is why the depth of the triggers is looked at.
CREATE OR REPLACE FUNCTION ledger_account_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.balance := CASE WHEN NEW.floored THEN 0 END;
        RETURN NEW;
    END IF;
    IF pg_trigger_depth() < 2
       OR (NEW.id, NEW.kind, NEW.owner, NEW.currency, NEW.normal, NEW.floored, NEW.opened_at) IS DISTINCT FROM
          (OLD.id, OLD.kind, OLD.owner, OLD.currency, OLD.normal, OLD.floored, OLD.opened_at) THEN
        RAISE EXCEPTION 'accounts change by postings only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER ledger_account_changes BEFORE INSERT OR UPDATE ON ledger_accounts
    FOR EACH ROW EXECUTE FUNCTION ledger_account_changes();
