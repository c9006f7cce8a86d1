-- Check the postings of a ledger entry, and move the balances of its accounts that may not fall below zero. All
-- postings of an entry come in one statement: this function checks the entry as a whole and closes it. Nobody can add
-- a posting later, neither in this transaction nor in another. It runs as the owner of the tables, because the
-- application's role may not change a balance.
CREATE OR REPLACE FUNCTION ledger_postings_added() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    entry record;
BEGIN
    UPDATE ledger_accounts a SET balance = a.balance + p.amount
      FROM added p WHERE a.id = p.account_id AND a.floored;
    SELECT (array_agg(p.entry_id))[1] AS id, count(*) AS lines, count(DISTINCT p.entry_id) AS entries,
           count(*) FILTER (WHERE a.currency IS DISTINCT FROM p.currency) AS strangers,
           count(*) FILTER (WHERE a.balance IS DISTINCT FROM p.balance) AS wrong
      INTO entry
      FROM added p LEFT JOIN ledger_accounts a ON a.id = p.account_id;
    IF entry.lines = 0 THEN
        RETURN NULL;
    ELSIF entry.entries > 1 THEN
        RAISE EXCEPTION 'postings of two entries in one statement' USING ERRCODE = 'check_violation';
    ELSIF entry.strangers > 0 THEN
        RAISE EXCEPTION 'entry %: no such account in this currency', entry.id USING ERRCODE = 'check_violation';
    ELSIF (SELECT count(*) FROM ledger_postings WHERE entry_id = entry.id) <> entry.lines THEN
        RAISE EXCEPTION 'entry % is closed', entry.id USING ERRCODE = 'restrict_violation';
    ELSIF EXISTS (SELECT FROM added GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'entry % does not balance', entry.id USING ERRCODE = 'check_violation';
    ELSIF entry.wrong > 0 THEN
        RAISE EXCEPTION 'entry %: the balance after it is another', entry.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER ledger_postings_added AFTER INSERT ON ledger_postings
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_postings_added();
