-- Refuse a change of a payout's status that its states do not allow, and every change of whom it pays how much.
CREATE OR REPLACE FUNCTION payout_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || ' ' || NEW.status) NOT IN (
        'draft awaiting_approval', 'draft approved', 'draft cancelled', 'awaiting_approval approved',
        'awaiting_approval held', 'awaiting_approval cancelled', 'approved sending', 'approved held',
        'approved cancelled', 'sending processing', 'sending paid', 'sending failed', 'sending unknown',
        'processing paid', 'processing failed', 'processing unknown', 'unknown processing', 'unknown paid',
        'unknown failed', 'paid returned', 'failed awaiting_approval', 'failed cancelled', 'held awaiting_approval',
        'held cancelled') THEN
        RAISE EXCEPTION 'a payout does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.id, NEW.run_id, NEW.code, NEW.payee_kind, NEW.payee_id, NEW.currency, NEW.cutoff, NEW.up_to, NEW.amount,
        NEW.created_at) IS DISTINCT FROM
       (OLD.id, OLD.run_id, OLD.code, OLD.payee_kind, OLD.payee_id, OLD.currency, OLD.cutoff, OLD.up_to, OLD.amount,
        OLD.created_at) THEN
        RAISE EXCEPTION 'what a payout pays does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER payout_moves BEFORE UPDATE ON payouts
    FOR EACH ROW EXECUTE FUNCTION payout_moves();
