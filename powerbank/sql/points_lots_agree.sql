-- Refuse a commit after which the lots of a person's points differ from the points that the ledger says the person
-- has, whoever wrote the SQL.
CREATE OR REPLACE FUNCTION points_lots_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person text;
    ledger record;
    lots record;
BEGIN
    IF TG_TABLE_NAME = 'points_lots' THEN
        person := NEW.user_id;
    ELSE
        SELECT owner INTO person FROM public.ledger_accounts
         WHERE id = NEW.account_id AND kind IN ('user_points', 'user_points_hold');
        IF person IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT coalesce(sum(balance) FILTER (WHERE kind = 'user_points'), 0) AS available,
           coalesce(sum(balance) FILTER (WHERE kind = 'user_points_hold'), 0) AS held
      INTO ledger
      FROM public.ledger_accounts WHERE owner = person AND kind IN ('user_points', 'user_points_hold');
    SELECT coalesce(sum(available), 0) AS available, coalesce(sum(held), 0) AS held
      INTO lots
      FROM public.points_lots WHERE user_id = person::uuid AND (available > 0 OR held > 0);
    IF (ledger.available, ledger.held) IS DISTINCT FROM (lots.available, lots.held) THEN
        RAISE EXCEPTION 'person %: lots of % and % points held, the ledger says % and %', person,
            lots.available, lots.held, ledger.available, ledger.held USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER points_lots_agree AFTER INSERT OR UPDATE ON points_lots
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION points_lots_agree();

CREATE CONSTRAINT TRIGGER points_lots_agree AFTER INSERT ON ledger_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.currency = 'PTS' AND NEW.balance IS NOT NULL)
    EXECUTE FUNCTION points_lots_agree();
