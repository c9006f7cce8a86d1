-- Hold the stays of a power bank to one line in time: a stay begins open, at the moment when the one before it ended,
-- and the only later change of a stay is that it ends.
CREATE OR REPLACE FUNCTION custody_timeline() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ended timestamptz;
    closed custody;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT max(upper(period)) INTO ended FROM custody WHERE bank_id = NEW.bank_id;
        IF NOT upper_inf(NEW.period) OR lower(NEW.period) <> ended THEN
            RAISE EXCEPTION 'a stay begins open, where the one before ended' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    closed := OLD;
    closed.period := tstzrange(lower(OLD.period), upper(NEW.period));
    IF NOT upper_inf(OLD.period) OR upper_inf(NEW.period) OR NEW IS DISTINCT FROM closed THEN
        RAISE EXCEPTION 'custody is append-only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER custody_timeline BEFORE INSERT OR UPDATE ON custody
    FOR EACH ROW EXECUTE FUNCTION custody_timeline();
