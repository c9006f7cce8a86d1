-- Let an agreement with a partner only end earlier. All else that was agreed stays as it was signed.
CREATE OR REPLACE FUNCTION agreement_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_day > OLD.last_day
       OR to_jsonb(NEW) - 'last_day' IS DISTINCT FROM to_jsonb(OLD) - 'last_day' THEN
        RAISE EXCEPTION 'an agreement does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER agreement_changes BEFORE UPDATE ON partner_agreements
    FOR EACH ROW EXECUTE FUNCTION agreement_changes();
