-- Refuse a commit after which a power bank has no open stay, so that each power bank is always at some place. The
-- argument of the trigger names the column that holds the id of the power bank.
CREATE OR REPLACE FUNCTION bank_is_somewhere() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM custody
                    WHERE bank_id = (to_jsonb(NEW) ->> TG_ARGV[0])::uuid AND upper_inf(period)) THEN
        RAISE EXCEPTION 'a power bank would be nowhere' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER bank_is_somewhere AFTER INSERT OR UPDATE ON custody
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank_is_somewhere('bank_id');

CREATE CONSTRAINT TRIGGER bank_is_somewhere AFTER INSERT ON power_banks
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank_is_somewhere('id');
